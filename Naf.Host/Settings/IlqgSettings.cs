using Naf.Kernels.Reward;
using Naf.Kernels.Settings;

namespace Naf.Host.Settings;

/// <summary>Settings of iLQG under fitted dynamics (paper, sections 3 and 8.1, which give no values).</summary>
public sealed record IlqgSettings
{
    /// <summary>ILQG: nats a step that a new controller may be from the data's.</summary>
    [Setting("ilqg_kl_step", "(0, 1e6]",
        "iLQG: nats a step that a new controller may be from the data's",
        "Levine and Abbeel: 0.2. A step that goes too far from little data ends in a detour that later steps "
        + "do not leave.")]
    public double KlStep { get; init; } = 0.05;

    /// <summary>ILQG: weight c of the entropy of its actions, in units of the reward.</summary>
    [Setting("ilqg_entropy", "[0, 1e9]",
        "iLQG: weight c of the entropy of its actions, in units of the reward",
        "Equation 4; Levine and Koltun 2013: covariance −(c + η) Q_uu⁻¹, η the dual of the KL constraint.")]
    public double EntropyWeight { get; init; }

    /// <summary>ILQG: least standard deviation of its actions.</summary>
    [Setting("ilqg_least_noise", "[0, 10]",
        "iLQG: least standard deviation of its actions", "Data without noise tell nothing of F_u.")]
    public double LeastNoise { get; init; } = 0.3;

    /// <summary>ILQG: largest standard deviation of its actions.</summary>
    [Setting("ilqg_most_noise", "(0, 100]", "iLQG: largest standard deviation of its actions")]
    public double MostNoise { get; init; } = 1;

    /// <summary>
    /// Semidefinite form of the Hessian of the cost. Majorised: steadier far from the goal, and a step never overshoots
    /// a smooth norm.
    /// </summary>
    public HessianForm Hessian { get; init; } = HessianForm.Majorised;

    /// <summary>
    /// Expansions of the cost about the planned trajectory in one step, under the same KL constraint.
    /// </summary>
    public int Expansions { get; init; } = 3;
}
