using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Network;
using Naf.Kernels.Random;
using Naf.Kernels.Regression;
using Naf.Kernels.Settings;

namespace Naf.Tests;

/// <summary>The body of the regression in double against finite differences, and on a known function.</summary>
internal sealed class RegressionOracleTests
{
    [Test]
    public void The_gradient_is_the_difference_of_the_loss()
    {
        const double h = 1e-6;
        var shape = new MlpShape(3, [5, 4], 2);
        using var learner = new RegressionLearner(shape, seed: 3);
        double[] parameters = [.. learner.Parameters.Span.ToArray().Select(p => (double)p)];
        var reference = new RegressionOracle(shape, new LearnerSettings(), parameters);
        (double[][] z, double[][] y) = RegressionCheck.Minibatch(
            RegressionCheck.Draw(20, 5, 1), 3, 2, batch: 7, seed: 3, update: 0);
        double[] gradient = reference.Gradient(z, y);
        for (int i = 0; i < parameters.Length; i++)
        {
            double before = parameters[i];
            parameters[i] = before + h;
            double above = reference.Loss(z, y);
            parameters[i] = before - h;
            double below = reference.Loss(z, y);
            parameters[i] = before;
            Assert.That(gradient[i], Is.EqualTo((above - below) / (2 * h)).Within(Tolerances.FiniteDifference),
                $"parameter {i}");
        }
        Assert.That(gradient.Count(g => g != 0), Is.GreaterThan(25));
    }

    [Test]
    public void The_loss_is_the_mean_over_samples_and_outputs()
    {
        // without weights g = 0
        var shape = new MlpShape(1, [1], 2);
        var reference = new RegressionOracle(shape, new LearnerSettings(), new double[shape.Parameters]);
        Assert.That(reference.Loss([[5], [6]], [[1, 2], [3, 4]]), Is.EqualTo((1 + 4 + 9 + 16) / 4.0));
    }

    [Test]
    public void A_known_smooth_function_is_learned()
    {
        // angles and rates in very different units; y with entries of order 1e-3 and a constant one
        const int count = 3000;
        using var device = new CpuDevice(2);
        using var regression = new NetworkRegression(device, 3, 3, new LearnerSettings { Hidden = [64, 64] }, [1]);
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
            double error = Math.Sqrt(Enumerable.Range(0, 500)
                .Average(m => Math.Pow((y[m * 3 + j] - test[m * 6 + 3 + j]) * scale[3 + j], 2)));
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
    public void A_network_that_does_not_fit_a_gpu_is_refused_with_the_remedy()
    {
        long before = HostBuffer.LiveBuffers;
        GpuDevice device = GpuDevices.Shared(GpuDevices.Emulated);
        Assert.That(() => new NetworkRegression(device, 1, 1, new LearnerSettings { Hidden = [65_536] }, [1]),
            Throws.TypeOf<DeviceException>().With.Message.Contains("device=cpu"));
        Assert.That((device.LiveBuffers, HostBuffer.LiveBuffers), Is.EqualTo((0, before)));
    }
}
