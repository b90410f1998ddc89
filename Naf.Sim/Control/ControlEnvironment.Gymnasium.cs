using Naf.Kernels.Random;

namespace Naf.Sim.Control;

/// <summary>The environment in Gymnasium's terms.</summary>
internal sealed partial class ControlEnvironment : IEnvironment
{
    Box IEnvironment.ObservationSpace => new(Task.ObservationSize, double.NegativeInfinity, double.PositiveInfinity);

    Box IEnvironment.ActionSpace => new(Task.ActionSize, -1, 1);

    int IEnvironment.MaxEpisodeSteps => Task.Horizon;

    double[] IEnvironment.Reset(ulong seed)
    {
        Reset(seed, RandomStream.Reset, 0);
        return [.. _x];
    }

    EnvironmentStep IEnvironment.Step(ReadOnlySpan<double> action)
    {
        StepResult result = Step(action);
        return new EnvironmentStep([.. _x], result.Reward, result.Terminated, result.TimedOut);
    }
}
