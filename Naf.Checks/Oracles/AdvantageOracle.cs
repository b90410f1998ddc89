using Naf.Gpu.Accelerators;
using Naf.Kernels.Advantage;
using Naf.Kernels.Scalar;

namespace Naf.Checks.Oracles;

/// <summary>The normalized advantage function in double precision: the kernel's body, run as plain C#.</summary>
internal static class AdvantageOracle
{
    /// <summary>μ, L, A and Q of samples, from the networks' outputs v, m and l and the actions u.</summary>
    public static double[][] Run(int action, double bound, double[] v, double[] mean, double[] triangle, double[] u)
    {
        using var host = new HostArrays();
        int[] lengths = [u.Length, triangle.Length, v.Length, v.Length];
        HostArray<double>[] taken = [.. lengths.Select(n => host.Add(new HostArray<double>(n)))];
        var at = new AdvantageArguments<double>
        {
            V = host.Put<double>(v), Mean = host.Put<double>(mean), Triangle = host.Put<double>(triangle),
            U = host.Put<double>(u), Action = action, Samples = v.Length, Bound = bound,
            Mu = taken[0].View, Lower = taken[1].View, Advantage = taken[2].View, Q = taken[3].View,
        };
        for (int sample = 0; sample < v.Length; sample++) AdvantageKernel.Body<double, DoubleMath>(sample, at);
        return [.. taken.Select(array => array.Span.ToArray())];
    }
}
