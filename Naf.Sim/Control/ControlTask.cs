using Naf.Kernels.Reward;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Control;

/// <summary>A task with its loaded model. Immutable; shared by any number of environments and threads.</summary>
public sealed class ControlTask : IControlTask
{
    private ControlTask(TaskFile file, MujocoModel model)
    {
        (File, Definition, Model) = (file, file.Bind(model), model);
        Function = new RewardFunction<double>(Definition.Reward);
    }

    /// <summary>Reads a task and loads its model.</summary>
    /// <param name="nameOrPath">
    /// The name of a built-in task or of a suite's, or the path of a task file (.yaml).
    /// </param>
    /// <param name="models">
    /// For a task of Gymnasium or dm_control, the folder of its models, or the one that the package is installed in;
    /// null for what the environment variable NAF_MODELS says.
    /// </param>
    /// <exception cref="FileNotFoundException">
    /// There is no such task, and the message has the nearest name; or a suite's models are missing.
    /// </exception>
    /// <exception cref="ArgumentException">Models were given, and the task has a model of its own.</exception>
    /// <exception cref="Naf.Sim.Tasks.Yaml.TaskFormatException">
    /// The file is malformed; the message has file and line.
    /// </exception>
    /// <exception cref="MujocoException">MuJoCo is missing or rejects the model.</exception>
    public static ControlTask Load(string nameOrPath, string? models = null)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        TaskFile file = TaskFile.Read(TaskLibrary.Resolve(nameOrPath), models);
        MujocoModel model = MujocoModel.Load(file.ModelPath);
        try
        {
            return new ControlTask(file, model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The task as a simulation, for features that need the simulator's state.</summary>
    /// <param name="task">The task.</param>
    /// <param name="need">The feature that needs it, for the message.</param>
    /// <exception cref="NotSupportedException">The task is not a simulation.</exception>
    internal static ControlTask Simulated(IControlTask task, string need) =>
        task as ControlTask ?? throw new NotSupportedException(
            $"{task.Name}: {need} needs the state of MuJoCo's simulation, which an environment of your own does not "
            + "have; leave it out");

    internal TaskFile File { get; }

    internal TaskDefinition Definition { get; }

    internal MujocoModel Model { get; }

    /// <inheritdoc/>
    public string Name => Definition.Name;

    /// <inheritdoc/>
    public int ObservationSize => Definition.Observation.Size;

    /// <inheritdoc/>
    public int ActionSize => Model.Nu;

    /// <inheritdoc/>
    public int Horizon => Definition.Horizon;

    /// <summary>Duration of a control step, seconds.</summary>
    public double ControlStep => Definition.Substeps * Model.Timestep;

    /// <summary>[ObservationSize], the name of each component of x.</summary>
    public IReadOnlyList<string> ObservationNames => Definition.Observation.ComponentNames;

    /// <summary>[ObservationSize], the unit of each component of x; empty for a constant of the task.</summary>
    internal IEnumerable<string> ObservationUnits => Definition.Observation.ComponentUnits;

    /// <summary>[ActionSize], the names of the actuators, or their numbers.</summary>
    internal IReadOnlyList<string> ActionNames => Model.ActuatorNames;

    IReadOnlyList<string> IControlTask.ActionNames => ActionNames;

    /// <summary>[ObservationSize], the scale of each component of x at the input of a network.</summary>
    public ReadOnlySpan<float> InputScale => Definition.InputScale.AsSpan();

    /// <summary>r(x, u) and the bounds that end an episode, without terms that are not of x and u.</summary>
    public RewardDefinition Reward => Definition.Reward;

    /// <inheritdoc cref="IControlTask.ModelFreeReason"/>
    internal string? ModelFreeReason
    {
        get
        {
            string[] simulated = [.. Definition.Observation.Simulated.Select(entry => $"'{entry.Name}'")], reasons =
            [
                .. simulated.Length == 0 ? (string[])[]
                    : [$"the observation reads {string.Join(", ", simulated)} from the simulation"],
                .. Definition.Transforms.Take(1).Select(first => $"the observation of "
                    + $"'{ObservationNames[first.Index]}' has the key {(first.Log1p ? "log1p" : "clip")}"),
                .. Definition.StepReward is { } reward ? (string[])[reward.Reward.Terms.IsEmpty
                    ? $"the termination reads {reward.Example}"
                    : $"the reward has terms of the step, such as {reward.Example}"] : [],
                .. Definition.Actions.RateLimit.IsEmpty ? (string[])[] : ["the actions have a rate_limit"],
            ];
            return reasons.Length == 0 ? null : string.Join(", and ", reasons);
        }
    }

    string? IControlTask.ModelFreeReason => ModelFreeReason;
    /// <inheritdoc/>
    public bool MeasuresSuccess => !Definition.Success.IsEmpty;

    /// <summary>Creates an environment in Gymnasium's terms, with actions in [−1, 1]; reset it first.</summary>
    public IEnvironment CreateEnvironment() => new ControlEnvironment(this);

    IControlEnvironment IControlTask.CreateEnvironment() => new ControlEnvironment(this);

    internal TrainingDefaults Training => Definition.Training;

    internal RewardFunction<double> Function { get; }

    /// <summary>Releases the model; environments created from the task stay valid.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>ctrl = home + range · u, within the actuator's ctrlrange.</summary>
    /// <param name="action">[ActionSize], u.</param>
    /// <param name="controls">[ActionSize], receives ctrl.</param>
    internal void ToControls(ReadOnlySpan<double> action, Span<double> controls)
    {
        ActionDefinition actions = Definition.Actions;
        for (int i = 0; i < action.Length; i++) controls[i] = actions.Home[i] + actions.Range[i] * action[i];
        if (actions.IsWithin) return;
        for (int i = 0; i < action.Length; i++)
            if (Model.ControlLimited[i] != 0)
                controls[i] = Math.Clamp(controls[i], Model.ControlRange[2 * i], Model.ControlRange[2 * i + 1]);
    }

    /// <summary>
    /// The action of zero control; u = 0 for an actuator whose range has no zero, and where the task gives a home.
    /// </summary>
    /// <param name="action">[ActionSize], receives u.</param>
    internal void ZeroAction(Span<float> action)
    {
        ActionDefinition actions = Definition.Actions;
        for (int i = 0; i < action.Length; i++)
        {
            double u = actions.Home[i] / actions.Range[i];
            action[i] = actions.HasHome || Math.Abs(u) > 1 ? 0 : (float)(0 - u);
        }
    }
}
