namespace Naf.Kernels.Rollout;

/// <summary>Settings of one learner's imagination rollouts.</summary>
internal sealed record RolloutSettings
{
    /// <summary>l, steps of a rollout (paper, section 5 and Table 1: 10 where imagination helped).</summary>
    public int Steps { get; init; } = 10;

    /// <summary>M, maximum number of rollouts per call.</summary>
    public int Rollouts { get; init; } = 4096;

    /// <summary>σ: u = clip(μ(x) + σ ε, −1, 1) with ε standard normal.</summary>
    public float ActionNoise { get; init; }

    /// <summary>Whether s′ is drawn from N(F [s; u] + f, N); otherwise it is the mean.</summary>
    public bool SampleDynamics { get; init; } = true;

    /// <summary>[State] or empty (none), lower bounds; a rollout is cut if s′ is below. −∞ for no bound.</summary>
    public ImmutableArray<float> Low { get; init; } = [];

    /// <summary>[State] or empty (none), upper bounds; a rollout is cut if s′ is above. +∞ for no bound.</summary>
    public ImmutableArray<float> High { get; init; } = [];

    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check(int state)
    {
        if ((long)Rollouts * Steps > 100_000_000)
            throw new ArgumentException(
                $"{Rollouts} rollouts of {Steps} steps are too many for one call; give at most 100 million steps");
        foreach ((string name, ImmutableArray<float> bound) in new[] { ("low", Low), ("high", High) })
            if (bound.IsDefault || (bound.Length != 0 && bound.Length != state) || bound.Any(float.IsNaN))
                throw new ArgumentException($"the {name} bounds of the state must be {state} numbers, or none");
    }

    /// <summary>The bounds as finite numbers, with padding, so that NaN and infinity are out of bounds.</summary>
    internal void Bounds(Span<float> low, Span<float> high)
    {
        low.Fill(-float.MaxValue);
        high.Fill(float.MaxValue);
        for (int i = 0; i < Low.Length; i++) low[i] = Math.Clamp(Low[i], -float.MaxValue, float.MaxValue);
        for (int i = 0; i < High.Length; i++) high[i] = Math.Clamp(High[i], -float.MaxValue, float.MaxValue);
    }
}

/// <summary>Result of a learner's rollouts in one call.</summary>
/// <param name="Steps">Stored transitions.</param>
/// <param name="Cuts">Rollouts that ended because the next transition left the bounds or was not finite.</param>
internal readonly record struct RolloutReport(long Steps, int Cuts);
