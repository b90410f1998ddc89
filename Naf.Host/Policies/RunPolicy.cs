using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Update;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>A policy of a run's learner, without noise, from the newest valid checkpoint.</summary>
public sealed class RunPolicy : IDisposable
{
    private readonly DisposeScope _opened;
    private readonly LearnerPopulation _networks;

    private RunPolicy(DisposeScope opened, LearnerPopulation networks) => (_opened, _networks) = (opened, networks);

    /// <summary>Reads a run's policy.</summary>
    /// <param name="folder">The run's folder; the run may still be training.</param>
    /// <param name="learner">Index of the learner.</param>
    /// <param name="warn">
    /// Receives a sentence for each damaged checkpoint, which is skipped; null: standard error.
    /// </param>
    /// <param name="best">Whether to read the policy of the learner's best test, and not its last one.</param>
    /// <exception cref="UserException">
    /// The folder is not a run's, or the run has no usable checkpoint or no best policy.
    /// </exception>
    public static RunPolicy Open(string folder, int learner = 0, Action<string>? warn = null, bool best = false)
    {
        ArgumentNullException.ThrowIfNull(folder);
        RunConfig config = RunConfig.Read(RunFolder.ConfigOf(folder));
        if (learner < 0 || learner >= config.Settings.Learners)
            throw new UserException(
                $"learner {learner}: the run {folder} has learners 0 to {config.Settings.Learners - 1}");
        return Open(folder, config, learner, warn ?? Console.Error.WriteLine, best, "cpu");
    }

