using Naf.Kernels.Reward;

namespace Naf.Host.Settings;

/// <summary>Settings of iLQG under fitted dynamics (paper, sections 3 and 8.1). The paper gives none of the values.</summary>
public sealed record IlqgSettings
{
    [Setting("ilqg_kl_step", "(0, 1e6]",
        "iLQG: nats a step that a new controller may be from the data's",
        "Levine and Abbeel: 0.2. A step that goes too far from little data ends in a detour that later steps do not leave.")]
    public double KlStep { get; init; } = 0.05;

    [Setting("ilqg_entropy", "[0, 1e9]",
        "iLQG: weight c of the entropy of its actions, in units of the reward",
        "Equation 4; Levine and Koltun 2013: covariance −(c + η) Q_uu⁻¹, η the dual of the KL constraint.")]
    public double EntropyWeight { get; init; }

    [Setting("ilqg_least_noise", "[0, 10]",
        "iLQG: least standard deviation of its actions", "Data without noise tell nothing of F_u.")]
    public double LeastNoise { get; init; } = 0.3;

    [Setting("ilqg_most_noise", "(0, 100]", "iLQG: largest standard deviation of its actions")]
    public double MostNoise { get; init; } = 1;

    /// <summary>Which semidefinite Hessian of the cost. Majorised: steadier far from the goal, and a step never overshoots a smooth norm.</summary>
    public HessianForm Hessian { get; init; } = HessianForm.Majorised;

    /// <summary>Times that the cost is expanded anew about the planned trajectory, in one step, the KL constraint staying the same.</summary>
    public int Expansions { get; init; } = 3;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(KlStep is > 0 and <= 1e6, "ilqg_kl_step", KlStep, "above 0, up to 1e6");
        Require(EntropyWeight is >= 0 and <= 1e9, "ilqg_entropy", EntropyWeight, "0 to 1e9");
        Require(LeastNoise is >= 0 and <= 10, "ilqg_least_noise", LeastNoise, "0 to 10");
        Require(MostNoise >= LeastNoise && MostNoise is > 0 and <= 100, "ilqg_most_noise", MostNoise, "ilqg_least_noise to 100");
        Require(Hessian != HessianForm.Exact, "Hessian", Hessian, "PositiveSemidefinite or Majorised");
        Require(Expansions is >= 1 and <= 100, "Expansions", Expansions, "1 to 100");

        static void Require(bool good, string name, object value, string range)
        {
            if (!good) throw new ArgumentException($"{name} = {value} is out of range; give {range}");
        }
    }
}
