using Naf.Checks.Benchmarks;
using Naf.Kernels.Advantage;

namespace Naf.Tests;

/// <summary>V, μ, L, A and Q of many samples, against the reference in double precision.</summary>
internal sealed class AdvantageEvaluationTests(string name) : EveryDeviceFixture(name)
{
    [TestCase(1, 1)]
    [TestCase(6, 31)]
    [TestCase(3, 443)]
    [TestCase(64, 5)]
    public void It_agrees_with_the_reference(int action, int samples)
    {
        using var evaluation = new AdvantageBenchmark(Device,
            new AdvantageBenchmarkSizes { Action = action, Batch = samples });
        Assert.That(evaluation.Compare(), Has.Property("Agrees").True);
    }

    [Test]
    public void No_samples_are_refused() =>
        Assert.That(() => new AdvantageEvaluation(Device, 2, 0),
            Throws.ArgumentException.With.Message.Contains("samples"));

    [Test]
    public void A_ceiling_is_measured()
    {
        DeviceCeiling ceiling = DeviceCeiling.Measure(Device, 0.01, 4096);
        Assert.That(ceiling, Has.Property("GflopPerSecond").GreaterThan(0)
            .And.Property("GigabytesPerSecond").GreaterThan(0));
    }
}
