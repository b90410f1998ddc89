using Naf.Checks.Comparisons;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using Naf.Kernels.Regression;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>What a regression promises on the processor: no number depends on threads, neighbours, or an interruption.</summary>
public sealed class NetworkRegressionTests
{
    private static readonly RegressionSettings Small = new() { Hidden = [40, 31], Batch = 19 };
    private static readonly float[] Rows = RegressionCheck.Draw(200, 9, 1);

    private static NetworkRegression Make(Device device, ulong[] seeds)
    {
        var regression = new NetworkRegression(device, 7, 2, Small, seeds);
        RegressionCheck.Standardise(regression);
        return regression;
    }

    private static byte[] State(NetworkRegression regression)
    {
        using var stream = new MemoryStream();
        regression.Save(stream);
        return stream.ToArray();
    }

    [Test]
    public void A_learner_depends_neither_on_the_others_nor_on_threads_bitwise([Values(1, 2, 3)] int threads)
    {
        using CpuDevice device = new(threads), one = new(1);
        using NetworkRegression together = Make(device, [5, 6, 7]), alone = Make(one, [6]);
        double[] losses = [.. Enumerable.Range(0, 3).Select(k => together.Train(k, Rows, 10))];
        Assert.That(losses[1], Is.EqualTo(alone.Train(0, Rows, 10)));
        Assert.That(together.Train(1, Rows, 7), Is.EqualTo(alone.Train(0, Rows, 7)));
        Assert.That(losses[0], Is.Not.EqualTo(losses[1]), "other seeds are other weights");
        RegressionLearner a = together.LearnerAt(1), b = alone.LearnerAt(0);
        Assert.That(a.Parameters.Span.ToArray(), Is.EqualTo(b.Parameters.Span.ToArray()));
        Assert.That(a.Second.Span.ToArray(), Is.EqualTo(b.Second.Span.ToArray()));
        float[] y = new float[200 * 2], expected = new float[200 * 2], z = RegressionCheck.Draw(200, 7, 2);
        together.Predict(1, z, y);
        alone.Predict(0, z, expected);
        Assert.That(y, Is.EqualTo(expected));
    }

