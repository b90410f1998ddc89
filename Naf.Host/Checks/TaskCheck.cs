using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Checks;

/// <summary>
/// Tries a task out before anything is trained on it: random actions, none, and such as are held at their ends.
/// </summary>
public static class TaskCheck
{
    /// <summary>Resets and steps the task many times.</summary>
    /// <param name="modelFile">The model's file, for the summary.</param>
    /// <param name="seed">Seed of starts and actions.</param>
    /// <param name="episodes">Random episodes.</param>
    /// <exception cref="UserException">
    /// A setting under <c>training</c> is wrong, or actions that are held break the simulation.
    /// </exception>
    /// <exception cref="SimulationException">Random actions do.</exception>
    public static TaskCheckResult Run(ControlTask task, string modelFile, ulong seed, int episodes)
    {
        TrainingSettings settings = SettingsResolver.Resolve(GivenValue.Of(task));
        var play = new RandomPlay(task, seed, episodes);
        var trial = new ActionTrial(task, seed);
        var result = new TaskCheckResult(
            task.Name, Model(task, modelFile), [.. play.Numbers()], [.. play.Parts()], play.Ends(),
            [.. play.Measures()], play.Score, play.Size(settings.Naf.RewardScale), []);
        return result with { Warnings = [.. TaskWarnings.Of(task, result, trial)] };
    }

    private static ModelSummary Model(ControlTask task, string file)
    {
        MujocoModel model = task.Model;
        KinematicTree tree = model.KinematicTree;
        return new ModelSummary(
            file, model.Library.Version, [.. tree.Bodies.Skip(1).Select(b => b.Name)],
            [.. tree.Joints.Select((joint, i) => Joint(model, joint, i))], [.. tree.Sites.Select(s => s.Name)],
            [.. Enumerable.Range(0, model.Nu).Select(i => Actuator(model, i))], model.Timestep,
            task.Definition.Substeps, task.ControlStep, task.Horizon, task.Horizon * task.ControlStep);
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
}
