using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using TorchSharp;

namespace Naf.Perf;

/// <summary>
/// The fit of time-varying linear-Gaussian dynamics at the reference size: 150 time steps of 20 states and 6 actions, 5
/// episodes, one prior for all steps. Times are for one fit of every learner.
/// </summary>
public class FitSuite() : PeerSuite("fit", "fits/s")
{
    private TorchFit _torch = null!;

    /// <summary>Number of learners fitted together.</summary>
    [Params(1, 8)]
    public int Learners { get; set; } = 1;

    internal override string Case => $"learners {Learners}, {new DynamicsShape(150, 20, 6)}, 5 episodes";

    internal override IReadOnlyList<(string Name, Action Once)> Peers => [("TorchSharp, batched Cholesky", Torch)];

    /// <summary>All time steps and learners in batched products and Cholesky factorisations.</summary>
    [Benchmark(Baseline = true)]
    public void Torch() => RunPeer(() => _torch.Run());

    private protected override void Make(Device device)
    {
        var engine = new FitBenchmark(device, new FitBenchmarkSizes { Learners = Learners });
        Engine = engine;
        GaussianFit fit = engine.Fit;
        _torch = new TorchFit(fit, engine.Data, TorchDevice);
        engine.Run();
        _torch.Run(keep: true);
        float[][] expected =
            [.. _torch.Result.Select(part => part.to(torch.float32).cpu().contiguous().data<float>().ToArray())];
        for (int k = 0; k < Learners; k++)
        {
            (double[] f, double[] offset, double[] n) = fit.Model(k);
            double[][] actual = [f, offset, n];
            // a device without double precision fits in float32
            for (int part = 0; part < actual.Length; part++)
                Require("F, f and N", [.. actual[part].Select(v => (float)v)],
                    expected[part].AsSpan(k * actual[part].Length, actual[part].Length), fit.IsDouble ? 1e-5 : 1e-2);
        }
    }
}
