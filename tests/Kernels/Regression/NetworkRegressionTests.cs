using Naf.Checks.Comparisons;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Regression;
using Naf.Kernels.Settings;
using Naf.Torch;
using TorchSharp;

namespace Naf.Tests;

/// <summary>
/// A regression on every device: updates against the reference in double precision, on awkward sizes; results do not
/// depend on threads, neighbours, or an interruption.
/// </summary>
internal sealed class NetworkRegressionTests(string name) : EveryDeviceFixture(name)
{
    // a large ε of Adam: with a small one rounding decides the direction of a parameter with a tiny gradient
    private static readonly LearnerSettings Small =
        new() { BatchSize = 19, LearningRate = 1e-2, Epsilon = 1e-2f, Hidden = [40, 31] };
    private static readonly float[] Rows = RegressionCheck.Draw(200, 9, 1);

    [TestCase(1, 1, "1", 1)]
    [TestCase(1, 3, "17", 31)]
    [TestCase(31, 20, "31,17", 16)]
    [TestCase(33, 1, "40,24,33", 19)]
    [TestCase(26, 20, "200,200", 64)]
    [TestCase(7, 443, "31", 3)]
    public void An_update_agrees_with_the_oracle(int inputs, int outputs, string hidden, int batch)
    {
        KernelError[] errors =
            RegressionCheck.Run(Device, inputs, outputs, [.. hidden.Split(',').Select(int.Parse)], batch, updates: 3);
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);
    }

    [Test]
    public void One_call_is_several()
    {
        using NetworkRegression one = Make(Device, 3), several = Make(Device, 3);
        // more than one upload holds
        double mean = one.Train(0, Rows, 300), sum = 0;
        Assert.That(several.Train(0, Rows, 0), Is.NaN);
        foreach (int updates in new[] { 1, 99, 200 }) sum += updates * several.Train(0, Rows, updates);
        Assert.That(sum / 300, Is.EqualTo(mean).Within(1e-12));
        Assert.That(Parameters(several, 0), Is.EqualTo(Parameters(one, 0)));
    }

    [TestCase(0, float.NaN)]
    [TestCase(7, float.NaN)]
    [TestCase(2, float.PositiveInfinity)]
    [TestCase(8, 1e30f)]
    public void A_learner_that_meets_what_is_not_finite_stops_alone_before_its_parameters_are_touched(
        int entry, float value)
    {
        using NetworkRegression regression = Make(Device, 3, 4), loaded = Make(Device, 3, 4);
        float[] bad = [.. Rows.Select((v, i) => i % 9 == entry ? value : v)];
        for (int k = 0; k < 2; k++) regression.Train(k, Rows, 5);
        float[] before = Parameters(regression, 0);
        Assert.That(regression.Train(0, bad, 300), Is.NaN);
        Assert.That(regression.Train(0, Rows, 5), Is.NaN, "it stays so");
        Assert.That((regression.Finite(0), regression.LearnerAt(0).Updates), Is.EqualTo((false, 5L)));
        Assert.That(Parameters(regression, 0), Is.EqualTo(before));
        Assert.That(regression.Train(1, Rows, 5), Is.GreaterThan(0));
        Assert.That((regression.Finite(1), regression.LearnerAt(1).Updates), Is.EqualTo((true, 10L)));
        loaded.Serialise(Saved.By(regression.Serialise));
        Assert.That((loaded.Finite(0), loaded.Train(0, Rows, 1)), Is.EqualTo((false, double.NaN)));
    }

    [Test]
    public void A_checkpoint_moves_to_the_processor_and_goes_on_bitwise_where_it_was_and_on_any_threads()
    {
        using CpuDevice single = new(1), three = new(3);
        using NetworkRegression first = Make(Device, 3, 4), again = new(Device, 7, 2, Small, [3, 4]);
        using NetworkRegression moved = Make(single, 3, 4), threads = Make(three, 3, 4), alone = Make(Device, 4);
        double[] losses = [.. Enumerable.Range(0, 2).Select(k => first.Train(k, Rows, 20))];
        Assert.That(losses[0], Is.Not.EqualTo(losses[1]), "other seeds are other weights");
        Assert.That(alone.Train(0, Rows, 20), Is.EqualTo(losses[1]));
        var (y, expected) = (new float[2], new float[2]);
        again.Predict(1, Rows.AsSpan(0, 7), y);
        byte[] state = Saved.Bytes(first.Serialise);
        foreach (NetworkRegression regression in (NetworkRegression[])[again, moved, threads])
        {
            regression.Serialise(Saved.Of(state));
            Assert.That(Saved.Bytes(regression.Serialise), Is.EqualTo(state));
        }
        again.Predict(1, Rows.AsSpan(0, 7), y);
        first.Predict(1, Rows.AsSpan(0, 7), expected);
        Assert.That(y, Is.EqualTo(expected));
        // continue with more samples
        float[] more = [.. Rows, .. RegressionCheck.Draw(31, 9, 8)];
        double loss = first.Train(1, more, 20);
        Assert.That((again.Train(1, more, 20), alone.Train(0, more, 20)), Is.EqualTo((loss, loss)));
        Assert.That(Saved.Bytes(again.Serialise), Is.EqualTo(Saved.Bytes(first.Serialise)));
        Assert.That(Parameters(alone, 0), Is.EqualTo(Parameters(first, 1)), "with no other beside it");
        Assert.That(moved.Train(1, more, 20), Is.EqualTo(loss).Within(Tolerances.LossOfDevices * loss));
        Assert.That(threads.Train(1, more, 20), Is.EqualTo(loss).Within(Tolerances.LossOfDevices * loss));
        Assert.That(Saved.Bytes(threads.Serialise), Is.EqualTo(Saved.Bytes(moved.Serialise)));
        if (Device is CpuDevice) Assert.That(Saved.Bytes(threads.Serialise), Is.EqualTo(Saved.Bytes(first.Serialise)));
    }

    [Test]
    public void Predictions_are_those_of_the_trained_network()
    {
        using var regression = new NetworkRegression(Device, 31, 3, Small with { Hidden = [33, 17] }, [3]);
        RegressionCheck.Standardise(regression);
        float[] rows = RegressionCheck.Draw(100, 34, 1), y = [.. Enumerable.Repeat(float.NaN, 300)];
        regression.Train(0, rows, 5);
        float[] z = [.. rows.Chunk(34).SelectMany(r => r[..31])];
        regression.Predict(0, z, y);
        double[] standardised = [.. z.Select((v, i) => (v - (double)(i % 31)) * (i % 31 + 1))];
        double[] parameters = [.. Parameters(regression, 0).Select(v => (double)v)];
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        torch.Tensor g = new TorchMlp(regression.Shape).Forward(
            torch.tensor(parameters), torch.tensor(standardised).view(100, 31));
        double[] expected = [.. g.data<double>().Select((value, i) => 31 + i % 3 + value / (31 + i % 3 + 1))];
        Assert.That(y, Is.EqualTo(expected).Within(Tolerances.RegressionGradient * 40));
    }

    [Test]
    public void A_row_s_prediction_depends_on_no_other_row()
    {
        using NetworkRegression regression = Make(Device, 5);
        regression.Train(0, Rows, 50);
        float[] z = RegressionCheck.Draw(131, 7, 2), all = new float[131 * 2];
        regression.Predict(0, z, all);
        foreach (int n in new[] { 1, 2, 5, 64, 65, 130 })
        {
            float[] some = [.. Enumerable.Repeat(float.NaN, n * 2)];
            regression.Predict(0, z.AsSpan((131 - n) * 7), some);
            Assert.That(some, Is.EqualTo(all[((131 - n) * 2)..]), $"{n} rows");
        }
    }

    [Test]
    public void A_checkpoint_of_something_else_is_refused_with_its_reason()
    {
        using NetworkRegression regression = Make(Device, 1);
        using NetworkRegression other = Make(Device, 2), more = Make(Device, 1, 2);
        using NetworkRegression wider = new(Device, 8, 2, Small, [1]);
        Refused(other, "seeds 1 and this run 2");
        Refused(more, "seeds 1 and this run 1, 2");
        Refused(wider, "networks 7-[40,31]-2 and this run 8-[40,31]-2");

        void Refused(NetworkRegression by, string reason) => Assert.That(
            () => by.Serialise(Saved.By(regression.Serialise)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(reason));
    }

    [Test]
    public void A_scale_that_is_not_finite_is_refused()
    {
        using NetworkRegression regression = Make(Device, 1);
        double[] nine = new double[9];
        Assert.That(() => regression.SetScale(0, [1e300, .. nine[1..]], nine),
            Throws.ArgumentException.With.Message.Contains("the inputs' means hold 1E+300"));
    }

    private static NetworkRegression Make(Device device, params ulong[] seeds)
    {
        var regression = new NetworkRegression(device, 7, 2, Small, seeds);
        RegressionCheck.Standardise(regression);
        return regression;
    }

    private static float[] Parameters(NetworkRegression regression, int learner) =>
        regression.LearnerAt(learner).Parameters.Span.ToArray();
}
