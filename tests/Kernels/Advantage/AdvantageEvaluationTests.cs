using Naf.Checks.Benchmarks;
using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>V, μ, L, A and Q of many samples on every device, against the reference in double precision.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class AdvantageEvaluationTests(string name) : GpuFixture(name)
{
    [TestCase(1, 1)]
    [TestCase(6, 31)]
    [TestCase(3, 443)]
    [TestCase(64, 5)]
    public void A_GPU_agrees_with_the_reference(int action, int samples) => Check(Device, action, samples);

    [TestCase(1, 1, 1)]
    [TestCase(6, 31, 1)]
    [TestCase(3, 443, 2)]
    [TestCase(64, 5, 2)]
    public void The_processor_agrees_with_the_reference(int action, int samples, int threads)
    {
        using var cpu = new CpuDevice(threads);
        Check(cpu, action, samples);
    }

    [Test]
    public void Wrong_sizes_are_refused()
    {
        Assert.That(() => new AdvantageEvaluation(Device, 65, 10), Throws.ArgumentException.With.Message.Contains("1 to 64"));
        Assert.That(() => new AdvantageEvaluation(Device, 2, 0), Throws.ArgumentException.With.Message.Contains("samples"));
        using var evaluation = new AdvantageEvaluation(Device, 2, 3);
        float[] two = new float[6], three = new float[9], one = new float[3];
        Assert.That(() => evaluation.Evaluate(one, two, two, two, two, three, one, one),
            Throws.ArgumentException.With.Message.EqualTo("l has 6 entries, expected 3 × 3"));
    }

    [Test]
    public void A_ceiling_is_measured()
    {
        DeviceCeiling ceiling = DeviceCeiling.Measure(Device, 0.01, 4096);
        Assert.That(ceiling, Has.Property("GflopPerSecond").GreaterThan(0).And.Property("GigabytesPerSecond").GreaterThan(0));
    }

    private static void Check(Device device, int action, int samples)
    {
        using var evaluation = new AdvantageEvaluation(device, action, samples);
        using var trial = new AdvantageTrial(evaluation);
        trial.Evaluate();
        Assert.That(trial.Error(), Is.LessThan(AdvantageTrial.Tolerance));
    }
}
