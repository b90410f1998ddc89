using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Checks;

/// <summary>Tries a task out before anything is trained on it: random actions, none, and such as are held at their ends.</summary>
public static class TaskCheck
{
    private const double Suits = 0.1;

    /// <summary>Resets and steps the task many times.</summary>
    /// <param name="task">The task.</param>
    /// <param name="modelFile">The model's file, for the summary.</param>
    /// <param name="seed">Seed of starts and actions.</param>
    /// <param name="episodes">Random episodes.</param>
    /// <exception cref="UserException">A setting under <c>training</c> is wrong, or actions that are held break the simulation.</exception>
    /// <exception cref="SimulationException">Random actions do.</exception>
    public static TaskCheckResult Run(ControlTask task, string modelFile, ulong seed, int episodes)
    {
        TrainingSettings settings = SettingsResolver.Resolve(GivenValue.Of(task));
        var play = new RandomPlay(task, seed, episodes);
        var trial = new ActionTrial(task, seed);
        var result = new TaskCheckResult(
            task.Name, Model(task, modelFile), [.. Numbers(task, play)], [.. Parts(task, play)], EndsOf(task, play), [.. MeasuresOf(task, play)],
            play.Score, Size(play, settings.Naf.RewardScale), []);
        return result with { Warnings = [.. TaskWarnings.Of(task, result, trial)] };
    }

    private static ModelSummary Model(ControlTask task, string file)
    {
        MujocoModel model = task.Model;
        KinematicTree tree = model.KinematicTree;
        return new ModelSummary(file, model.Library.Version, [.. tree.Bodies.Skip(1).Select(b => b.Name)],
            [.. tree.Joints.Select((joint, i) => Joint(model, joint, i))], [.. tree.Sites.Select(s => s.Name)],
            [.. Enumerable.Range(0, model.Nu).Select(i => Actuator(model, i))],
            model.Timestep, task.Definition.Substeps, task.ControlStep, task.Horizon, task.Horizon * task.ControlStep);
    }

    private static JointSummary Joint(MujocoModel model, TreeJoint joint, int i)
    {
        (double? low, double? high) = Range(model.JointLimited, model.JointRange, i);
        return new JointSummary(joint.Name, joint.Type.ToString().ToLowerInvariant(), low, high);
    }

    private static ActuatorSummary Actuator(MujocoModel model, int i)
    {
        (double? low, double? high) = Range(model.ControlLimited, model.ControlRange, i);
        return new ActuatorSummary(model.NameOf(MujocoObject.Actuator, i), low, high);
    }

    private static (double? Low, double? High) Range(ReadOnlySpan<byte> limited, ReadOnlySpan<double> range, int i) =>
        limited[i] != 0 ? (range[2 * i], range[2 * i + 1]) : (null, null);

    private static IEnumerable<ObservedNumber> Numbers(ControlTask task, RandomPlay play)
    {
        ObservationDefinition observation = task.Definition.Observation;
        for (int e = 0; e < observation.Entries.Length; e++)
            for (int i = observation.Starts[e]; i < observation.Starts[e + 1]; i++)
                yield return new ObservedNumber(i, observation.ComponentNames[i], Kind(observation.Entries[e]), play.Minimum[i], play.Maximum[i],
                    play.Mean[i], play.Deviation(i), task.InputScale[i], task.InputScale[i] * play.Deviation(i));
    }

    // as the task file calls them
    private static string Kind(ObservationEntry entry) => entry switch
    {
        JointEntry { Quantity: JointQuantity.Sine } => "sin",
        JointEntry { Quantity: JointQuantity.Cosine } => "cos",
        JointEntry e => e.Quantity.ToString().ToLowerInvariant(),
        PlaceEntry => "point",
        AxisEntry => "axis",
        LinearVelocityEntry => "linear_velocity",
        AngularVelocityEntry => "angular_velocity",
        _ => "constant",
    };

    private static IEnumerable<RewardPart> Parts(ControlTask task, RandomPlay play)
    {
        double all = play.TermSums.Sum(Math.Abs);
        return task.Reward.Terms.Select((term, k) => new RewardPart(Snake(term.Kind.ToString()), Of(task, term), term.Weight,
            play.TermSums[k] / play.Episodes, all == 0 ? 0 : Math.Abs(play.TermSums[k]) / all));
    }

    private static string Snake(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? $"{(i > 0 ? "_" : "")}{char.ToLowerInvariant(c)}" : $"{c}"));

    // an entry by its name where the term has all its numbers, one after the other
    private static string Of(ControlTask task, RewardTerm term)
    {
        ObservationDefinition observation = task.Definition.Observation;
        var names = new List<string>();
        for (int k = 0; k < term.Index.Length;)
        {
            int first = term.Index[k], entry = observation.Starts.IndexOf(first);
            int count = first == observation.Size ? task.ActionSize : entry >= 0 && first < observation.Size
                ? observation.Starts[entry + 1] - first : 1;
            if (!term.Index.Skip(k).Take(count).SequenceEqual(Enumerable.Range(first, count))) count = 1;
            names.Add(first >= observation.Size
                ? count == task.ActionSize ? "action" : $"action.{task.Model.NameOf(MujocoObject.Actuator, first - observation.Size)}"
                : count > 1 ? observation.Entries[entry].Name : observation.ComponentNames[first]);
            k += count;
        }
        return string.Join(" ", names);
    }

    private static EarlyEnds? EndsOf(ControlTask task, RandomPlay play) => task.Reward.Bounds.IsEmpty ? null : new EarlyEnds(
        (double)play.Ends / play.Episodes, play.MeanEnd, task.Reward.TerminationReward,
        [.. task.Reward.Bounds.Select((b, i) => new BoundSummary(task.ObservationNames[b.Index], b.Low, b.High, play.EndedBy(i)))]);

    private static IEnumerable<MeasureSummary> MeasuresOf(ControlTask task, RandomPlay play) => task.Definition.Measures.Select((measure, m) =>
    {
        IReadOnlyList<double> values = play.Measured(m);
        return values.Count == 0
            ? new MeasureSummary(measure.Name, double.NaN, double.NaN, double.NaN, 0)
            : new MeasureSummary(measure.Name, values.Min(), values.Average(), values.Max(), (double)values.Count / play.Episodes);
    });

    // far off is below a fifth or above five times of what suits, so that a task is not told of a matter of taste
    private static RewardSize Size(RandomPlay play, double scale)
    {
        double size = play.RewardPerStep, inside = size * scale;
        return new RewardSize(size, scale, size > 0 && inside is < Suits / 5 or > Suits * 10 ? Texts.OneDigit(Suits / size) : null);
    }
}
