using Naf.Host.Common;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Settings;

/// <summary>
/// Resolves settings: defaults ← the task's <c>training</c> section ← <c>--config</c> ← <c>--set</c> ← explicit
/// options. The caller lists the values in that order; a later one wins.
/// </summary>
internal static class SettingsResolver
{
    /// <summary>The defaults with every given value applied in turn, checked against each other.</summary>
    /// <exception cref="UserException">
    /// Unknown key (the nearest one is named) or invalid value (the valid ones are named).
    /// </exception>
    public static TrainingSettings Resolve(IEnumerable<GivenValue> values) =>
        Check(Apply(new TrainingSettings(), values));

    /// <summary>The settings of a program, each checked for its range and against each other.</summary>
    /// <exception cref="UserException">Invalid value (the valid ones are named).</exception>
    public static TrainingSettings Resolve(TrainingSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return Resolve(GivenValue.Of(settings, "settings"));
    }

    /// <summary>Some settings with every given value applied in turn, not yet checked against each other.</summary>
    /// <exception cref="UserException">
    /// Unknown key (the nearest one is named) or invalid value (the valid ones are named).
    /// </exception>
    public static TrainingSettings Apply(TrainingSettings settings, IEnumerable<GivenValue> values) =>
        values.Aggregate(settings, Apply);

    /// <summary>A task's settings with changes, not yet checked against each other.</summary>
    /// <param name="changes">
    /// Changes the task's settings. It receives those for NAF; if it chooses another algorithm, it is called once more
    /// with that algorithm's, so it must not have side effects.
    /// </param>
    /// <exception cref="UserException">
    /// Unknown key (the nearest one is named) or invalid value (the valid ones are named).
    /// </exception>
    public static TrainingSettings OfTask(ControlTask task, Func<TrainingSettings, TrainingSettings> changes)
    {
        TrainingSettings settings = For(LearningAlgorithm.Naf);
        ArgumentNullException.ThrowIfNull(settings);
        return settings.Algorithm == LearningAlgorithm.Naf ? settings : For(settings.Algorithm);

        TrainingSettings For(LearningAlgorithm algorithm) =>
            changes(Apply(new TrainingSettings { Algorithm = algorithm }, GivenValue.Of(task, algorithm)));
    }

    /// <summary>Splits KEY=VALUE, as <c>--set</c> takes it.</summary>
    /// <exception cref="UserException">There is no equals sign, or no key before it.</exception>
    public static GivenValue Split(string assignment)
    {
        int equals = assignment.IndexOf('=');
        return equals > 0
            ? new GivenValue(assignment[..equals].Trim(), assignment[(equals + 1)..].Trim(), "--set")
            : throw new UserException($"--set {assignment}: expected KEY=VALUE, such as --set tau=0.003");
    }

    private static TrainingSettings Apply(TrainingSettings settings, GivenValue given)
    {
        Setting setting = Setting.Find(given.Key) ?? throw new UserException($"{given.Place}: " + (
            given.Key == "batch_norm"
                ? "there is no batch_norm any more; write normalisation, with none for false and batch for true"
                : $"there is no setting '{Excerpt.Of(given.Key)}'{Texts.DidYouMean(given.Key, Setting.Keys)}; "
                    + "naf train --help all lists them"));
        return setting.Parse(settings, given.Value) ?? throw new UserException(
            $"{given.Place}: {given.Key} = '{Excerpt.Of(given.Value)}' is not {setting.Expected}");
    }

    private static TrainingSettings Check(TrainingSettings s)
    {
        LearnerSettings learner = s.Learner;
        if (learner.ReplayCapacity < learner.BatchSize)
            throw new UserException(
                $"replay_capacity = {learner.ReplayCapacity} is less than batch_size = {learner.BatchSize}: nothing "
                + "would be learned; raise it");
        if (learner.WarmupSteps > learner.ReplayCapacity)
            throw new UserException($"warmup_steps = {learner.WarmupSteps} is more than replay_capacity "
                + $"= {learner.ReplayCapacity}; lower warmup_steps");
        if (s.Algorithm == LearningAlgorithm.Ddpg)
            CheckDdpg(learner);
        if (learner is { TwinValues: true, SharedTrunk: true })
            throw new UserException(
                "twin_values needs a network for each V, which shared_trunk does not have; set twin_values=false or "
                + "shared_trunk=false");
        if (s.Exploration is { FinalShare: < 1, DecayEpisodes: 0 })
            throw new UserException(
                $"noise_final = {s.Exploration.FinalShare} is reached after noise_decay_episodes, which is 0; "
                + "set it");
        if (s.Exploration.PrecisionAfter > 0 && s.Algorithm != LearningAlgorithm.Naf)
            throw new UserException(
                "noise_precision_after takes the precision P(x) of NAF's advantage; leave it out with another "
                + "algorithm");
        ImaginationSettings i = s.Imagination;
        if (i.FromReplay && i.ShiftedTime)
            throw new UserException(
                "imagined_from_replay and imagined_shifted are two controls that exclude each other; give one of them");
        if (i.ShiftedTime && i.Kind is (ImaginationKind.True or ImaginationKind.Network))
            throw new UserException(
                "imagined_shifted fits the dynamics to the wrong phase; it goes with imagination=fitted");
        if (i.Around == LinearisationPoint.Episode && i.Prior == DynamicsPrior.None)
            throw new UserException("dynamics_around=episode fits each model to one episode, which needs a prior; add "
                + "dynamics_around=batch");
        if (s.Plan.Kind == PlanKind.Ilqg && i.Coordinates == DynamicsCoordinates.Observation)
            throw new UserException(
                "plan=ilqg plans over the simulator's state; leave out dynamics_coordinates=observation");
        int capacity = i.Capacity;
        if (capacity > 0 && capacity < learner.BatchSize)
            throw new UserException(
                $"imagined_capacity = {capacity} is less than batch_size = {learner.BatchSize}: nothing would be "
                + "learned from it; raise it, or give 0");
        if (s.Plan.Ilqg.MostNoise < s.Plan.Ilqg.LeastNoise)
            throw new UserException(
                $"ilqg_most_noise = {s.Plan.Ilqg.MostNoise} is less than ilqg_least_noise "
                + $"= {s.Plan.Ilqg.LeastNoise}; raise it");
        return s;
    }

    private static void CheckDdpg(LearnerSettings s)
    {
        if (s.Hidden.Length < 2)
            throw new UserException(
                "algorithm=ddpg: the critic takes the action into its second hidden layer; give at least two sizes as "
                + "hidden");
        if (s.SharedTrunk)
            throw OfNaf("shared_trunk", "shared_trunk=false");
        if (s.TwinValues)
            throw OfNaf("twin_values", "twin_values=false");
        if (s.Normalisation == Normalisation.Batch)
            throw new UserException(
                "algorithm=ddpg has no batch normalisation, since its critic makes two passes, each with statistics of "
                + "its own; set normalisation=layer or none");
    }

    private static UserException OfNaf(string key, string without) => new(
        $"{key} is of NAF's networks; set {without} with algorithm=ddpg, or move it to the section naf of the task's "
        + "training");
}
