using System.Numerics;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// The penalty on the inputs m of μ = tanh m beyond ±2, where tanh has hardly a slope, as a part of the loss:
/// penalty · mean over the minibatch of |m − clamp(m, ±2)|².
/// </summary>
internal static class SaturationPenalty
{
    /// <summary>Its gradient for one m: weight (m − clamp(m, ±2)).</summary>
    /// <param name="weight">2 / batch · penalty.</param>
    public static T Gradient<T, TMath>(T m, T weight)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        T two = TMath.From(2), excess = T.Zero;
        if (m > two) excess = m - two;
        if (m < -two) excess = m + two;
        return weight * excess;
    }
}