    [Test]
    public void A_row_s_prediction_depends_on_no_other_row()
    {
        using var device = new CpuDevice(1);
        using NetworkRegression regression = Make(device, [5]);
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
    public void A_known_smooth_function_is_learned()
    {
        // angles and rates in very different units; y of a size of 1e-3 and one that never changes
        const int count = 3000;
        using var device = new CpuDevice(2);
        using var regression = new NetworkRegression(device, 3, 3, new RegressionSettings { Hidden = [64, 64] }, [1]);
        float[] rows = Sample(count, 1), test = Sample(500, 2);
        SampleMoments moments = SampleMoments.Of(6, [.. rows.Select(v => (double)v)]);
        double[] scale = moments.Scale();
        regression.SetScale(0, moments.Mean, scale);
        double first = regression.Train(0, rows, 10), last = 0;
        for (int round = 0; round < 4; round++) last = regression.Train(0, rows, 1000);
        Assert.That(last, Is.LessThan(0.01 * first));
        float[] z = [.. test.Chunk(6).SelectMany(r => r[..3])], y = new float[500 * 3];
        regression.Predict(0, z, y);
        for (int j = 0; j < 2; j++)
        {
            double error = Math.Sqrt(Enumerable.Range(0, 500).Average(m => Math.Pow((y[m * 3 + j] - test[m * 6 + 3 + j]) * scale[3 + j], 2)));
            Assert.That(error, Is.LessThan(Tolerances.LearnedFunction), $"output {j}, in standard deviations");
        }
        Assert.That(Enumerable.Range(0, 500).Select(m => y[m * 3 + 2]), Is.All.EqualTo(7f), "a constant is its mean");

        static float[] Sample(int count, ulong seed) => [.. Enumerable.Range(0, count).SelectMany(m =>
        {
            double a = 2 * Draw(0), rate = 100 + 30 * Draw(1), u = Draw(2);
            double small = 1e-3 * (Math.Sin(a) + 0.01 * (rate - 100) * u), large = 50 * Math.Cos(a) + rate;
            return new[] { (float)a, (float)rate, (float)u, (float)small, (float)large, 7f };

            double Draw(uint lane) => 2 * Philox.Uniform(seed, RandomStream.Reset, (ulong)m, lane) - 1;
        })];
    }

    [Test]
    public void A_loaded_regression_goes_on_as_the_saved_one_bitwise()
    {
        using var device = new CpuDevice(2);
        using NetworkRegression first = Make(device, [1, 2]), second = new(device, 7, 2, Small, [1, 2]);
        for (int k = 0; k < 2; k++) first.Train(k, Rows, 11);
        var (y, expected) = (new float[2], new float[2]);
        second.Predict(1, Rows.AsSpan(0, 7), y);
        byte[] state = State(first);
        second.Load(new MemoryStream(state));
        Assert.That(State(second), Is.EqualTo(state));
        second.Predict(1, Rows.AsSpan(0, 7), y);
        first.Predict(1, Rows.AsSpan(0, 7), expected);
        Assert.That(y, Is.EqualTo(expected));
        // on, with more samples
        float[] more = [.. Rows, .. RegressionCheck.Draw(31, 9, 8)];
        Assert.That(second.Train(1, more, 13), Is.EqualTo(first.Train(1, more, 13)));
        Assert.That(State(second), Is.EqualTo(State(first)));
    }

    [Test]
    public void A_checkpoint_of_something_else_is_refused_with_its_reason()
    {
        using var device = new CpuDevice(1);
        using NetworkRegression regression = Make(device, [1]);
        byte[] bytes = State(regression);
        using NetworkRegression other = Make(device, [2]), more = Make(device, [1, 2]), wider = new(device, 8, 2, Small, [1]);
        Assert.That(() => other.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("seed 1"));
        Assert.That(() => more.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("1 networks"));
        Assert.That(() => wider.Load(new MemoryStream(bytes)), Throws.TypeOf<InvalidDataException>().With.Message.Contains("7-[40,31]-2"));
        Assert.That(() => regression.Load(new MemoryStream(bytes[..^1])), Throws.TypeOf<InvalidDataException>().With.Message.Contains("too early"));
        Assert.That(() => regression.Load(new MemoryStream([1, 2, 3, 4, 5])), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void What_is_out_of_range_is_refused_by_name()
    {
        using var device = new CpuDevice(1);
        Assert.That(() => new NetworkRegression(device, 7, 2, Small with { Batch = 0 }, [1]),
            Throws.ArgumentException.With.Message.Contains("batch_size = 0"));
        Assert.That(() => new NetworkRegression(device, 7, 2, Small with { Hidden = [] }, [1]),
            Throws.ArgumentException.With.Message.Contains("hidden"));
        Assert.That(() => new NetworkRegression(device, 7, 2, Small with { LearningRate = 0 }, [1]),
            Throws.ArgumentException.With.Message.Contains("learning_rate = 0 "));
        Assert.That(() => new NetworkRegression(device, 7, 2, Small, []), Throws.ArgumentException.With.Message.Contains("seed"));
        Assert.That(() => new NetworkRegression(device, 0, 2, Small, [1]), Throws.ArgumentException.With.Message.Contains("0-[40,31]-2"));
        using NetworkRegression regression = Make(device, [1]);
        Assert.That(() => regression.Train(0, Rows.AsSpan(0, 10), 1), Throws.ArgumentException.With.Message.Contains("7 + 2"));
        Assert.That(() => regression.Train(0, [], 1), Throws.ArgumentException.With.Message.Contains("one row or more"));
        Assert.That(() => regression.Predict(0, new float[14], new float[3]), Throws.ArgumentException.With.Message.Contains("14 entries"));
        double[] nine = new double[9];
        Assert.That(() => regression.SetScale(0, nine, new double[7]), Throws.ArgumentException.With.Message.Contains("7 scales"));
        Assert.That(() => regression.SetScale(0, nine, [.. nine[..8], -1]), Throws.ArgumentException.With.Message.Contains("0 or above"));
        Assert.That(() => regression.SetScale(0, [1e300, .. nine[1..]], nine),
            Throws.ArgumentException.With.Message.Contains("the inputs' means hold 1E+300"));
        Assert.That(regression.Train(0, Rows, 0), Is.NaN);
    }

    [Test]
    public void A_network_that_does_not_fit_a_gpu_is_refused_with_the_remedy()
    {
        long before = HostBuffer.LiveBuffers;
        using GpuDevice device = GpuDevices.Open(GpuDevices.Emulated);
        Assert.That(() => new NetworkRegression(device, 1, 1, Small with { Hidden = [65_536] }, [1]),
            Throws.TypeOf<DeviceException>().With.Message.Contains("--device cpu"));
        Assert.That((device.LiveBuffers, HostBuffer.LiveBuffers), Is.EqualTo((0, before)));
    }

    [Test]
    public void All_memory_is_given_back()
    {
        long before = HostBuffer.LiveBuffers;
        using (var device = new CpuDevice(2))
        using (NetworkRegression regression = Make(device, [1, 2]))
            regression.Train(0, Rows, 2);
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(before));
    }
}
