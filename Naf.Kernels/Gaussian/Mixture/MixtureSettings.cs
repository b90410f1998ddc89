
namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>How a Gaussian mixture is fitted by expectation and maximisation.</summary>
/// <param name="Components">K: components, 1 or more; where there are fewer samples, as many as samples.</param>
/// <param name="Floor">
/// Added to the diagonal of each component's covariance, so that it has an inverse whatever the samples: a variance in
/// the samples' units, which <see cref="MixturePrior"/> standardises. 1e-6 is a thousandth of a standard deviation
/// (Levine's gps code).
/// </param>
/// <param name="Shrinkage">
/// ν / D: samples for each entry that the covariance of all samples counts for in each component's, so that a component
/// of few samples falls back on it. 0 is plain expectation and maximisation, as Levine's: from five episodes its 20
/// components know too little of their own covariances, and models with that prior predicted a gripper three times and
/// a swimmer 1.5 times as badly as with one Gaussian; with 1 they predict about as well.
/// </param>
/// <param name="Tolerance">
/// The rounds end when what they maximise, about the mean log density of a sample, has grown by less than this. Below
/// 1e-3 a prior's predictions no longer change.
/// </param>
/// <param name="Seed">Draws where the components begin.</param>
internal sealed record MixtureSettings(
    int Components = 1, double Floor = 1e-6, double Shrinkage = 1, int Iterations = 100, double Tolerance = 1e-3,
    ulong Seed = 0);
