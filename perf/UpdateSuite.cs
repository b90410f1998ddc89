using BenchmarkDotNet.Attributes;
using Naf.Kernels.Population;
using Naf.Kernels.Update;

namespace Naf.Perf;

/// <summary>
/// The whole update (minibatch, targets, loss, gradient, Adam, Polyak) at the reference size: 20 observations, 6 actions, three networks of 2 × 200.
/// The time is of one update of every learner.
/// </summary>
public class UpdateSuite : PeerSuite
{
    private const int Updates = 20, Replay = 10_000;

    private NafPopulation _population = null!;
    private TorchUpdate _byHand = null!;
    private TorchModules[] _modules = [];

    /// <summary>Learners trained at once.</summary>
    [Params(1, 8)]
    public int Learners { get; set; } = 1;

    /// <summary>Samples of a minibatch.</summary>
    [Params(64, 256)]
    public int Batch { get; set; } = 64;

    internal override string Work => "update";

    internal override string Case => $"learners {Learners}, minibatch {Batch}";

    internal override string Unit => "updates/s";

    internal override double Units => Updates * Learners;

    internal override IReadOnlyList<(string Name, Action Once)> Implementations =>
    [
        ("Naf.Gpu", Naf), ("TorchSharp, gradient by hand", TorchByHand),
        .. Learners <= 8 && Threads == 1 ? [("TorchSharp, modules and autograd", TorchModules)] : Array.Empty<(string, Action)>(),
    ];

    internal override IEnumerable<(string Name, string Module, string[] Script)> PythonPeers
    {
        get
        {
            string[] sizes = ["--learners", $"{Learners}", "--batch", $"{Batch}", "--threads", $"{Threads}"];
            yield return ("JAX", "jax", ["naf_jax.py", "--device", IsCuda ? "gpu" : "cpu", .. sizes]);
            if (IsCuda) yield return ("PyTorch, CUDA graph", "torch", ["naf_torch.py", "--device", "cuda", "--graph", .. sizes]);
        }
    }

    /// <summary>The engine.</summary>
    [Benchmark(OperationsPerInvoke = Updates)]
    public void Naf()
    {
        _population.Update(Updates);
        // a report waits for the device
        _population.TakeReport(0);
    }

    /// <summary>Flat parameters, batched networks, gradient by hand.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Updates)]
    public void TorchByHand()
    {
        for (int i = 0; i < Updates; i++) _byHand.Update();
        Wait();
    }

    /// <summary>Three nn.Sequential, autograd, torch.optim.Adam; one learner after the other.</summary>
    [Benchmark(OperationsPerInvoke = Updates)]
    public void TorchModules()
    {
        foreach (TorchModules learner in _modules)
            for (int i = 0; i < Updates; i++) learner.Update();
        Wait();
    }

    private protected override void Make()
    {
        var shape = new NafShape(20, 6, [200, 200]);
        LearnerSettings[] learners = [.. Enumerable.Range(0, Learners).Select(k => new LearnerSettings { Seed = (ulong)k })];
        Transitions[] replays = [.. learners.Select(l => Transitions.Draw(shape, Replay, 100 + l.Seed))];
        _population = new NafPopulation(Engine, shape, [], Batch, Replay, learners);
        for (int k = 0; k < Learners; k++) replays[k].Store(_population, k);
        _byHand = new TorchUpdate(shape, learners, replays, Batch, TorchDevice);
        _modules = [.. learners.Select((l, k) => new TorchModules(shape, l, replays[k], Batch, TorchDevice))];
        Check(shape, learners, replays);
    }

    // three updates from the same parameters and minibatches: the last ones' numbers depend on every parameter, moment and target of the first
    private void Check(NafShape shape, LearnerSettings[] learners, Transitions[] replays)
    {
        for (int update = 0; update < 3; update++)
        {
            long[][] rows = [.. learners.Select((l, k) => replays[k].Minibatch(l, update, Batch))];
            _population.Update(1);
            var engine = new List<float>();
            var modules = new List<float>();
            for (int k = 0; k < Learners; k++)
            {
                LearnerReport report = _population.TakeReport(k);
                engine.AddRange([(float)report.Loss, (float)report.GradientNorm, (float)report.MeanQ]);
                (double loss, double norm, double q) = _modules[k].Update(rows[k]);
                modules.AddRange([(float)loss, (float)norm, (float)q]);
            }
            Require("loss, gradient norm and mean Q", engine.ToArray(), modules.ToArray(), 1e-4);
            (double Loss, double Norm, double MeanQ) all = _byHand.Update([.. rows.SelectMany((r, k) => r.Select(row => row + k * Replay))]);
            // of all learners together
            float[] means = [Mean(0), (float)Math.Sqrt(Enumerable.Range(0, Learners).Sum(k => Math.Pow(engine[3 * k + 1], 2))), Mean(2)];
            Require("loss, gradient norm and mean Q", means, [(float)all.Loss, (float)all.Norm, (float)all.MeanQ], 1e-4);

            float Mean(int of) => Enumerable.Range(0, Learners).Average(k => engine[3 * k + of]);
        }
    }

    private protected override void Free() => _population?.Dispose();
}
