namespace Naf.Kernels.Reward;

/// <summary>
/// The form ρ(e) of a reward term. e is linear, b + Σ s_i (z_i − c_i), for <see cref="Linear"/> and
/// <see cref="Sigmoid"/>; for the others but <see cref="Product"/> it is quadratic, q = Σ s_i (z_i − c_i)², s_i ≥ 0.
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
    /// <summary>
    /// ρ = Π_k f_k: a product of dm_control's tolerances, of which each uses its own entries; no e, α and b.
    /// </summary>
    Product,
}

/// <summary>
/// One term w clip(ρ(e)) of a reward over z = [x; u]; a linear one without entries is the constant w b.
/// </summary>
/// <param name="Kind">The form ρ and whether e is linear or quadratic.</param>
/// <param name="Weight">w.</param>
/// <param name="Alpha">α &gt; 0, in units of z (of e for a sigmoid); the other kinds have none.</param>
/// <param name="Offset">b, added to a linear e; 0 for the other kinds.</param>
/// <param name="Index">[n], i &lt; ObservationSize is x_i, ObservationSize + j is u_j.</param>
/// <param name="Centre">[n], c.</param>
/// <param name="Scale">[n], s.</param>
public sealed record RewardTerm(
    RewardKind Kind, double Weight, double Alpha, double Offset,
    ImmutableArray<int> Index, ImmutableArray<double> Centre, ImmutableArray<double> Scale)
{
    /// <summary>Maximum number of entries of a product.</summary>
    internal const int MaxProduct = 1024;

    /// <summary>Whether e is linear in z.</summary>
    public bool IsLinear => Kind is RewardKind.Linear or RewardKind.Sigmoid;

    /// <summary>Whether ρ uses α.</summary>
    public bool UsesAlpha => Kind is not (RewardKind.Linear or RewardKind.Quadratic or RewardKind.Product);

    /// <summary>Lower bound of ρ(e), −∞ for none; where it applies, the derivatives are 0.</summary>
    public double ClipLow { get; init; } = double.NegativeInfinity;

    /// <summary>Upper bound of ρ(e), +∞ for none; where it applies, the derivatives are 0.</summary>
    public double ClipHigh { get; init; } = double.PositiveInfinity;

    /// <summary>The factors of a product, in the order of their entries; none for the other kinds.</summary>
    public ImmutableArray<ToleranceFactor> Factors { get; init; } = [];

    /// <summary>Why the term is not valid; null if it is.</summary>
    public string? Problem(int observationSize, int actionSize)
    {
        if (Index.IsDefault || Centre.IsDefault || Scale.IsDefault) return "it needs Index, Centre and Scale";
        if (Factors.IsDefault) return "its Factors are null; give [] where there are none";
        int n = Index.Length;
        if (n == 0 && Kind != RewardKind.Linear) return "it has no entries; a term has at least one";
        if (Centre.Length != n || Scale.Length != n)
            return $"{n} entries need {n} centres and scales, not {Centre.Length} and {Scale.Length}";
        foreach (int i in Index)
            if (i < 0 || i >= observationSize + actionSize)
                return $"index {i} is neither an observation (0 .. {observationSize - 1}) nor an action";
        if (!double.IsFinite(Weight) || !double.IsFinite(Offset)) return "weight and offset must be finite";
        if (UsesAlpha && !(Alpha > 0 && double.IsFinite(Alpha))) return $"alpha must be positive, not {Alpha}";
        if (Centre.Any(c => !double.IsFinite(c)) || Scale.Any(s => !double.IsFinite(s)))
            return "centres and scales must be finite";
        if (!IsLinear && Offset != 0) return "only linear and sigmoid terms have an offset";
        if (!(ClipLow <= ClipHigh)) return $"the clip [{ClipLow}, {ClipHigh}] needs low, then high";
        if (Kind == RewardKind.Product) return ProductProblem();
        if (!IsLinear && Scale.Any(s => s < 0)) return "scales of a quadratic kind must not be negative";
        if (!Factors.IsEmpty) return "only a product has factors";
        return null;
    }

    private string? ProductProblem()
    {
        if (Factors.IsEmpty || Factors.Contains(null!)) return "a product needs factors";
        if (double.IsFinite(ClipLow) || double.IsFinite(ClipHigh)) return "a product, from 0 to 1, has no clip";
        int first = 0;
        foreach (ToleranceFactor factor in Factors)
        {
            if (factor.Problem() is { } problem) return problem;
            int end = first + factor.Count;
            if (factor.Of == ToleranceOf.Norm && Scale.Skip(first).Take(factor.Count).Any(s => s < 0))
                return "scales of a norm must not be negative";
            first = end;
        }
        if (first != Index.Length) return $"its factors use {first} entries, and it has {Index.Length}";
        return Index.Length > MaxProduct ? $"a product uses at most {MaxProduct} numbers, not {Index.Length}" : null;
    }
}

/// <summary>Ends an episode when x_i of the next observation is below Low or above High.</summary>
/// <param name="Index">i, an index of the observation.</param>
/// <param name="Low">Smallest value at which the episode continues; −∞ for none.</param>
/// <param name="High">Largest value at which the episode continues; +∞ for none.</param>
public readonly record struct TerminationBound(int Index, double Low, double High);
