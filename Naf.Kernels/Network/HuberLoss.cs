using System.Numerics;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// The loss of one TD error e = Q − y (Huber 1964): e² for |e| ≤ h, h (2 |e| − h) beyond; e² everywhere for h = 0.
/// </summary>
internal static class HuberLoss
{
    /// <summary>
    /// Half of its slope: clamp(e, ±h), or e for h = 0. Not finite if e is not, so that the learner stops.
    /// </summary>
    public static T HalfSlope<T, TMath>(T error, T limit)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        T limited = error;
        if (error > limit) limited = limit;
        if (error < -limit) limited = -limit;
        if (limit > T.Zero && TMath.IsFinite(error)) error = limited;
        return error;
    }
}
