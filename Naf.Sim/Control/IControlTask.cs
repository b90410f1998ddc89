using Naf.Kernels.Random;
using Naf.Kernels.Reward;

namespace Naf.Sim.Control;

/// <summary>
/// What agents train on: a task file's simulation (<see cref="ControlTask"/>) or an environment of one's own
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

    /// <summary>Control steps after which an episode is timed out.</summary>
    int Horizon { get; }

    /// <summary>[ObservationSize], the factor of each number at the input of a network.</summary>
    ReadOnlySpan<float> InputScale { get; }

    /// <summary>r(x, u) and the bounds that end an episode; null where the reward is not known as a function.</summary>
    RewardDefinition? Reward { get; }

    /// <summary>Whether the task says which episodes are successes.</summary>
    bool MeasuresSuccess { get; }

    /// <summary>An environment that waits for its first <see cref="IControlEnvironment.Reset"/>.</summary>
    IControlEnvironment CreateEnvironment();
}

/// <summary>One instance of a task's environment, used by one thread at a time; actions are in [−1, 1].</summary>
internal interface IControlEnvironment : IDisposable
{
    /// <summary>[ObservationSize], x_t.</summary>
    ReadOnlySpan<double> Observation { get; }

    /// <summary>The constants of the episode, such as the target.</summary>
    ReadOnlySpan<double> Constants { get; }

    /// <summary>Undiscounted sum of the rewards of this episode.</summary>
    double Score { get; }

    /// <summary>Steps of this episode.</summary>
    int StepIndex { get; }

    /// <summary>Whether the episode succeeded, at its end; false where the task does not say.</summary>
    bool Success { get; }

    /// <summary>Begins the episode that seed, stream and number select.</summary>
    void Reset(ulong seed, RandomStream stream, ulong episode);

    /// <summary>One control step.</summary>
    /// <param name="action">[ActionSize], clipped to [−1, 1].</param>
    /// <exception cref="Mujoco.SimulationException">Action, reward or observation is not finite.</exception>
    StepResult Step(ReadOnlySpan<double> action);

    /// <summary>The complete state amid an episode.</summary>
    double[] SaveState();

    /// <summary>Goes on from a state that <see cref="SaveState"/> gave, bitwise.</summary>
    /// <exception cref="InvalidDataException">It is not a state of this task.</exception>
    void RestoreState(ReadOnlySpan<double> state);
}
