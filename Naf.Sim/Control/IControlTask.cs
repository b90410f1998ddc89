using Naf.Kernels.Random;
using Naf.Kernels.Reward;

namespace Naf.Sim.Control;

/// <summary>
/// A task that agents train on: the simulation of a task file (<see cref="ControlTask"/>) or a user-defined environment
/// (<see cref="EnvironmentTask"/>). Shared by its environments, on any number of threads.
/// </summary>
internal interface IControlTask : IDisposable
{
    /// <summary>The task's name.</summary>
    string Name { get; }

    /// <summary>Size of the observation x.</summary>
    int ObservationSize { get; }

    /// <summary>Size of the action u.</summary>
    int ActionSize { get; }

    /// <summary>[ObservationSize], the name of each component of x, or its number.</summary>
    IReadOnlyList<string> ObservationNames => Numbers(ObservationSize);

    /// <summary>[ActionSize], the name of each component of u, or its number.</summary>
    IReadOnlyList<string> ActionNames => Numbers(ActionSize);

    /// <summary>The range of a component of the action in a log, which u in [−1, 1] spans.</summary>
    (double Low, double High) ActionRange(int component) => (-1, 1);

    /// <summary>Control steps after which an episode times out.</summary>
    int Horizon { get; }

    /// <summary>[ObservationSize], the scale of each component of x at the input of a network.</summary>
    ReadOnlySpan<float> InputScale { get; }

    /// <summary>r(x, u) and the bounds that end an episode; null if the reward is not known as a function.</summary>
    RewardDefinition? Reward { get; }

    /// <summary>
    /// Why observations, rewards or steps do not follow from positions, velocities and the action, so that imagination
    /// and planners refuse the task; null if they do.
    /// </summary>
    string? ModelFreeReason => null;

    /// <summary>R_term, which the reward of a step into a terminal state has; 0 if it is not known.</summary>
    double TerminationReward => Reward?.TerminationReward ?? 0;

    /// <summary>Whether <see cref="IControlEnvironment.RestoreState"/> is possible.</summary>
    bool IsRepeatable => true;

    /// <summary>Whether the task defines success.</summary>
    bool MeasuresSuccess { get; }

    /// <summary>The names of numbers that have none: 0, 1, ….</summary>
    static string[] Numbers(int count) =>
        [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Creates an environment; call <see cref="IControlEnvironment.Reset"/> before the first step.</summary>
    IControlEnvironment CreateEnvironment();
}

/// <summary>One instance of a task's environment, used by one thread at a time; actions are in [−1, 1].</summary>
internal interface IControlEnvironment : IDisposable
{
    /// <summary>[ObservationSize], x_t.</summary>
    ReadOnlySpan<double> Observation { get; }

    /// <summary>The constants of the episode, such as the target.</summary>
    ReadOnlySpan<double> Constants { get; }

    /// <summary>Undiscounted sum of the episode's rewards so far.</summary>
    double Score { get; }

    /// <summary>Steps taken in this episode.</summary>
    int StepIndex { get; }

    /// <summary>Whether the episode succeeded; valid at its end. False if the task defines no success.</summary>
    bool Success { get; }

    /// <summary>
    /// [ActionSize], the action of the last step as it was applied, within the environment's limits; empty: as given.
    /// </summary>
    ReadOnlySpan<double> Applied => [];

    /// <summary>Starts the episode that seed, stream and number select.</summary>
    void Reset(ulong seed, RandomStream stream, ulong episode);

    /// <summary>One control step.</summary>
    /// <param name="action">[ActionSize], clipped to [−1, 1].</param>
    /// <exception cref="Mujoco.SimulationException">Action, reward or observation is not finite.</exception>
    StepResult Step(ReadOnlySpan<double> action);

    /// <summary>Returns the complete state within an episode.</summary>
    double[] SaveState();

    /// <summary>Restores a state of <see cref="SaveState"/>; the episode continues bitwise identically.</summary>
    /// <exception cref="InvalidDataException">It is not a state of this task.</exception>
    void RestoreState(ReadOnlySpan<double> state);
}
