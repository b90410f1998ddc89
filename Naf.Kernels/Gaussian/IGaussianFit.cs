namespace Naf.Kernels.Gaussian;

/// <param name="Learners">[fitted], which.</param>
/// <param name="Diagonal">[fitted, D]: what is added to the diagonal; 0 for a constant entry.</param>
/// <param name="Prior">μ₀ [fitted, PriorSteps, D] and Φ [fitted, PriorSteps, D, D], or null.</param>
/// <param name="PriorSteps">1 or the horizon; 0 without a prior.</param>
/// <param name="Through">Whether packed models pass through their learner's only episode.</param>
internal sealed record FitCall(int[] Learners, double[] Diagonal, GaussianPrior? Prior, int PriorSteps, bool Through);

/// <summary>What a device does for <see cref="GaussianFit"/>, which has checked the arguments; sizes as in <see cref="DynamicsShape"/>.</summary>
internal interface IGaussianFit : IDisposable
{
    /// <summary>Puts an episode in its place; its length is in the array that the fit was made with.</summary>
    /// <param name="samples">[length, D], length at most T.</param>
    void Store(int learner, int episode, ReadOnlySpan<double> samples);

    /// <summary>Fits some learners' models; a GPU is not waited for.</summary>
    void Fit(FitCall call);

    /// <inheritdoc cref="GaussianFit.Model"/>
    void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n);

    /// <inheritdoc cref="GaussianFit.Packed"/>
    void CopyPacked(int learner, Span<float> packed);

    /// <inheritdoc cref="GaussianFit.Poison"/>
    void Poison();

    /// <inheritdoc cref="GaussianFit.IsFinite"/>
    bool IsFinite(int learner);
}
