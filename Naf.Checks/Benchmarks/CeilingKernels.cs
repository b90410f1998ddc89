using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Checks.Benchmarks;

/// <summary>Arguments of <see cref="CeilingKernels.Arithmetic"/>.</summary>
internal struct ArithmeticArguments
{
    /// <summary>[threads of all groups].</summary>
    public ArrayView<float> Sums;

    /// <summary>Iterations of each chain.</summary>
    public int Turns;

    /// <summary>Below 1, so that the sums converge.</summary>
    public float Factor;
}

/// <summary>Arguments of <see cref="CeilingKernels.Copy"/>, arrays of one length.</summary>
internal struct CopyArguments
{
    public ArrayView<Four<float>> From;

    public ArrayView<Four<float>> To;
}

/// <summary>Kernels that measure a device's limits: arithmetic without memory, memory without arithmetic.</summary>
internal static class CeilingKernels
{
    /// <summary>Independent sums per thread.</summary>
    public const int Chains = 8;

    /// <summary>s ← factor s + ½ in eight chains per thread.</summary>
    public static void Arithmetic(ArithmeticArguments at)
    {
        int thread = Grid.IdxX * Group.DimX + Group.IdxX;
        float f = at.Factor, a = thread, b = a + 1, c = a + 2, d = a + 3, e = a + 4, g = a + 5, h = a + 6, i = a + 7;
        for (int turn = 0; turn < at.Turns; turn++)
        {
            a = f * a + 0.5f;
            b = f * b + 0.5f;
            c = f * c + 0.5f;
            d = f * d + 0.5f;
            e = f * e + 0.5f;
            g = f * g + 0.5f;
            h = f * h + 0.5f;
            i = f * i + 0.5f;
        }
        at.Sums[thread] = a + b + c + d + e + g + h + i;
    }

    /// <summary>to = from.</summary>
    public static void Copy(CopyArguments at)
    {
        for (int i = Grid.IdxX * Group.DimX + Group.IdxX; i < at.From.Length; i += Grid.DimX * Group.DimX)
            at.To[i] = at.From[i];
    }
}
