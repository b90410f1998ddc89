
namespace Naf.Kernels.Gaussian.Mixture;

/// <summary>How a Gaussian mixture is fitted by expectation and maximisation.</summary>
/// <param name="Components">K: components, 1 or more; where there are fewer samples, as many as samples.</param>
/// <param name="Floor">
/// Added to the diagonal of each component's covariance, so that it has an inverse whatever the samples: a variance in the samples' units, which
/// <see cref="MixturePrior"/> standardises. 1e-6 is a thousandth of a standard deviation (Levine's gps code).
/// </param>
/// <param name="Shrinkage">
/// ν / D: samples for each entry that the covariance of all samples counts for in each component's, so that a component of few samples falls
/// back on it. 0 is plain expectation and maximisation, as Levine's: from five episodes its 20 components know too little of their own
/// covariances, and models with that prior predicted a gripper three times and a swimmer 1.5 times as badly as with one Gaussian; with 1 they
/// predict about as well.
/// </param>
/// <param name="Tolerance">
/// The rounds end when what they maximise, about the mean log density of a sample, has grown by less than this. Below 1e-3 a prior's predictions
/// no longer change.
/// </param>
/// <param name="Seed">Draws where the components begin.</param>
internal sealed record MixtureSettings(
    int Components = 1, double Floor = 1e-6, double Shrinkage = 1, int Iterations = 100, double Tolerance = 1e-3,
    ulong Seed = 0)
{
    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(Components is >= 1 and <= 10_000, "components", Components, "1 to 10,000");
        Require(Floor is >= 1e-14 and <= 1e6, "floor", Floor, "1e-14 to 1e6");
        Require(Shrinkage is >= 0 and <= 1e6, "shrinkage", Shrinkage, "0 to 1e6");
        Require(Iterations is >= 1 and <= 100_000, "iterations", Iterations, "1 to 100,000");
        Require(Tolerance is >= 0 and <= 1e6, "tolerance", Tolerance, "0 to 1e6");

        static void Require(bool possible, string name, double value, string range)
        {
            if (!possible) throw new ArgumentException($"mixture_{name} = {value} is out of range; give {range}");
        }
    }
}
