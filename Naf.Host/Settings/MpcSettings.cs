using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>
/// Settings of model-predictive control by iLQG. "mujoco_mpc" cites the defaults of Google DeepMind's planner of that
/// name (Howell et al. 2022); values without a source were chosen on the built-in tasks (docs/algorithms/mpc.md).
/// </summary>
public sealed record MpcSettings
{
    /// <summary>MPC: seconds that it looks ahead.</summary>
    [Setting("mpc_horizon", "(0, 100]",
        "MPC: seconds that it looks ahead", "Lillicrap et al.: 0.25 to 0.6; tasks that need more say so.")]
    public double HorizonSeconds { get; init; } = 0.6;

    /// <summary>MPC: iterations at each step.</summary>
    [Setting("mpc_iterations", "[1, 1000]", "MPC: iterations at each step", "Lillicrap et al. and mujoco_mpc: 1.")]
    public int Iterations { get; init; } = 1;

    /// <summary>Iterations at the first step of an episode, which has no earlier plan to begin with.</summary>
    internal int ColdIterations { get; init; } = 20;

    /// <summary>Random plans tried at the first step of an episode, besides the plan of zero actions.</summary>
    internal int ColdPlans { get; init; } = 60;

    /// <summary>MPC: random changes of the plan that are tried beside iLQG's.</summary>
    [Setting("mpc_samples", "[0, 100000]",
        "MPC: random changes of the plan that are tried beside iLQG's",
        "mujoco_mpc has a planner that samples too. The cheetah runs by them: through its contacts derivatives alone "
        + "lead it to half the speed.")]
    public int Samples { get; init; } = 60;

    /// <summary>Least regularisation μ, which is added to the diagonal of Q_uu. mujoco_mpc: 1e-6.</summary>
    internal double LeastRegularisation { get; init; } = 1e-6;

    /// <summary>Cost of a step on a termination bound, in reward units; quadratic from a tenth inside it on.</summary>
    internal double BoundWeight { get; init; } = 1;
}
