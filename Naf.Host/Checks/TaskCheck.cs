using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Host.Checks;

/// <summary>Checks a task before training, with random actions, zero actions and actions at their limits.</summary>
internal static class TaskCheck
{
    /// <summary>Simulates the task and collects statistics and warnings.</summary>
    /// <param name="seed">Seed of initial states and actions.</param>
    /// <param name="progress">Receives the episodes simulated so far.</param>
    /// <exception cref="UserException">A setting in <c>training</c> is invalid.</exception>
    /// <exception cref="SimulationException">The simulation breaks down in every random episode.</exception>
    public static TaskCheckResult Run(
        ControlTask task, ulong seed, int episodes, Action<int> progress)
    {
        TrainingSettings settings = SettingsResolver.Resolve(SettingsResolver.OfTask(task, ofTask => ofTask));
        // mistakes in the section ddpg are found too
        _ = SettingsResolver.OfTask(task, ofTask => ofTask with { Algorithm = LearningAlgorithm.Ddpg });
        var random = new RandomEpisodes(task, seed, episodes, progress);
        var trial = new ActionTrial(task, seed);
        var result = new TaskCheckResult(
            task.Name, Model(task, task.File.ModelPath), [.. random.Numbers()], [.. random.Parts()],
            random.Ends(), [.. random.Measures()], random.Score,
            random.Size(settings.Learner.RewardScale, settings.Learner.Gamma), task.ModelFreeReason, []);
        return result with { Warnings = [.. TaskWarnings.Of(task, result, trial)] };
    }

    private static ModelSummary Model(ControlTask task, string file)
    {
        MujocoModel model = task.Model;
        KinematicTree tree = model.KinematicTree;
        return new ModelSummary(
            file, model.Library.Version, [.. tree.Bodies.Skip(1).Select(b => b.Name)],
            [.. tree.Joints.Select((joint, i) => new JointSummary(
                joint.Name, joint.Type.ToString().ToLowerInvariant(),
                End(model.JointLimited, model.JointRange, i, 0), End(model.JointLimited, model.JointRange, i, 1)))],
            [.. tree.Sites.Select(s => s.Name)], [.. tree.Geoms.Select(g => g.Name)],
            [.. tree.Cameras.Select(c => c.Name)], [.. Actuators(task)], [.. model.Sensors.Select(s => s.Name)],
            [.. model.Keyframes.Select(k => k.Name)], model.MocapBodies, model.Timestep,
            task.Definition.Substeps, task.ControlStep, task.Horizon, task.Horizon * task.ControlStep);
    }

    private static IEnumerable<ActuatorSummary> Actuators(ControlTask task)
    {
        double[] low = Controls(-1), zero = Controls(0), high = Controls(1);
        ActionDefinition actions = task.Definition.Actions;
        return task.ActionNames.Select((name, i) =>
        {
            // u itself
            bool direct = task.Model.ControlLimited[i] == 0 && actions is { HasHome: false } && actions.Range[i] == 1;
            return new ActuatorSummary(name, direct ? null : low[i], zero[i], direct ? null : high[i]);
        });

        double[] Controls(double u)
        {
            double[] controls = new double[task.ActionSize];
            task.ToControls([.. Enumerable.Repeat(u, task.ActionSize)], controls);
            return controls;
        }
    }

    // a limit of joint i; end: 0 lower, 1 upper
    private static double? End(ReadOnlySpan<byte> limited, ReadOnlySpan<double> range, int i, int end) =>
        limited[i] != 0 ? range[2 * i + end] : null;
}