    /// <summary>Reads the policy of a run, whose config.yaml has been read, for use in a task.</summary>
    /// <param name="device">
    /// Device; the CPU is fastest for one observation at a time, wherever the run was trained.
    /// </param>
    /// <exception cref="UserException">No checkpoint is usable, or the task has other sizes.</exception>
    /// <param name="task">The task; null: only the policy's own sizes matter.</param>
    internal static RunPolicy Open(
        IControlTask? task, string folder, RunConfig config, int learner, Action<string> warn, bool best,
        string device = "cpu")
    {
        RunPolicy policy = Open(folder, config, learner, warn, best, device);
        try
        {
            if (task is not null) CheckSizes(policy._networks, task);
            return policy;
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    private static RunPolicy Open(
        string folder, RunConfig config, int learner, Action<string> warn, bool best, string device) =>
        DisposeScope.Open(opened =>
    {
        Device place = opened.Add(DeviceList.Select(device, 1));
        return RunFolder.CheckpointsOf(folder).ReadNewest(
            checkpoint =>
            {
                using CheckpointReader read = checkpoint;
                CheckSettings(read.Scope.Scope("run"), folder, config, warn);
                (int? bestEpisode, int lastEpisode) = EpisodesOf(read.Scope, learner);
                if (best && bestEpisode is null)
                    throw NoBest(folder, learner);
                LearnerPopulation networks = opened.Add(Networks(read.Scope, config.Settings, place));
                networks.LoadNetworks(0, read.Scope, learner, best);
                return new RunPolicy(opened, networks)
                {
                    Episode = best ? bestEpisode!.Value : lastEpisode, BestEpisode = bestEpisode,
                    LastEpisode = lastEpisode, TestScore = TestScoreOf(read.Scope, learner, best),
                };
            },
            warn);
    });

    // what a policy's values mean depends on the settings; earlier versions saved none
    private static void CheckSettings(CheckpointScope run, string folder, RunConfig config, Action<string> warn)
    {
        if (!run.Contains("settings")) return;
        try
        {
            ResumeCheck.Compare(run.Text("settings"), config, accept: false, warn);
        }
        catch (UserException e)
        {
            throw new UserException(e.Message, e) { Option = $"naf train --resume {folder} {e.Option}" };
        }
    }

    /// <summary>Training episodes that the learner had completed when it had this policy.</summary>
    public int Episode { get; private init; }

    /// <summary>That of the learner's best policy; null if the run has none.</summary>
    internal int? BestEpisode { get; private init; }

    /// <summary>That of the learner's last policy.</summary>
    internal int LastEpisode { get; private init; }

    /// <summary>Mean score of the test that the policy is the best of, or of the last test; null if none.</summary>
    internal double? TestScore { get; private init; }

    /// <summary>The networks, those of its first learner.</summary>
    internal LearnerPopulation Population => _networks;

    /// <summary>Size of the observation x.</summary>
    public int ObservationSize => _networks.Shape.State;

    /// <summary>Size of the action u.</summary>
    public int ActionSize => _networks.Shape.Action;

    /// <summary>u = μ(x).</summary>
    /// <param name="observation">x, [observations].</param>
    /// <param name="action">[actions], receives u within [−1, 1], which spans the range of each control.</param>
    /// <exception cref="ArgumentException">A size is wrong, or a number of the observation is not finite.</exception>
    public void Act(ReadOnlySpan<float> observation, Span<float> action)
    {
        if (observation.Length != ObservationSize || action.Length != ActionSize)
            throw new ArgumentException($"an observation has {ObservationSize} numbers and an action {ActionSize}, "
                + $"not {observation.Length} and {action.Length}");
        if (observation.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            throw new ArgumentException("a number of the observation is not finite", nameof(observation));
        _networks.Act(0, observation, action);
    }

    /// <summary>μ(x), as a <c>Policy</c>.</summary>
    internal void Act(ReadOnlySpan<float> observation, ulong episode, int step, Span<float> action) =>
        _networks.Act(0, observation, action);

    /// <summary>V(x), A(x, u) and Q(x, u) of many samples at once, in scaled rewards.</summary>
    /// <param name="x">[samples, observations].</param>
    /// <param name="u">[k, samples, actions]: k actions for each sample, each of which has its A and Q.</param>
    public (float[] V, float[] Advantage, float[] Q) Evaluate(ReadOnlySpan<float> x, ReadOnlySpan<float> u)
    {
        LearnerValues values = _networks.Evaluate(0, x, u);
        return (values.V, values.Advantage, values.Q);
    }

    /// <inheritdoc/>
    public void Dispose() => _opened.Dispose();

    /// <summary>Training episodes before a learner's best policy, null if there is none, and its last one.</summary>
    internal static (int? Best, int Last) EpisodesOf(CheckpointScope checkpoint, int learner) => (
        LearnerPopulation.BestEpisode(checkpoint, learner),
        checkpoint.Scope($"learner.{learner}.actor").Value<int>("episodes_ended"));

    /// <summary>The exception for a learner without a best policy.</summary>
    internal static UserException NoBest(string folder, int learner) => new(
        $"{folder} has no networks of the best test of learner {learner}: an earlier naf trained it, or no test has "
        + "had a finite score; take the last policy")
    {
        Option = "--policy last",
    };

    private static double? TestScoreOf(CheckpointScope checkpoint, int learner, bool best)
    {
        var tests = new TestScores();
        tests.Serialise(checkpoint.Scope($"learner.{learner}.actor.tests"));
        return best ? tests.Best : tests.Last;
    }

    /// <exception cref="UserException">The task has other sizes than the networks.</exception>
    internal static void CheckSizes(LearnerPopulation networks, IControlTask task)
    {
        (int state, int action) = (networks.Shape.State, networks.Shape.Action);
        if ((state, action) != (task.ObservationSize, task.ActionSize))
            throw new UserException(
                $"the run's policy takes {state} observations and gives {action} actions, "
                + $"and {task.Name} has {task.ObservationSize} and {task.ActionSize} now; train it anew");
    }

    /// <summary>An untrained learner that the networks of a checkpoint's learners can be loaded into.</summary>
    internal static LearnerPopulation Networks(CheckpointScope checkpoint, TrainingSettings settings, Device device)
    {
        float[] scale = checkpoint.Values<float>("input_scale", []);
        int actions = checkpoint.Value<int>("action_size");
        LearnerShape shape = LearnerShapes.Of(settings.Algorithm, settings.Learner, scale.Length, actions);
        checkpoint.Expect("networks", shape.ToString());
        return LearnerPopulation.Create(
            device, shape, scale, [settings.Learner with { BatchSize = 1, ReplayCapacity = 1 }]);
    }
}
