namespace Naf.Kernels;

/// <summary>Which of a device's ways of fitting: tests take the ones that are not its best too.</summary>
/// <param name="LaneWidth">Doubles of a register on a CPU, or 0 for the widest.</param>
/// <param name="Single">float32 on a GPU that has double.</param>
internal readonly record struct FitVariant(int LaneWidth = 0, bool Single = false)
{
    public static FitVariant Best => default;
}

/// <summary>What a device does for <see cref="GaussianFit"/>, which has checked the arguments; sizes as in <see cref="DynamicsShape"/>.</summary>
internal interface IGaussianFit : IDisposable
{
    /// <summary>Puts an episode in its place; its length is in the array that the fit was made with.</summary>
    /// <param name="samples">[length, D], length at most T.</param>
    void Store(int learner, int episode, ReadOnlySpan<double> samples);

    /// <summary>Fits every learner's model; a GPU is not waited for.</summary>
    /// <param name="diagonal">[learners, D]: what is added to the diagonal; 0 for a constant entry.</param>
    /// <param name="prior">μ₀ [learners, priorSteps, D] and Φ [learners, priorSteps, D, D], or null.</param>
    /// <param name="priorSteps">1 or the horizon; 0 without a prior.</param>
    void Fit(ReadOnlySpan<double> diagonal, GaussianPrior? prior, int priorSteps);

    /// <summary>Copies a learner's model of the last fit, after waiting for it.</summary>
    /// <param name="f">[T, S, S + A].</param>
    /// <param name="offset">[T, S].</param>
    /// <param name="n">[T, S, S].</param>
    void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n);

    /// <summary>Copies a learner's packed model of the last fit, after waiting for it.</summary>
    /// <param name="packed">[T, PackedStep].</param>
    void CopyPacked(int learner, Span<float> packed);

    /// <summary>Fills all that a fit writes, of every learner, with NaN.</summary>
    void Poison();

    /// <summary>Whether every number of a learner's last model is finite in float32; waits for the fit.</summary>
    bool IsFinite(int learner);
}
