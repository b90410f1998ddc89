using BenchmarkDotNet.Attributes;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using TorchSharp;

namespace Naf.Perf;

/// <summary>
/// The fit of time-varying linear-Gaussian dynamics at the reference size: 150 time steps of 20 states and 6 actions, 5 episodes, one prior for all
/// steps. The time is of one fit of every learner.
/// </summary>
public class FitSuite : PeerSuite
{
    private const int Episodes = 5;
    private static readonly DynamicsShape Shape = new(150, 20, 6);

    private GaussianFit _fit = null!;
    private TorchFit _torch = null!;
    private GaussianPrior _prior = null!;
    private double[] _scale = [];

    /// <summary>Learners fitted at once.</summary>
    [Params(1, 8)]
    public int Learners { get; set; } = 1;

    internal override string Work => "fit";

    internal override string Case => $"learners {Learners}, {Shape}, {Episodes} episodes";

    internal override string Unit => "fits/s";

    internal override double Units => Learners;

    internal override IReadOnlyList<(string Name, Action Once)> Implementations => [("Naf.Gpu", Naf), ("TorchSharp, batched Cholesky", Torch)];

    /// <summary>The engine.</summary>
    [Benchmark]
    public void Naf()
    {
        _fit.Fit(_prior, _scale);
        // a look at the result waits for the device
        _fit.IsFinite(0);
    }

    /// <summary>All time steps and learners in batched products and Cholesky factors.</summary>
    [Benchmark(Baseline = true)]
    public void Torch()
    {
        _torch.Run();
        Wait();
    }

    private protected override void Make()
    {
        var settings = new GaussianFitSettings();
        double[][] episodes = [.. Enumerable.Range(0, Learners * Episodes).Select(e => Episode((ulong)e))];
        SampleMoments[] moments = [.. episodes.Chunk(Episodes).Select(learner =>
            SampleMoments.Of(Shape.Sample, [.. learner.SelectMany(episode => episode)]))];
        (_prior, _scale) = (GaussianPrior.Pooled(moments, 3), [.. moments.SelectMany(m => m.Scale())]);
        _fit = new GaussianFit(Engine, Shape, Learners, Episodes, settings);
        for (int e = 0; e < episodes.Length; e++) _fit.Store(e / Episodes, e % Episodes, episodes[e]);
        _torch = new TorchFit(Shape, [.. episodes.SelectMany(e => e)], Learners, _prior, _scale, settings, TorchDevice);
        Check();
    }

    private void Check()
    {
        Naf();
        _torch.Run(keep: true);
        float[][] expected = [.. _torch.Result.Select(part => part.to(torch.float32).cpu().contiguous().data<float>().ToArray())];
        (int t, int s, int row) = (Shape.Horizon, Shape.State, Shape.PackedRow);
        for (int k = 0; k < Learners; k++)
        {
            (double[] f, double[] offset, double[] n) = _fit.Model(k);
            float[] packed = _fit.Packed(k);
            // row j of the packed factor is its column j
            float[] factor = [.. Enumerable.Range(0, t * s * s).Select(i =>
                packed[i / (s * s) * Shape.PackedStep + (Shape.Input + 1 + i % s) * row + i / s % s])];
            float[][] actual = [Narrow(f), Narrow(offset), Narrow(n), factor];
            // a device without double precision fits in float32
            for (int part = 0; part < 4; part++)
                Require("F, f, N and its factor", actual[part], expected[part].AsSpan(k * actual[part].Length, actual[part].Length),
                    _fit.IsDouble ? 1e-5 : 1e-2);
        }

        static float[] Narrow(double[] values) => [.. values.Select(v => (float)v)];
    }

    // s′ = 0.9 s + 0.1 (mixture of s and u) + noise
    private static double[] Episode(ulong seed)
    {
        var z = new double[Shape.Horizon * Shape.Sample];
        (int s, int inputs, ulong draw) = (Shape.State, Shape.Input, 0);
        for (int t = 0; t < Shape.Horizon; t++)
        {
            Span<double> now = z.AsSpan(t * Shape.Sample, Shape.Sample);
            for (int i = 0; i < s; i++) now[i] = t == 0 ? Normal() : z[(t - 1) * Shape.Sample + inputs + i];
            for (int i = s; i < inputs; i++) now[i] = Math.Tanh(Normal());
            for (int i = 0; i < s; i++)
            {
                double next = 0.9 * now[i] + 0.02 * Normal();
                for (int j = 0; j < inputs; j++) next += 0.1 / Math.Sqrt(inputs) * Math.Sin(1 + i * inputs + j + 0.1 * t) * now[j];
                now[inputs + i] = next;
            }
        }
        return z;

        double Normal() => Philox.Normal(seed, RandomStream.Reset, draw++);
    }

    private protected override void Free() => _fit?.Dispose();
}
