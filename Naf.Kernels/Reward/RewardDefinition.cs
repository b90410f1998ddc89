using System.Collections.Immutable;

namespace Naf.Kernels;

/// <summary>
/// A reward as data: r(x, u) = Σ_k w_k ρ_k(e_k), and the bounds that end an episode: if the next observation x′ is outside,
/// r is increased by <see cref="TerminationReward"/> and nothing is bootstrapped. Checked once here; evaluated by <see cref="RewardFunction{T}"/>.
/// </summary>
public sealed class RewardDefinition
{
    /// <summary>Most terms of a reward.</summary>
    public const int MaxTerms = 8;

    /// <summary>Most entries of z in one term.</summary>
    public const int MaxIndices = 16;

    /// <summary>Builds and checks a definition.</summary>
    /// <param name="observationSize">Size of x.</param>
    /// <param name="actionSize">Size of u.</param>
    /// <param name="terms">The terms, summed in this order.</param>
    /// <param name="bounds">The bounds that end an episode; may be empty.</param>
    /// <param name="terminationReward">R_term, added to the reward of the step that ends an episode.</param>
    /// <exception cref="ArgumentException">A term is malformed; the message says which and why.</exception>
    public RewardDefinition(
        int observationSize, int actionSize, ImmutableArray<RewardTerm> terms, ImmutableArray<TerminationBound> bounds, double terminationReward = 0)
    {
        (ObservationSize, ActionSize, Terms, Bounds, TerminationReward) = (observationSize, actionSize, terms, bounds, terminationReward);
        if (terms.Length > MaxTerms) throw new ArgumentException($"a reward has at most {MaxTerms} terms, and this one has {terms.Length}");
        for (int k = 0; k < terms.Length; k++)
            if (Problem(terms[k]) is { } problem) throw new ArgumentException($"reward term {k + 1} ({terms[k].Kind}): {problem}");
        foreach (TerminationBound bound in bounds)
            if (bound.Index < 0 || bound.Index >= observationSize || double.IsNaN(bound.Low) || double.IsNaN(bound.High))
                throw new ArgumentException($"{bound} needs an index below {observationSize} and bounds that are numbers");
        if (!double.IsFinite(terminationReward)) throw new ArgumentException("the reward of termination is not finite");
    }

    /// <summary>Size of x.</summary>
    public int ObservationSize { get; }

    /// <summary>Size of u.</summary>
    public int ActionSize { get; }

    /// <summary>The terms, summed in this order.</summary>
    public ImmutableArray<RewardTerm> Terms { get; }

    /// <summary>The bounds that end an episode.</summary>
    public ImmutableArray<TerminationBound> Bounds { get; }

    /// <summary>R_term, added to the reward of the step that ends an episode.</summary>
    public double TerminationReward { get; }

    private string? Problem(RewardTerm term)
    {
        int n = term.Index.Length;
        if (n is 0 or > MaxIndices) return $"it has {n} entries; a term has 1 to {MaxIndices} (split it in two)";
        if (term.Centre.Length != n || term.Scale.Length != n) return $"{n} entries need {n} centres and scales, not {term.Centre.Length} and {term.Scale.Length}";
        foreach (int i in term.Index)
            if (i < 0 || i >= ObservationSize + ActionSize) return $"index {i} is neither an observation (0 .. {ObservationSize - 1}) nor an action";
        if (!double.IsFinite(term.Weight) || !double.IsFinite(term.Offset)) return "weight and offset must be finite";
        if (term.UsesAlpha && !(term.Alpha > 0 && double.IsFinite(term.Alpha))) return $"alpha must be positive, not {term.Alpha}";
        if (term.Centre.Any(c => !double.IsFinite(c)) || term.Scale.Any(s => !double.IsFinite(s))) return "centres and scales must be finite";
        if (!term.IsLinear && term.Scale.Any(s => s < 0)) return "scales of a quadratic kind must not be negative";
        if (!term.IsLinear && term.Offset != 0) return "only linear and sigmoid terms have an offset";
        return null;
    }
}
