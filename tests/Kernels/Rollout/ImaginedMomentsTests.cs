using Naf.Checks.Comparisons;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Tests;

/// <summary>
/// Thousands of imagined rollouts of a known linear-Gaussian system, with a policy of zero mean plus noise, have the
/// exact mean and covariance of the system's states after every number of steps: in its own model, and in a model
/// fitted to its episodes.
/// </summary>
[TestFixture("cpu")]
[TestFixtureSource(nameof(Gpus))]
internal sealed class ImaginedMomentsTests(string name) : EveryDeviceFixture(name)
{
    // emulated devices are too slow for this many
    private static readonly string[] Gpus = [.. GpuDevices.All.Where(name => name != GpuDevices.Emulated)];

    private const int Rollouts = 16_000, Steps = 6;
    private static readonly LinearGaussianSystem System = new(8, 4, 2) { Noise = 0.3 };

    // sliders, whose observation is their state, without termination
    private static readonly RolloutDefinition Task = RolloutTasks.Chain(joints: 2, action: 2, horizon: 8);

    // scale the policy's output layer by 0: μ(x) = 0
    private static LearnerPopulation Still(Device device) =>
        LearnerPopulation.Create(
            device, new NafShape(4, 2, [8]), [], [new() { Seed = 1, BatchSize = 16, HeadScale = 0 }],
            imaginedCapacity: Rollouts * Steps);

    private static ImaginationRollouts Imagination(
        Device device, LearnerPopulation population, PackedModels models) => new(
        device, population, Task, models,
        [new RolloutSettings { Rollouts = Rollouts, Steps = Steps, ActionNoise = (float)System.ActionDeviation }]);

    // s after each number of steps, [Steps][Rollouts][S]
    private static float[][][] Imagine(
        ImaginationRollouts rollouts, LearnerPopulation population, Func<int, double[]> start, int time)
    {
        RolloutStarts starts = rollouts.Starts(0);
        starts.Count = Rollouts;
        Array.Fill(starts.Time, time);
        for (int m = 0; m < Rollouts; m++)
            for (int i = 0; i < System.State; i++) starts.State[m * System.State + i] = (float)start(m)[i];
        rollouts.Run();
        Assert.That(rollouts.Report(0), Is.EqualTo(new RolloutReport(Rollouts * Steps, 0)));
        float[] rows = population.LearnerAt(0).Imagined.Rows.ToArray();
        int row = Task.RowLength;
        return
        [
            .. Enumerable.Range(0, Steps).Select(l => Enumerable.Range(0, Rollouts)
                .Select(m => rows.AsSpan((m * Steps + l + 1) * row - System.State, System.State).ToArray()).ToArray()),
        ];
    }

    // four standard errors of the difference from the exact moments: of the rollouts, and of the episodes of the fit
    private static void AreThose(float[][] states, double[] mean, double[,] p, double samples, string what)
    {
        for (int i = 0; i < System.State; i++)
        {
            double average = states.Average(s => (double)s[i]);
            Assert.That(average, Is.EqualTo(mean[i]).Within(4 * Math.Sqrt(p[i, i] / samples)),
                $"mean of s[{i}] {what}");
            for (int j = 0; j <= i; j++)
            {
                double covariance = states.Average(s => (s[i] - mean[i]) * (s[j] - mean[j]));
                double error = Math.Sqrt((p[i, i] * p[j, j] + p[i, j] * p[i, j]) / samples);
                Assert.That(covariance, Is.EqualTo(p[i, j]).Within(4 * error),
                    $"covariance of s[{i}] and s[{j}] {what}");
            }
        }
    }

    [Test]
    public void In_the_fitted_model_they_are_the_systems()
    {
        const int episodes = 2000;
        using var fit = new GaussianFit(Device, System.Shape, 1, episodes, FitCheck.SettingsFor(Device, new()));
        double[][] data = System.Draw(episodes, 7);
        var moments = new SampleMoments(System.Shape.Sample);
        for (int e = 0; e < episodes; e++)
        {
            fit.Store(0, e, data[e]);
            moments.Add(data[e]);
        }
        fit.Fit(GaussianPrior.Pooled([moments], 1), moments.Scale());

        using LearnerPopulation population = Still(Device);
        using var models = new PackedModels(Device, System.Shape, 1);
        using ImaginationRollouts rollouts = Imagination(Device, population, models);
        models.TakeFrom(fit, 0);
        // starts drawn as for the episodes, but different ones: then the model's moments err as those of the episodes
        // do
        float[][][] states = Imagine(rollouts, population, m => System.Start(8, m), time: 0);
        for (int l = 0; l < Steps; l++)
        {
            (double[] mean, double[,] p) = System.Moments(l + 1);
            AreThose(states[l], mean, p, 1 / (1.0 / Rollouts + 1.0 / episodes), $"after {l + 1} steps");
        }
    }

    // mean dynamics have the system's mean and only the actions' variance
    [TestCase(true, 1)]
    [TestCase(false, 2)]
    public void In_the_systems_own_model_they_are_its_moments(bool sample, int time)
    {
        using LearnerPopulation population = Still(Device);
        using var models = new PackedModels(Device, System.Shape, 1);
        models.Write(0, System.Packed());
        using ImaginationRollouts rollouts = Imagination(Device, population, models);
        rollouts.SetSettings(0, rollouts.Settings(0) with { SampleDynamics = sample });
        double[] start = [0.5, -1, 2, 0.3];
        float[][][] states = Imagine(rollouts, population, _ => start, time);
        LinearGaussianSystem system = sample ? System : System with { Noise = 0 };
        for (int l = 0; l < Steps; l++)
        {
            (double[] mean, double[,] p) = system.Moments(start, new double[4, 4], time, time + 1 + l);
            AreThose(states[l], mean, p, Rollouts, $"after {l + 1} steps");
        }
    }
}
