using BenchmarkDotNet.Attributes;
using Naf.Gpu;
using Naf.Kernels;

namespace Naf.Perf;

/// <summary>One whole update at the reference size: 20 observations, 6 actions, minibatch 64, Adam, Polyak.</summary>
public class UpdateSuite
{
    private CpuDevice _device = null!;
    private NafPopulation _population = null!;

    /// <summary>Threads of the device.</summary>
    [Params(1, 2)]
    public int Threads { get; set; }

    /// <summary>Learners trained at once; the time is of one update of each.</summary>
    [Params(1, 2)]
    public int Learners { get; set; }

    /// <summary>Three networks of 2 × 200, or one trunk.</summary>
    [Params(false, true)]
    public bool Trunk { get; set; }

    /// <summary>Holds the update against the reference, then warms it up.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        _device = new CpuDevice(Threads);
        var shape = new NafShape(20, 6, [200, 200], Trunk);
        LearnerSettings[] learners = [.. Enumerable.Range(0, Learners).Select(k => new LearnerSettings { Seed = (ulong)k })];
        UpdateCheck.Errors errors = UpdateCheck.Run(_device, shape, learners[0], 64, updates: 2, [.. Enumerable.Repeat(1f, 20)]);
        if (!errors.Agree) throw new InvalidOperationException($"the update differs from the reference: {errors}");
        _population = new NafPopulation(_device, shape, [], 64, 10_000, learners);
        for (int k = 0; k < Learners; k++) UpdateCheck.Fill(_population, k, 10_000, (ulong)k);
    }

    /// <summary>Sample, targets, gradient, Adam, Polyak.</summary>
    [Benchmark]
    public void Update() => _population.Update(1);

    /// <summary>Frees the learners.</summary>
    [GlobalCleanup]
    public void CleanUp()
    {
        _population.Dispose();
        _device.Dispose();
    }
}
