using Naf.Kernels.Reward;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Control;

/// <summary>A task with its loaded model. Immutable; shared by any number of environments and threads.</summary>
public sealed class ControlTask : IControlTask
{
    private readonly double[] _controlMiddle, _controlHalf;

    private ControlTask(TaskDefinition definition, MujocoModel model)
    {
        (Definition, Model) = (definition, model);
        Function = new RewardFunction<double>(definition.Reward);

        // an action in [−1, 1] spans the range of its control; without a range the action is the control
        (_controlMiddle, _controlHalf) = (new double[model.Nu], new double[model.Nu]);
        for (int i = 0; i < model.Nu; i++)
        {
            bool limited = model.ControlLimited[i] != 0;
            (double low, double high) = limited ? (model.ControlRange[2 * i], model.ControlRange[2 * i + 1]) : (-1, 1);
            (_controlMiddle[i], _controlHalf[i]) = ((low + high) / 2, (high - low) / 2);
        }
    }

    /// <summary>Reads a task and loads its model.</summary>
    /// <param name="nameOrPath">The name of a built-in task, or the path of a task file (.yaml).</param>
    /// <exception cref="FileNotFoundException">There is no such task; the message has the nearest name.</exception>
    /// <exception cref="Naf.Sim.Tasks.Yaml.TaskFormatException">
    /// The file is malformed; the message has file and line.
    /// </exception>
    /// <exception cref="MujocoException">MuJoCo is missing or rejects the model.</exception>
    public static ControlTask Load(string nameOrPath)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        TaskFile file = TaskFile.Read(TaskLibrary.Resolve(nameOrPath));
        MujocoModel model = MujocoModel.Load(file.ModelPath);
        try
        {
            return new ControlTask(file.Bind(model.KinematicTree, Actuators(model), model.CameraNames), model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static string[] Actuators(MujocoModel model) =>
        [.. Enumerable.Range(0, model.Nu).Select(i => model.NameOf(MujocoObject.Actuator, i))];

    /// <summary>The task as a simulation, for features that need the simulator's state.</summary>
    /// <param name="task">The task.</param>
    /// <param name="need">The feature that needs it, for the message.</param>
    /// <exception cref="NotSupportedException">The task is not a simulation.</exception>
    internal static ControlTask Simulated(IControlTask task, string need) =>
        task as ControlTask ?? throw new NotSupportedException(
            $"{task.Name}: {need} needs the state of MuJoCo's simulation, which an environment of your own does not "
            + "have; leave it out");

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
    internal IReadOnlyList<string> ActionNames => Actuators(Model);

    IReadOnlyList<string> IControlTask.ActionNames => ActionNames;

    /// <summary>[ObservationSize], the scale of each component of x at the input of a network.</summary>
    public ReadOnlySpan<float> InputScale => Definition.InputScale.AsSpan();

    /// <inheritdoc/>
    public RewardDefinition Reward => Definition.Reward;

    /// <inheritdoc/>
    public bool MeasuresSuccess => !Definition.Success.IsEmpty;

    /// <summary>Creates an environment in Gymnasium's terms, with actions in [−1, 1]; reset it first.</summary>
    public IEnvironment CreateEnvironment() => new ControlEnvironment(this);

    IControlEnvironment IControlTask.CreateEnvironment() => new ControlEnvironment(this);

    internal TrainingDefaults Training => Definition.Training;

    internal RewardFunction<double> Function { get; }

    /// <summary>Releases the model; environments created from the task stay valid.</summary>
    public void Dispose() => Model.Dispose();

    /// <summary>ctrl = middle + half · u: an action in [−1, 1] spans the range of its control.</summary>
    /// <param name="action">[ActionSize], u.</param>
    /// <param name="controls">[ActionSize], receives ctrl.</param>
    internal void ToControls(ReadOnlySpan<double> action, Span<double> controls)
    {
        for (int i = 0; i < action.Length; i++) controls[i] = _controlMiddle[i] + _controlHalf[i] * action[i];
    }
}
