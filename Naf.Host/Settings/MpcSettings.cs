using Naf.Kernels.Reward;

namespace Naf.Host.Settings;

/// <summary>
/// The settings of model-predictive control by iLQG. "mujoco_mpc" cites the defaults of Google DeepMind's planner of that name (Howell et al. 2022);
/// what has no source was chosen on the built-in tasks (docs/algorithms/mpc.md).
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
    public int ColdIterations { get; init; } = 20;

    /// <summary>Random plans that are tried at the first step of an episode, beside the plan that does nothing.</summary>
    public int ColdPlans { get; init; } = 60;

    /// <summary>MPC: random changes of the plan that are tried beside iLQG's.</summary>
    [Setting("mpc_samples", "[0, 100000]",
        "MPC: random changes of the plan that are tried beside iLQG's",
        "mujoco_mpc has a planner that samples too. The cheetah runs by them: through its contacts derivatives alone lead it to half the speed.")]
    public int Samples { get; init; } = 60;

    /// <summary>Standard deviation of these changes, in actions, at their knots. The cheetah's score rises with it from 0.3 to 1.</summary>
    public double SampleDeviation { get; init; } = 1;

    /// <summary>Seconds between the knots of random plans and changes, which are straight between them.</summary>
    public double KnotSeconds { get; init; } = 0.15;

    /// <summary>Step sizes α that the line search tries, evenly spaced in their logarithm from 1. mujoco_mpc: 10.</summary>
    public int LineSearchSteps { get; init; } = 10;

    /// <summary>The least of them. mujoco_mpc: 1e-3.</summary>
    public double SmallestStep { get; init; } = 1e-3;

    /// <summary>Least regularisation μ, which is added to the diagonal of Q_uu. mujoco_mpc: 1e-6.</summary>
    public double LeastRegularisation { get; init; } = 1e-6;

    /// <summary>Largest μ. mujoco_mpc: 1e6.</summary>
    public double MostRegularisation { get; init; } = 1e6;

    /// <summary>Factor by which μ changes at first; it changes faster and faster in one direction. mujoco_mpc, Tassa et al. 2012: 2.</summary>
    public double RegularisationFactor { get; init; } = 2;

    /// <summary>How often μ is raised in one iteration when Q_uu is not positive definite. mujoco_mpc: 5.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>ε of the one-sided differences, in units of state and action. mujoco_mpc: 1e-6.</summary>
    public double DifferenceStep { get; init; } = 1e-6;

    /// <summary>Factor on the cost of the plan's last state, which stands for what comes after it. mujoco_mpc: 1.</summary>
    public double TerminalWeight { get; init; } = 1;

    /// <summary>Cost of a step on a bound that ends an episode, in units of the reward; quadratic from a tenth inside it on.</summary>
    public double BoundWeight { get; init; } = 1;

    /// <summary>Which semidefinite Hessian of the reward.</summary>
    public HessianForm Hessian { get; init; } = HessianForm.PositiveSemidefinite;
}
