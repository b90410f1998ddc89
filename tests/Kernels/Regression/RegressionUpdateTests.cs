using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Regression;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The regression's updates against the reference in double precision, on awkward sizes.</summary>
[TestFixture("cpu")]
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class RegressionUpdateTests(string name)
{
    private static readonly CpuDevice Processor = new(2);

    private Device Open() => name == "cpu" ? Processor : GpuDevices.Shared(name);

    // with a large ε of Adam: with a small one the direction of a parameter whose gradient is nearly zero is a matter of rounding
    private static RegressionSettings Settings(string hidden, int batch) =>
        new() { Hidden = [.. hidden.Split(',').Select(int.Parse)], Batch = batch, LearningRate = 1e-2f, Epsilon = 1e-2f };

    [TestCase(1, 1, "1", 1)]
    [TestCase(1, 3, "17", 31)]
    [TestCase(31, 20, "31,17", 16)]
    [TestCase(33, 1, "40,24,33", 19)]
    [TestCase(26, 20, "200,200", 64)]
    [TestCase(7, 443, "31", 3)]
    public void An_update_agrees_with_the_oracle(int inputs, int outputs, string hidden, int batch)
    {
        RegressionCheck.Errors errors =
            RegressionCheck.Run(Open(), inputs, outputs, [.. hidden.Split(',').Select(int.Parse)], batch, updates: 3);
        Assert.That(errors.Agree, Is.True, errors.ToString());
    }

    [Test]
    public void One_call_is_several()
    {
        Device device = Open();
        using NetworkRegression one = new(device, 5, 2, Settings("31", 16), [3]), several = new(device, 5, 2, Settings("31", 16), [3]);
        float[] rows = RegressionCheck.Draw(100, 7, 1);
        // more than are uploaded at once
        double mean = one.Train(0, rows, 300), sum = 0;
        foreach (int updates in new[] { 1, 0, 99, 200 }) sum += updates == 0 ? 0 : updates * several.Train(0, rows, updates);
        Assert.That(sum / 300, Is.EqualTo(mean).Within(1e-12));
        Assert.That(several.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(one.LearnerAt(0).Parameters.Span.ToArray()));
    }

    [TestCase(0, float.NaN)]
    [TestCase(5, float.NaN)]
    [TestCase(2, float.PositiveInfinity)]
    [TestCase(6, 1e30f)]
    public void A_learner_that_meets_what_is_not_finite_stops_alone_before_its_parameters_are_touched(int entry, float value)
    {
        Device device = Open();
        using var regression = new NetworkRegression(device, 5, 2, Settings("31", 16), [3, 4]);
        float[] rows = RegressionCheck.Draw(100, 7, 1), bad = [.. rows];
        for (int m = 0; m < 100; m++) bad[m * 7 + entry] = value;
        for (int k = 0; k < 2; k++) regression.Train(k, rows, 5);
        float[] before = regression.LearnerAt(0).Parameters.Span.ToArray();
        Assert.That(regression.Train(0, bad, 300), Is.NaN);
        Assert.That(regression.Train(0, rows, 5), Is.NaN, "it stays so");
        Assert.That((regression.Finite(0), regression.Updates(0)), Is.EqualTo((false, 5L)));
        Assert.That(regression.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(before));
        Assert.That(regression.Train(1, rows, 5), Is.GreaterThan(0));
        Assert.That((regression.Finite(1), regression.Updates(1)), Is.EqualTo((true, 10L)));
        using var stream = new MemoryStream();
        regression.Save(stream);
        stream.Position = 0;
        using var loaded = new NetworkRegression(device, 5, 2, Settings("31", 16), [3, 4]);
        loaded.Load(stream);
        Assert.That((loaded.Finite(0), loaded.Train(0, rows, 1)), Is.EqualTo((false, double.NaN)));
    }

    [Test]
    public void A_checkpoint_moves_to_the_processor_and_goes_on_bitwise_where_it_was()
    {
        Device device = Open();
        using Device cpu = new CpuDevice(1);
        RegressionSettings settings = Settings("31,20", 16);
        using NetworkRegression first = new(device, 5, 2, settings, [3, 4]), again = new(device, 5, 2, settings, [3, 4]);
        using NetworkRegression moved = new(cpu, 5, 2, settings, [3, 4]), alone = new(device, 5, 2, settings, [4]);
        float[] rows = RegressionCheck.Draw(100, 7, 1);
        foreach (NetworkRegression regression in (NetworkRegression[])[first, alone]) RegressionCheck.Standardise(regression);
        for (int k = 0; k < 2; k++) first.Train(k, rows, 20);
        alone.Train(0, rows, 20);
        byte[] state = State(first);
        foreach (NetworkRegression regression in (NetworkRegression[])[again, moved])
        {
            regression.Load(new MemoryStream(state));
            Assert.That(State(regression), Is.EqualTo(state));
        }
        double loss = first.Train(1, rows, 20);
        Assert.That((again.Train(1, rows, 20), alone.Train(0, rows, 20)), Is.EqualTo((loss, loss)));
        Assert.That(State(again), Is.EqualTo(State(first)));
        float[] trained = first.LearnerAt(1).Parameters.Span.ToArray();
        Assert.That(alone.LearnerAt(0).Parameters.Span.ToArray(), Is.EqualTo(trained), "with no other beside it");
        Assert.That(moved.Train(1, rows, 20), Is.EqualTo(loss).Within(Tolerances.LossOfDevices * loss));
    }

    [Test]
    public void Predictions_are_those_of_the_trained_network()
    {
        using var regression = new NetworkRegression(Open(), 31, 3, Settings("33,17", 16), [3]);
        RegressionCheck.Standardise(regression);
        float[] rows = RegressionCheck.Draw(100, 34, 1), y = [.. Enumerable.Repeat(float.NaN, 300)];
        regression.Train(0, rows, 5);
        float[] z = [.. rows.Chunk(34).SelectMany(r => r[..31])];
        regression.Predict(0, z, y);
        double[][] standardised = [.. z.Chunk(31).Select(r => r.Select((v, i) => (v - (double)i) * (i + 1)).ToArray())];
        double[] parameters = [.. regression.LearnerAt(0).Parameters.Span.ToArray().Select(v => (double)v)];
        double[][] g = new MlpOracle(regression.Shape).Forward(parameters, null, standardised);
        double[] expected = [.. g.SelectMany(row => row.Select((value, j) => 31 + j + value / (31 + j + 1)))];
        Assert.That(y, Is.EqualTo(expected).Within(Tolerances.RegressionGradient * 40));
    }

    private static byte[] State(NetworkRegression regression)
    {
        using var stream = new MemoryStream();
        regression.Save(stream);
        return stream.ToArray();
    }
}
