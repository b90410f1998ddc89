using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Gpu.Devices;

namespace Naf.Perf;

/// <summary>
/// The normalized advantage function of many samples: μ, L, A and Q from the networks' outputs. Times are for all
/// samples.
/// </summary>
public class AdvantageSuite() : PeerSuite("advantage", "evaluations/s")
{
    private TorchHeads _torch = null!;

    /// <summary>Samples per call.</summary>
    [Params(4096, 65536)]
    public int Batch { get; set; } = 65536;

    internal override string Case => $"{Batch} samples of 6 actions";

    internal override IReadOnlyList<(string Name, Action Once)> Peers => [("TorchSharp, blocks in the cache", Torch)];

    /// <summary>On a CPU, in blocks that fit into its cache.</summary>
    [Benchmark(Baseline = true)]
    public void Torch() => RunPeer(_torch.Run);

    private protected override void Make(Device device)
    {
        var engine = new AdvantageBenchmark(device, new AdvantageBenchmarkSizes { Batch = Batch });
        Engine = engine;
        engine.Compare();
        _torch = new TorchHeads(engine.Inputs, TorchDevice);
        float[][] peer = _torch.Results();
        for (int part = 0; part < peer.Length; part++)
            Require("μ, L, A and Q", engine.Outputs[part].Span, peer[part], 1e-5);
    }
}
