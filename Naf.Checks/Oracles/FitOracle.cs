using ILGPU;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Scalar;

namespace Naf.Checks.Oracles;

/// <summary>One learner's fit by the kernel's body in plain C#, in double precision: the oracle.</summary>
/// <param name="F">[T, S, S + A].</param>
/// <param name="Offset">[T, S], f.</param>
/// <param name="N">[T, S, S].</param>
/// <param name="Packed">[T, PackedStep].</param>
/// <param name="Finite">Whether every number is finite in float32.</param>
internal sealed record FitOracle(double[] F, double[] Offset, double[] N, float[] Packed, bool Finite)
{
    /// <param name="data">Its episodes, prior and scale, of a single learner.</param>
    /// <param name="through">Whether the packed model passes through the only episode.</param>
    public static FitOracle Fit(FitData data, GaussianFitSettings settings, bool through = false)
    {
        DynamicsShape shape = data.Shape;
        (int t, int s, int size) = (shape.Horizon, shape.State, shape.Sample);
        double[][][] episodes = data.Episodes[0];
        var samples = new double[episodes.Length * t * size];
        for (int e = 0; e < episodes.Length; e++)
            episodes[e].SelectMany(z => z).ToArray().CopyTo(samples, e * t * size);
        using var memory = new HostArrays();
        HostArray<double> f = Array(new double[t * s * shape.Input]), offset = Array(new double[t * s]),
            n = Array(new double[t * s * s]);
        HostArray<float> packed = Array(new float[t * shape.PackedStep]);
        HostArray<int> wrong = Array(new int[1]);
        // elements that the body does not write stay NaN
        foreach (HostArray<double> written in (HostArray<double>[])[f, offset, n]) written.Span.Fill(double.NaN);
        shape.PoisonPacked(packed.Span);
        var at = new FitArguments<double>
        {
            Fitted = Array(new int[1]).View, Samples = Array(samples).View,
            Lengths = Array(episodes.Select(e => e.Length).ToArray()).View,
            Diagonal = Array(settings.Diagonal(shape, 1, data.Scale)).View,
            PriorMean = Array(data.Prior?.Mean ?? []).View, PriorScatter = Array(data.Prior?.Scatter ?? []).View,
            F = f.View, Offset = offset.View, N = n.View, Packed = packed.View, Wrong = wrong.View,
            Horizon = t, State = s, Action = shape.Action, PackedRow = shape.PackedRow, Episodes = episodes.Length,
            PriorSteps = data.Prior?.Steps(shape, 1) ?? 0, Number = 1, Through = through ? 1 : 0,
            Strength = data.Prior?.Strength ?? 0,
        };
        ArrayView<double> work = Array(new double[GaussianFitKernel.Work(shape)]).View;
        for (int step = 0; step < t; step++)
            GaussianFitKernel.Body<double, DoubleMath, SingleThread>(step, at, work, default);
        return new FitOracle(f.Span.ToArray(), offset.Span.ToArray(), n.Span.ToArray(), packed.Span.ToArray(),
            wrong.Span[0] == 0);

        HostArray<T> Array<T>(T[] elements) where T : unmanaged => memory.Add(new HostArray<T>(elements));
    }
}
