namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>Settings of the expectation-maximisation fit of a Gaussian mixture.</summary>
/// <param name="Components">K ≥ 1, number of components; limited to the number of samples.</param>
/// <param name="Floor">
/// Variance added to the diagonal of each component's covariance, so that it can be inverted for all data, in the
/// samples' units (standardised in <see cref="MixturePrior"/>). 1e-6 is a thousandth of a standard deviation (Levine's
/// gps code).
/// </param>
/// <param name="Shrinkage">
/// ν / D, weight of the covariance of all samples in each component's covariance, in samples per entry, so that a
/// component with few samples falls back on it. 0 is plain expectation-maximisation, as in Levine's code: five episodes
/// are too little data for the covariances of its 20 components, and models with that prior had three times (gripper)
/// and 1.5 times (swimmer) the prediction error of one Gaussian; with 1 they predict about as well.
/// </param>
/// <param name="Tolerance">
/// The iteration stops when the objective, about the mean log density of a sample, increases by less than this. Below
/// 1e-3 the predictions of a prior no longer change.
/// </param>
/// <param name="Seed">Seed of the initial components.</param>
internal sealed record MixtureSettings(
    int Components = 1, double Floor = 1e-6, double Shrinkage = 1, int Iterations = 100, double Tolerance = 1e-3,
    ulong Seed = 0);
