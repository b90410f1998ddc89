namespace Naf.Kernels.Reward;

/// <summary>
/// The form ρ(e) of a reward term. e is linear, b + Σ s_i (z_i − c_i), for <see cref="Linear"/> and
/// <see cref="Sigmoid"/>; for the others it is quadratic, q = Σ s_i (z_i − c_i)², s_i ≥ 0.
/// </summary>
public enum RewardKind
{
    /// <summary>ρ = e.</summary>
    Linear,
    /// <summary>ρ = q.</summary>
    Quadratic,
    /// <summary>ρ = √(q + α²) − α: a distance, smooth at the goal.</summary>
    SmoothNorm,
    /// <summary>ρ = ln(1 + q/α²): sharp at the goal (Levine et al. 2016).</summary>
    LogQuadratic,
    /// <summary>ρ = exp(−q/(2α²)): a bonus within a small radius.</summary>
    Bump,
    /// <summary>ρ = 1/(1 + exp(−e/α)): a soft threshold.</summary>
    Sigmoid,
}

/// <summary>One term w ρ(e) of a reward over z = [x; u].</summary>
/// <param name="Kind">The form ρ and whether e is linear or quadratic.</param>
/// <param name="Weight">w.</param>
/// <param name="Alpha">α &gt; 0, in units of z (of e for a sigmoid); not used by linear and quadratic terms.</param>
/// <param name="Offset">b, added to a linear e; 0 for the quadratic kinds.</param>
/// <param name="Index">[n], i &lt; ObservationSize is x_i, ObservationSize + j is u_j.</param>
/// <param name="Centre">[n], c.</param>
/// <param name="Scale">[n], s.</param>
public sealed record RewardTerm(
    RewardKind Kind, double Weight, double Alpha, double Offset,
    ImmutableArray<int> Index, ImmutableArray<double> Centre, ImmutableArray<double> Scale)
{
    /// <summary>Whether e is linear in z.</summary>
    public bool IsLinear => Kind is RewardKind.Linear or RewardKind.Sigmoid;

    /// <summary>Whether ρ uses α.</summary>
    public bool UsesAlpha => Kind is not (RewardKind.Linear or RewardKind.Quadratic);

    /// <summary>Why the term is not valid; null if it is.</summary>
    public string? Problem(int observationSize, int actionSize)
    {
        if (Index.IsDefault || Centre.IsDefault || Scale.IsDefault) return "it needs Index, Centre and Scale";
        int n = Index.Length;
        if (n == 0) return "it has no entries; a term has at least one";
        if (Centre.Length != n || Scale.Length != n)
            return $"{n} entries need {n} centres and scales, not {Centre.Length} and {Scale.Length}";
        foreach (int i in Index)
            if (i < 0 || i >= observationSize + actionSize)
                return $"index {i} is neither an observation (0 .. {observationSize - 1}) nor an action";
        if (!double.IsFinite(Weight) || !double.IsFinite(Offset)) return "weight and offset must be finite";
        if (UsesAlpha && !(Alpha > 0 && double.IsFinite(Alpha))) return $"alpha must be positive, not {Alpha}";
        if (Centre.Any(c => !double.IsFinite(c)) || Scale.Any(s => !double.IsFinite(s)))
            return "centres and scales must be finite";
        if (!IsLinear && Scale.Any(s => s < 0)) return "scales of a quadratic kind must not be negative";
        if (!IsLinear && Offset != 0) return "only linear and sigmoid terms have an offset";
        return null;
    }
}

/// <summary>Ends an episode when x_i of the next observation is below Low or above High.</summary>
/// <param name="Index">i, an index of the observation.</param>
/// <param name="Low">Smallest value at which the episode continues; −∞ for none.</param>
/// <param name="High">Largest value at which the episode continues; +∞ for none.</param>
public readonly record struct TerminationBound(int Index, double Low, double High);
