using Naf.Kernels.Network;

namespace Naf.Kernels.Update;

/// <summary>
/// What may differ from learner to learner within a population. Defaults: the paper's, or Lillicrap et al. 2016 where it is silent.
/// </summary>
internal sealed record LearnerSettings
{
    /// <summary>Seed of everything random in this learner: weights and minibatches.</summary>
    public ulong Seed { get; init; }

    /// <summary>Adam's rate α (paper, section 6: best of 1e-4, 1e-3, 1e-2; Table 2: 1e-3).</summary>
    public float LearningRate { get; init; } = 1e-3f;

    public float Beta1 { get; init; } = 0.9f;

    public float Beta2 { get; init; } = 0.999f;

    public float Epsilon { get; init; } = 1e-8f;

    /// <summary>Discount γ (Lillicrap et al. 2016).</summary>
    public float Gamma { get; init; } = 0.99f;

    /// <summary>Polyak rate τ of the target network. The paper is silent; Lillicrap et al. 2016: 1e-3, which learns later at I = 5.</summary>
    public float Tau { get; init; } = 1e-2f;

    /// <summary>Multiplies rewards inside the learner; scores are not scaled.</summary>
    public float RewardScale { get; init; } = 1;

    /// <summary>Largest norm of the whole gradient; longer ones are shortened to it. 0: no limit.</summary>
    public float ClipNorm { get; init; }

    /// <summary>B: the logarithm of L's diagonal stays within ±B.</summary>
    public float LogDiagonalBound { get; init; } = 5;

    public float HeadScale { get; init; } = 1;

    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(LearningRate is > 0 and <= 1, "learning_rate", LearningRate, "above 0, at most 1");
        Require(Beta1 is >= 0 and < 1, "beta1", Beta1, "0 to below 1");
        Require(Beta2 is >= 0 and < 1, "beta2", Beta2, "0 to below 1");
        Require(Epsilon is > 0 and < 1, "epsilon", Epsilon, "above 0, below 1");
        Require(Gamma is >= 0 and <= 1, "gamma", Gamma, "0 to 1");
        Require(Tau is > 0 and <= 1, "tau", Tau, "above 0, at most 1");
        Require(RewardScale > 0 && float.IsFinite(RewardScale), "reward_scale", RewardScale, "above 0");
        Require(ClipNorm >= 0 && float.IsFinite(ClipNorm), "clip_norm", ClipNorm, "0 (off) or above");
        Require(LogDiagonalBound is > 0 and <= 20, "log_diagonal_bound", LogDiagonalBound, "above 0, at most 20");
        Require(HeadScale is >= 0 and <= 10, "head_scale", HeadScale, "0 to 10");

        static void Require(bool holds, string name, float value, string range)
        {
            if (!holds) throw new ArgumentException($"{name} = {value} is out of range; give {range}");
        }
    }

    /// <summary>As kernels take them, in the order of <see cref="SettingPlaces"/>.</summary>
    internal IReadOnlyList<double> Places =>
        [Beta1, 1 - (double)Beta1, Beta2, 1 - (double)Beta2, Gamma, Tau, RewardScale, ClipNorm, LogDiagonalBound];

    internal AdamSettings Adam => new(LearningRate, Beta1, Beta2, Epsilon);
}

/// <summary>Means over the updates since the last report.</summary>
/// <param name="Updates">Updates that this learner has made since its birth.</param>
/// <param name="Loss">Mean squared TD error, in scaled rewards; NaN when there was no update.</param>
/// <param name="GradientNorm">Norm of the gradient before clipping.</param>
/// <param name="MeanQ">Q of the minibatches, in scaled rewards.</param>
/// <param name="Finite">False: loss or gradient were not finite; that update was not made and the learner has stopped.</param>
internal readonly record struct LearnerReport(long Updates, double Loss, double GradientNorm, double MeanQ, bool Finite);
