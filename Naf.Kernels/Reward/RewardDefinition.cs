namespace Naf.Kernels.Reward;

/// <summary>
/// A reward as data: r(x, u) = Σ_k w_k ρ_k(e_k), and the bounds that end an episode: if the next observation x′ is
/// outside them, r is increased by <see cref="TerminationReward"/> and the target is not bootstrapped. Validated on
/// construction; evaluated by <see cref="RewardFunction{T}"/>.
/// </summary>
public sealed class RewardDefinition
{
    /// <summary>Builds and checks a definition.</summary>
    /// <exception cref="ArgumentException">A term is malformed; the message says which and why.</exception>
    public RewardDefinition(
        int observationSize, int actionSize, ImmutableArray<RewardTerm> terms, ImmutableArray<TerminationBound> bounds,
        double terminationReward = 0)
    {
        (ObservationSize, ActionSize, Terms, Bounds, TerminationReward) =
            (observationSize, actionSize, terms, bounds, terminationReward);
        if (terms.IsDefault || bounds.IsDefault)
            throw new ArgumentException("a reward needs terms and bounds; give [] where there are none");
        if (observationSize < 1 || actionSize < 1)
            throw new ArgumentException(
                $"a reward is over at least one observation and action, not {observationSize} and {actionSize}");
        if (terms.Contains(null!)) throw new ArgumentException("a term of the reward is null; leave it out");
        for (int k = 0; k < terms.Length; k++)
            if (terms[k].Problem(observationSize, actionSize) is { } problem)
                throw new ArgumentException($"reward term {k + 1} ({terms[k].Kind}): {problem}");
        foreach (TerminationBound bound in bounds)
            if (bound.Index < 0 || bound.Index >= observationSize || !(bound.Low < bound.High))
                throw new ArgumentException(
                    $"{bound} needs an index below {observationSize} and a Low below its High");
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
}
