using BenchmarkDotNet.Attributes;
using Naf.Kernels.Advantage;
using Naf.Kernels.Random;

namespace Naf.Perf;

/// <summary>The normalized advantage function of many samples, from the networks' outputs to μ, L, A and Q. The time is of all samples.</summary>
public class AdvantageSuite : PeerSuite
{
    private const int Actions = 6;

    private AdvantageEvaluation _evaluation = null!;
    private TorchHeads _torch = null!;
    private float[] _v = [], _m = [], _l = [], _u = [], _mu = [], _lower = [], _advantage = [], _q = [];
    private Action _again = () => { };

    /// <summary>Samples of a call.</summary>
    [Params(4096, 65536)]
    public int Batch { get; set; } = 65536;

    internal override string Work => "advantage";

    internal override string Case => $"{Batch} samples of {Actions} actions";

    internal override string Unit => "evaluations/s";

    internal override double Units => Batch;

    internal override IReadOnlyList<(string Name, Action Once)> Implementations => [("Naf.Gpu", Naf), ("TorchSharp, blocks in the cache", Torch)];

    /// <summary>The engine; on a GPU the samples are there.</summary>
    [Benchmark]
    public void Naf() => _again();

    /// <summary>On a CPU in blocks that stay in its cache.</summary>
    [Benchmark(Baseline = true)]
    public void Torch()
    {
        _torch.Run();
        Wait();
    }

    private protected override void Make()
    {
        const int packed = Actions * (Actions + 1) / 2;
        (_v, _m, _l, _u) = (Drawn(1, 0), Drawn(Actions, 1), Drawn(packed, 2), Drawn(Actions, 3));
        (_mu, _lower, _advantage, _q) = (Poisoned(Actions), Poisoned(packed), Poisoned(1), Poisoned(1));
        _evaluation = new AdvantageEvaluation(Engine, Actions, Batch);
        Action whole = () => _evaluation.Evaluate(_v, _m, _l, _u, _mu, _lower, _advantage, _q);
        _again = EngineInside.Again(_evaluation, Engine, whole);
        whole();
        _torch = new TorchHeads(_v, _m, _l, _u, Actions, TorchDevice);
        float[][] peer = _torch.Results();
        float[][] engine = [_mu, _lower, _advantage, _q];
        for (int part = 0; part < engine.Length; part++) Require("μ, L, A and Q", engine[part], peer[part], 1e-5);

        float[] Drawn(int row, uint lane) =>
            [.. Enumerable.Range(0, Batch * row).Select(i => (float)(0.7 * Philox.Normal(7, RandomStream.Exploration, (ulong)i, lane)))];

        float[] Poisoned(int row) => [.. Enumerable.Repeat(float.NaN, Batch * row)];
    }

    private protected override void Free() => _evaluation?.Dispose();
}
