using System.Numerics;
using System.Runtime.CompilerServices;
using Naf.Kernels.Random;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Rollout;

/// <summary>
/// Standard normals of imagination rollouts. Step k (from 0) of rollout n uses the lanes K k … K k + K − 1 of index n,
/// K = ⌈count / 4⌉, of a stream of the learner's seed. Each block of words (A, B, C, D) gives four normals by the
/// Box-Muller transform, two per pair of words:
/// <code>
/// ρ(A) cos 2π φ(B),  ρ(A) sin 2π φ(B),  ρ(C) cos 2π φ(D),  ρ(C) sin 2π φ(D)
/// ρ(w) = √(−2 ln((⌊w / 2⁸⌋ + 1) / 2²⁴)),  φ(w) = ⌊w / 2⁸⌋ / 2²⁴
/// </code>
/// Both quotients are exact in float32, so that every device starts from the same numbers; no normal exceeds 5.8.
/// </summary>
internal static class RolloutNormals
{
    /// <summary>K, the number of blocks for <paramref name="count"/> normals.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Blocks(int count) => (count + 3) / 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Four<T> Block<T, TMath>(ulong seed, RandomStream stream, ulong rollout, uint lane)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        PhiloxBlock words = Philox.At(seed, stream, rollout, lane);
        T first = Radius<T, TMath>(words.A), second = Radius<T, TMath>(words.C);
        T firstAngle = Angle<T, TMath>(words.B), secondAngle = Angle<T, TMath>(words.D);
        return new Four<T>
        {
            A = first * TMath.Cos(firstAngle), B = first * TMath.Sin(firstAngle),
            C = second * TMath.Cos(secondAngle), D = second * TMath.Sin(secondAngle),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Radius<T, TMath>(uint word) where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> =>
        TMath.Sqrt(TMath.From(-2) * TMath.Log(Unit<T, TMath>((int)(word >> 8) + 1)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Angle<T, TMath>(uint word) where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> =>
        TMath.From(2 * Math.PI) * Unit<T, TMath>((int)(word >> 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Unit<T, TMath>(int bits) where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> =>
        TMath.From(bits) * TMath.From(1f / (1 << 24));
}
