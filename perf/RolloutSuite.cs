using BenchmarkDotNet.Attributes;
using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Update;

namespace Naf.Perf;

/// <summary>
/// Imagination rollouts of 10 steps at the reference size: a chain of hinges with 20 states and 6 actions, networks of 2 × 200, models of 150 time
/// steps. The time is of one call.
/// </summary>
public class RolloutSuite : PeerSuite
{
    private static readonly RolloutBenchmarkSettings Sizes = new();

    private NafPopulation _population = null!;
    private ImaginationRollouts _rollouts = null!;
    private TorchRollouts _gathered = null!, _bucketed = null!;

    /// <summary>Rollouts of a call.</summary>
    [Params(512, 4096)]
    public int Rollouts { get; set; } = 4096;

    internal override string Work => "rollouts";

    internal override string Case => $"{Rollouts} rollouts of {Sizes.Steps} steps";

    internal override string Unit => "imagined steps/s";

    internal override double Units => Rollouts * Sizes.Steps;

    internal override IReadOnlyList<(string Name, Action Once)> Implementations =>
        [("Naf.Gpu", Naf), ("TorchSharp, models gathered", TorchGathered), ("TorchSharp, models in buckets", TorchBucketed)];

    internal override IEnumerable<(string Name, string Module, string[] Script)> PythonPeers =>
        [("JAX", "jax", ["rollout_jax.py", "--device", IsCuda ? "gpu" : "cpu", "--rollouts", $"{Rollouts}"])];

    /// <summary>The engine.</summary>
    [Benchmark]
    public void Naf()
    {
        _rollouts.Run();
        // a report waits for the device
        _rollouts.Report(0);
    }

    /// <summary>Every rollout gathers the model of its time step.</summary>
    [Benchmark(Baseline = true)]
    public void TorchGathered()
    {
        _gathered.Run();
        Wait();
    }

    /// <summary>Rollouts at one time step share a batched product.</summary>
    [Benchmark]
    public void TorchBucketed()
    {
        _bucketed.Run();
        Wait();
    }

    private protected override void Make()
    {
        RolloutDefinition definition = RolloutBenchmark.Definition(Sizes);
        var shape = new NafShape(2 * Sizes.Joints, Sizes.Action, Sizes.Hidden);
        var learner = new LearnerSettings { Seed = 5 };
        var settings = new RolloutSettings { Rollouts = Rollouts, Steps = Sizes.Steps, SampleDynamics = false };
        float[] dynamics = RolloutCheck.DrawDynamics(definition.Dynamics, learner.Seed);
        _population = new NafPopulation(Engine, shape, [], 64, 64, [learner], imaginedCapacity: Rollouts * Sizes.Steps);
        _rollouts = new ImaginationRollouts(Engine, _population, definition, [settings]);
        _rollouts.SetDynamics(0, dynamics);
        RolloutStarts starts = _rollouts.Starts(0);
        RolloutCheck.DrawStarts(starts, definition, Rollouts, Sizes.Steps, learner.Seed);
        (float[] states, int[] times) = (starts.State.ToArray(), starts.Time.ToArray());

        // without noise every row must be the same
        _rollouts.Run();
        float[] rows = EngineInside.Imagined(_population, 0);
        foreach (bool bucketed in new[] { false, true })
        {
            TorchRollouts peer = Peer(settings, bucketed);
            peer.Run();
            Require("rows", rows, peer.Rows.cpu().data<float>().ToArray(), 1e-4);
        }

        // with noise, the spread of s′ about its mean
        settings = settings with { SampleDynamics = true, ActionNoise = 0.2f };
        _rollouts.SetSettings(0, settings);
        (_gathered, _bucketed) = (Peer(settings, bucketed: false), Peer(settings, bucketed: true));
        _rollouts.Run();
        double engine = Spread(EngineInside.Imagined(_population, 0));
        foreach (TorchRollouts peer in (TorchRollouts[])[_gathered, _bucketed])
        {
            peer.Run();
            Require("the spread of s′", [(float)engine], [(float)Spread(peer.Rows.cpu().data<float>().ToArray())], 0.05);
        }

        TorchRollouts Peer(RolloutSettings noise, bool bucketed) =>
            new(definition, noise, (shape.Networks()[1], TorchParameters.AtBirth(shape, learner)[1]), dynamics, states, times, bucketed, TorchDevice);

        // mean square of s′ over all rows
        double Spread(float[] all)
        {
            int length = definition.RowLength, state = definition.Dynamics.State;
            return all.Where((_, i) => i % length >= length - state).Average(v => (double)v * v);
        }
    }

    private protected override void Free()
    {
        _rollouts?.Dispose();
        _population?.Dispose();
    }
}
