using System.Numerics;
using System.Runtime.CompilerServices;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Advantage;

/// <summary>Arguments of many evaluations of the advantage: inputs and outputs.</summary>
internal struct AdvantageArguments<T> where T : unmanaged
{
    /// <summary>[samples], V; receives A and Q.</summary>
    public ArrayView<T> V, Advantage, Q;

    /// <summary>[samples, action], m and u; receives μ = tanh m.</summary>
    public ArrayView<T> Mean, U, Mu;

    /// <summary>[samples, packed], l, the entries of L before the diagonal's exponential; receives L.</summary>
    public ArrayView<T> Triangle, Lower;

    /// <summary>Entries of an action, and number of samples.</summary>
    public int Action, Samples;

    /// <summary>B.</summary>
    public T Bound;
}

/// <summary>
/// The normalized advantage function (paper, equations 7 to 9):
/// <code>
/// μ = tanh m,  Lᵢᵢ = exp(B tanh(lᵢᵢ / B)),  Lᵢⱼ = lᵢⱼ below,  z = Lᵀ(u − μ),  A = −½ zᵀz,  Q = V + A
/// </code>
/// </summary>
internal static class AdvantageKernel
{
    /// <summary>Index of Lᵢⱼ in the packed triangle.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Packed(int i, int j) => i * (i + 1) / 2 + j;

    /// <summary>Lᵢᵢ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Diagonal<T, TMath>(T l, T bound)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T> =>
        TMath.Exp(bound * TMath.Tanh(l / bound));

    /// <summary>One sample.</summary>
    public static void Body<T, TMath>(int sample, in AdvantageArguments<T> at)
        where T : unmanaged, INumber<T> where TMath : struct, IScalarMath<T>
    {
        int row = sample * at.Action, triangle = sample * Packed(at.Action, 0);
        for (int i = 0, e = triangle; i < at.Action; i++)
        {
            at.Mu[row + i] = TMath.Tanh(at.Mean[row + i]);
            for (int j = 0; j <= i; j++, e++)
                at.Lower[e] = i == j ? Diagonal<T, TMath>(at.Triangle[e], at.Bound) : at.Triangle[e];
        }
        T square = T.Zero;
        for (int j = 0; j < at.Action; j++)
        {
            T z = T.Zero;
            for (int i = j; i < at.Action; i++)
                z += at.Lower[triangle + Packed(i, j)] * (at.U[row + i] - at.Mu[row + i]);
            square += z * z;
        }
        T advantage = TMath.From(-0.5f) * square;
        at.Advantage[sample] = advantage;
        at.Q[sample] = at.V[sample] + advantage;
    }

    /// <summary>All samples on a device, one thread per sample.</summary>
    public static void Evaluate(AdvantageArguments<float> at)
    {
        for (int sample = Grid.IdxX * Group.DimX + Group.IdxX; sample < at.Samples; sample += Grid.DimX * Group.DimX)
            Body<float, FloatMath>(sample, at);
    }
}
