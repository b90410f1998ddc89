using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Update;
using TorchSharp;

namespace Naf.Perf;

/// <summary>
/// The complete update (minibatch, targets, loss, gradient, Adam, Polyak) at the reference size: 20 observations, 6
/// actions, three networks of 2 × 200. Times are for one update of every learner.
/// </summary>
public class UpdateSuite() : PeerSuite("update", "updates/s")
{
    private const int Updates = 20;

    private TorchUpdate _byHand = null!;
    private TorchModules[] _modules = [];

    /// <summary>Number of learners trained together.</summary>
    [Params(1, 8)]
    public int Learners { get; set; } = 1;

    /// <summary>Minibatch size.</summary>
    [Params(64, 256)]
    public int Batch { get; set; } = 64;

    internal override string Case => $"learners {Learners}, minibatch {Batch}";

    internal override IReadOnlyList<(string Name, Action Once)> Peers => Learners <= 8 && Threads == 1
        ? [("TorchSharp, gradient by hand", TorchByHand), ("TorchSharp, modules and autograd", TorchModules)]
        : [("TorchSharp, gradient by hand", TorchByHand)];

    internal override IEnumerable<(string Name, string Module, string[] Script)> PythonPeers
    {
        get
        {
            string[] sizes = ["--learners", $"{Learners}", "--batch", $"{Batch}", "--threads", $"{Threads}"];
            yield return ("JAX", "jax", ["naf_jax.py", "--device", IsCuda ? "gpu" : "cpu", .. sizes]);
            string[] graph = ["naf_torch.py", "--device", "cuda", "--graph", .. sizes];
            if (IsCuda) yield return ("PyTorch, CUDA graph", "torch", graph);
        }
    }

    /// <summary>The engine.</summary>
    [Benchmark(OperationsPerInvoke = Updates)]
    public override void Naf() => base.Naf();

    /// <summary>Flat parameters, batched networks, gradient by hand.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Updates)]
    public void TorchByHand() => RunPeer(() =>
    {
        for (int i = 0; i < Updates; i++) _byHand.Update();
    });

    /// <summary>Three nn.Sequential, autograd, torch.optim.Adam; one learner after another.</summary>
    [Benchmark(OperationsPerInvoke = Updates)]
    public void TorchModules() => RunPeer(() =>
    {
        foreach (TorchModules learner in _modules)
            for (int i = 0; i < Updates; i++) learner.Update();
    });

    private protected override void Make(Device device)
    {
        var engine = new UpdateBenchmark(
            device, new UpdateBenchmarkSizes { Learners = Learners, Batch = Batch, UpdatesPerCall = Updates });
        Engine = engine;
        LearnerPopulation population = engine.Population;
        int[] learners = [.. Enumerable.Range(0, Learners)];
        _byHand = new TorchUpdate(population, TorchDevice);
        _modules = [.. learners.Select(k => new TorchModules(population, k, TorchDevice))];
        // compare three updates from the same parameters and minibatches: the last one's numbers depend on every
        // parameter, moment and target of the first
        const string What = "loss, gradient norm and mean Q";
        for (int update = 0; update < 3; update++)
        {
            // [batch, x | u | r | b | x′] of each learner
            torch.Tensor[] rows = [.. learners.Select(k =>
                torch.tensor(UpdateCheck.NextMinibatch(population, k), torch.float32).view(Batch, -1).to(TorchDevice))];
            population.Update(1);
            LearnerReport[] reports = [.. learners.Select(population.TakeReport)];
            foreach (int k in learners)
                Require(What, Numbers(reports[k].Loss, reports[k].GradientNorm, reports[k].MeanQ),
                    _modules[k].Update(rows[k]), 1e-4);
            double norm = Math.Sqrt(reports.Sum(r => r.GradientNorm * r.GradientNorm));
            Require(What, Numbers(reports.Average(r => r.Loss), norm, reports.Average(r => r.MeanQ)),
                _byHand.Update(torch.stack(rows)), 1e-4);
        }

        static float[] Numbers(double loss, double norm, double meanQ) => [(float)loss, (float)norm, (float)meanQ];
    }
}
