using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Rollout;

namespace Naf.Perf;

/// <summary>
/// Imagination rollouts of 10 steps at the reference size: a chain of hinges with 20 states and 6 actions, networks of
/// 2 × 200, models of 150 time steps. Times are for one call.
/// </summary>
public class RolloutSuite() : PeerSuite("rollouts", "imagined steps/s")
{
    private TorchRollouts _gathered = null!, _bucketed = null!;

    /// <summary>Rollouts per call.</summary>
    [Params(512, 4096)]
    public int Rollouts { get; set; } = 4096;

    internal override string Case => $"{Rollouts} rollouts of 10 steps";

    internal override IReadOnlyList<(string Name, Action Once)> Peers =>
        [("TorchSharp, models gathered", TorchGathered), ("TorchSharp, models in buckets", TorchBucketed)];

    internal override IEnumerable<(string Name, string Module, string[] Script)> PythonPeers =>
        [("JAX", "jax", ["rollout_jax.py", "--device", IsCuda ? "gpu" : "cpu", "--rollouts", $"{Rollouts}"])];

    /// <summary>Every rollout gathers the model of its time step.</summary>
    [Benchmark(Baseline = true)]
    public void TorchGathered() => RunPeer(_gathered.Run);

    /// <summary>Rollouts at one time step share a batched product.</summary>
    [Benchmark]
    public void TorchBucketed() => RunPeer(_bucketed.Run);

    private protected override void Make(Device device)
    {
        var engine = new RolloutBenchmark(device, new RolloutBenchmarkSizes { Rollouts = Rollouts });
        Engine = engine;
        RolloutTrial trial = engine.Trial;
        RolloutSettings noisy = trial.Rollouts.Settings(0);
        // without noise compare every row; with noise, the spread of s′ about its mean
        Compare(noisy with { SampleDynamics = false, ActionNoise = 0 }, "rows", rows => rows, 1e-4);
        Compare(noisy, "the spread of s′", rows => [Spread(rows)], 0.05);

        void Compare(RolloutSettings settings, string what, Func<float[], float[]> of, double limit)
        {
            trial.Rollouts.SetSettings(0, settings);
            _gathered = new TorchRollouts(trial, bucketed: false, TorchDevice);
            _bucketed = new TorchRollouts(trial, bucketed: true, TorchDevice);
            engine.Run();
            float[] ours = of(trial.Imagined(0).Rows.ToArray());
            foreach (TorchRollouts peer in (TorchRollouts[])[_gathered, _bucketed])
            {
                peer.Run();
                Require(what, ours, of(peer.Rows.cpu().data<float>().ToArray()), limit);
            }
        }

        // mean square of s′ over all rows
        float Spread(float[] rows)
        {
            RolloutDefinition definition = trial.Rollouts.Definition;
            int length = definition.RowLength, state = definition.Dynamics.State;
            return (float)rows.Where((_, i) => i % length >= length - state).Average(v => (double)v * v);
        }
    }
}
