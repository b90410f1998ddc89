namespace Naf.Sim.Control;

/// <summary>What a control step gave.</summary>
/// <param name="Reward">r(x, u) with x the observation before the step, plus the reward of termination where the episode terminated.</param>
/// <param name="Terminated">A true terminal state was reached: nothing is bootstrapped.</param>
/// <param name="TimedOut">The horizon was reached; not a terminal state.</param>
public readonly record struct StepResult(double Reward, bool Terminated, bool TimedOut)
{
    /// <summary>Whether the episode is over.</summary>
    public bool Done => Terminated || TimedOut;
}
