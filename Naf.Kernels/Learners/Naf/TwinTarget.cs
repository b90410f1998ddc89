using System.Numerics;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Learners.Naf;

/// <summary>
/// The smaller of two target values, min(V₁′, V₂′) (Fujimoto et al. 2018, clipped double Q-learning): an error that
/// raises only one of them does not raise it.
/// </summary>
internal static class TwinTarget
{
    /// <summary>The smaller one; not finite if either is not, so that the learner stops.</summary>
    public static T Smaller<T, TMath>(T first, T second)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        T value = first;
        if (TMath.IsFinite(first) && second < first) value = second;
        if (!TMath.IsFinite(second)) value = second;
        return value;
    }
}
