using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Kernels.Rollout;
using Naf.Sim.Control;

namespace Naf.Host.Imagination;

/// <summary>
/// The coordinates s of fitted dynamics, and the observation as a function of them. <c>State</c>: s = [q; q̇] of the
/// simulator, x = h(s). <c>Observation</c>, for comparison and for tasks without a simulator state: s = [x; 0], where x
/// are the positions of slide joints, so that x = h(s) and the same kernels apply.
/// </summary>
internal sealed class DynamicsSpace
{
    private readonly DynamicsCoordinates _kind;

    private DynamicsSpace(IControlTask task, DynamicsCoordinates kind, ObservationDefinition observation)
    {
        Reward = task.Reward ?? throw new ArgumentException(
            "imagination and planning need the reward as a function; give the environment's Reward");
        (_kind, Coordinates, Observation, Action) =
            (kind, new StateCoordinates(observation.Tree), observation, task.ActionSize);
    }

    public StateCoordinates Coordinates { get; }

    /// <summary>x = h(s, c).</summary>
    public ObservationDefinition Observation { get; }

    /// <summary>r(x, u).</summary>
    public RewardDefinition Reward { get; }

    /// <summary>Size S of s.</summary>
    public int Size => Coordinates.Size;

    /// <summary>Size A of u.</summary>
    public int Action { get; }

    /// <summary>Checks that a task is not model-free, as imagination and planners need.</summary>
    /// <param name="mpc">Whether it is for MPC, which plans with the parameters in the model's file.</param>
    /// <exception cref="UserException">It is; the message has the reasons.</exception>
    public static void Require(IControlTask task, bool mpc = false)
    {
        bool drawn = mpc && task is ControlTask { Definition.Reset.Parameters.IsEmpty: false };
        if ((task.ModelFreeReason ?? (drawn ? "the reset draws parameters of the model" : null)) is { } reason)
            throw new UserException($"{task.Name}: {reason}, and "
                + $"{(mpc ? "MPC needs" : "imagination and planners need")} a task that follows from positions, "
                + $"velocities and actions: leave that out, or do without {(mpc ? "MPC" : "them")}");
    }

    /// <exception cref="UserException">The task does not support imagination.</exception>
    public static DynamicsSpace Of(IControlTask task, DynamicsCoordinates kind)
    {
        Require(task);
        try
        {
            return kind == DynamicsCoordinates.State && task is ControlTask simulated
                ? new DynamicsSpace(task, kind, simulated.Definition.Observation)
                : new DynamicsSpace(task, DynamicsCoordinates.Observation,
                    ObservationDefinition.OfSlides(task.ObservationSize, velocities: false));
        }
        catch (ArgumentException e)
        {
            throw new UserException($"{task.Name}: {e.Message}; or set imagination=off and plan=none", e);
        }
    }

    /// <summary>Shape of dynamics with a number of time steps.</summary>
    public DynamicsShape Shape(int steps) => new(steps, Size, Action);

    /// <summary>Definition of rollouts in several models that are stored one after the other.</summary>
    /// <param name="steps">Time steps of all models together.</param>
    public RolloutDefinition Rollouts(int steps) => new(Coordinates, Observation, Reward, Shape(steps));

    /// <summary>s of an environment, [S].</summary>
    public void StateOf(IControlEnvironment environment, Span<double> s)
    {
        if (_kind == DynamicsCoordinates.State)
        {
            var simulated = (ControlEnvironment)environment;
            Coordinates.ToState(simulated.Qpos, simulated.Qvel, s);
            return;
        }
        s.Clear();
        environment.Observation.CopyTo(s);
    }
}
