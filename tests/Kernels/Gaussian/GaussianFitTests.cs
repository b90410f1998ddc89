using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Scalar;
using NUnit.Framework.Constraints;

namespace Naf.Tests;

/// <summary>The fit on every device: against the body in double, and independence of learners.</summary>
internal sealed class GaussianFitTests(string name) : EveryDeviceFixture(name)
{
    private static readonly DynamicsShape Shape = new(31, 7, 2);

    private GaussianFitSettings Settings => FitCheck.SettingsFor(Device, new GaussianFitSettings());

    [Test]
    public void It_agrees_with_the_oracle(
        [Values(1, 31)] int horizon, [Values(1, 2, 7, 16, 20)] int state, [Values(1, 6)] int action,
        [Values(1, 5, 31)] int episodes) =>
        Agrees(FitCheck.Run(Device, new DynamicsShape(horizon, state, action), new FitOptions { Episodes = episodes }));

    [Test]
    public void It_agrees_whatever_the_prior_the_scale_and_the_ends_of_episodes(
        [Values(0, 1, 31)] int priorSteps, [Values] bool scaled, [Values] bool ragged)
    {
        // entries that are not standardised have magnitudes of 0.1 to 10, and so does the unit of the ridge
        GaussianFitSettings settings = scaled
            ? new GaussianFitSettings() : new GaussianFitSettings { Ridge = 1e-4, NoiseFloor = 1e-6 };
        FitOptions options = new(2, Episodes: 4, priorSteps, scaled, ragged) { Settings = settings };
        Agrees(FitCheck.Run(Device, Shape, options));
    }

    [Test]
    public void Without_double_precision_it_agrees_to_what_float32_holds(
        [Values(1, 7, 20)] int state, [Values(0, 1)] int priorSteps, [Values] bool ragged)
    {
        var options = new FitOptions { PriorSteps = priorSteps, Ragged = ragged };
        KernelError[] errors = FitCheck.Run(Device, new DynamicsShape(31, state, 6), options, single: true);
        Agrees(errors);
        Assert.That(errors[0].Bound, Is.EqualTo(FitCheck.Bound(single: Device is GpuDevice)));
    }

    [Test]
    public void A_fit_is_the_same_again_on_any_threads_and_whoever_is_beside_it_bitwise()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 3, Ragged = true, PriorSteps = 31 });
        float[][] together = Fit(data, Device);
        Assert.That(Fit(data, Device), Is.EqualTo(together));
        for (int k = 0; k < 3; k++) Assert.That(Fit(data.Only(k), Device)[0], Is.EqualTo(together[k]), $"learner {k}");
        Assert.That(together[0], Is.Not.EqualTo(together[1]));
        if (Device is not CpuDevice) return;
        foreach (int threads in (int[])[1, 3])
        {
            using var other = new CpuDevice(threads);
            Assert.That(Fit(data, other), Is.EqualTo(together), $"{threads} threads");
        }
    }

    [Test]
    public void A_fit_of_some_learners_is_theirs_bitwise_and_leaves_the_others_theirs([Values(0, 1, 31)] int priorSteps)
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 3, PriorSteps = priorSteps, Ragged = true });
        using GaussianFit fit = Stored(data, Device);
        Assert.That(fit.IsFinite(0), Is.False, "no model yet");
        fit.Poison();
        fit.Fit(data.Prior, data.Scale);
        float[][] all = Packed(fit);
        Assert.That(all.SelectMany(p => p), Is.All.Not.NaN);
        fit.Poison();
        // in another order
        (FitData last, FitData first) = (data.Only(2), data.Only(0));
        GaussianPrior? prior = priorSteps == 0 ? null : last.Prior! with
        {
            Mean = [.. last.Prior.Mean, .. first.Prior!.Mean],
            Scatter = [.. last.Prior.Scatter, .. first.Prior.Scatter],
        };
        fit.Fit(prior, [.. last.Scale, .. first.Scale], [2, 0]);
        float[][] some = Packed(fit);
        Assert.That((some[0], some[2]), Is.EqualTo((all[0], all[2])));
        Assert.That(some[1], Has.Some.NaN);
        Assert.That(Enumerable.Range(0, 3).Select(fit.IsFinite), Is.All.True);
    }

    // equal to the last digit of float32, and different from others in f alone
    [Test]
    public void A_packed_model_passes_through_its_only_episode_where_it_is_to()
    {
        // ends before the horizon
        FitData data = FitData.Draw(Shape, new FitOptions { Episodes = 1 });
        data = data with { Episodes = [[data.Episodes[0][0][..20]], data.Episodes[1]] };
        using GaussianFit fit = Stored(data, Device);
        fit.Fit(data.Prior, data.Scale);
        float[][] before = Packed(fit);
        fit.Poison();
        fit.Fit(data.Prior, data.Scale, through: true);
        Agrees(FitCheck.Compare(fit, data, through: true));
        (int inputs, int row) = (Shape.Input, Shape.PackedRow);
        for (int k = 0; k < 2; k++)
        {
            float[] packed = fit.Packed(k);
            double[][] episode = data.Episodes[k][0];
            for (int i = 0; i < packed.Length; i++)
            {
                (int t, int column, int entry) = (i / Shape.PackedStep, i % Shape.PackedStep / row, i % row);
                if (column != inputs || entry >= Shape.State || t >= episode.Length)
                {
                    Assert.That(packed[i], Is.EqualTo(before[k][i]));
                    continue;
                }
                double[] z = episode[t];
                double next = packed[i], size = Math.Abs(packed[i]) + Math.Abs(z[inputs + entry]);
                for (int j = 0; j < inputs; j++) next += packed[t * Shape.PackedStep + j * row + entry] * z[j];
                // f is rounded to float32; if sums are in float32, so are they
                Assert.That(next, Is.EqualTo(z[inputs + entry]).Within((fit.IsDouble ? 1e-7 : 1e-6) * size));
            }
        }
    }

    [Test]
    public void Episodes_and_priors_may_change_between_fits()
    {
        using var fit = new GaussianFit(Device, Shape, 2, 5, Settings);
        // no prior, one for each step, one for all steps
        foreach (int steps in (int[])[0, 31, 1])
        {
            FitData data = FitData.Draw(Shape, new FitOptions { PriorSteps = steps, Ragged = steps == 1 });
            data.Store(fit);
            fit.Poison();
            fit.Fit(data.Prior, data.Scale);
            Agrees(FitCheck.Compare(fit, data));
        }
    }

    [Test]
    public void A_constant_entry_is_copied_and_left_out()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 1 });
        using GaussianFit fit = Stored(data, Device);
        fit.Fit(data.Prior, data.Scale);
        (double[] f, double[] offset, double[] n) = fit.Model(0);
        (int s, int inputs, int last) = (Shape.State, Shape.Input, Shape.State - 1);
        for (int t = 0; t < Shape.Horizon; t++)
        {
            Assert.That(offset[t * s + last], Is.EqualTo(0.7).Within(fit.IsDouble ? Tolerances.ByHand : 1e-6));
            for (int i = 0; i < inputs; i++) Assert.That(f[(t * s + last) * inputs + i], Is.Zero);
            for (int i = 0; i < s; i++)
                Assert.That((f[(t * s + i) * inputs + last], n[(t * s + last) * s + i]), Is.EqualTo((0.0, 0.0)));
        }
    }

    [Test]
    public void A_model_that_overflows_is_reported_and_the_others_are_not()
    {
        FitData data = FitData.Draw(Shape, new FitOptions());
        double[] good = [.. data.Episodes[0][2].SelectMany(z => z)], huge = [.. Enumerable.Repeat(1e200, Shape.Sample)];
        using GaussianFit fit = Stored(data, Device);
        foreach (bool finite in (bool[])[false, true])
        {
            fit.Store(0, 2, finite ? good : huge);
            fit.Fit(data.Prior);
            Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((finite, true)));
        }
        fit.Store(0, 2, huge);
        fit.Fit(learners: [1]);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((true, true)), "learner 0 was not fitted");
    }

    [Test]
    public void The_packed_models_stay_on_the_device()
    {
        FitData data = FitData.Draw(Shape, new FitOptions());
        using GaussianFit fit = Stored(data, Device);
        fit.Fit(data.Prior, data.Scale);
        Assert.That(fit.IsDouble, Is.EqualTo(Device is not GpuDevice { Limits.HasDouble: false }));
        Assert.That(fit.PackedOnDevice?.Device, Is.EqualTo(Device as GpuDevice));
        float[] packed = [.. Packed(fit).SelectMany(p => p)];
        Assert.That(fit.PackedOnDevice?.ToArray() ?? packed, Is.EqualTo(packed).And.All.Not.NaN);
    }

    [Test]
    public void What_does_not_fit_is_refused_with_the_remedy()
    {
        using var fit = new GaussianFit(Device, Shape, 2, 5, Settings);
        Refused(() => fit.Fit(), "learner 0 has neither samples nor a prior; store an episode");
        Refused(() => fit.Store(0, 0, new double[17]), "[length, 16]");
        Refused(() => fit.Store(0, 0, new double[32 * 16]), "0 to 31 samples");
        Refused(() => fit.Store(2, 0, []), "learner");
        Refused(() => fit.Store(0, 5, []), "episode");
        double[] sample = [0, 0, 0, double.NaN, .. new double[12]];
        Assert.That(() => fit.Store(0, 0, sample),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("entry 3"));
        for (int k = 0; k < 2; k++) fit.Store(k, 0, new double[16]);
        Refused(() => fit.Fit(new GaussianPrior(new double[16], new double[256], 1)), "2 learners");
        Refused(() => fit.Fit(learners: [1, 1]), "learners 1, 1");
        Refused(() => fit.Fit(learners: [2]), "0 to 1");
        Refused(() => fit.Fit(through: true), "only one");
        Refused(() => fit.Fit(scale: new double[16]), "[2, 16]");
        Refused(() => fit.Fit(scale: [.. Enumerable.Repeat(-1.0, 32)]), "0 or more");
        Refused(() => new DynamicsShape(0, 1, 1), "horizon = 0");

        static void Refused(Action call, string message) =>
            Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
    }

    [Test]
    public void Memory_that_the_device_does_not_have_is_missed()
    {
        // matrices beyond local memory; samples of 560 TB, more than a process can address
        (DynamicsShape shape, int learners, int episodes) = Device is GpuDevice
            ? (new DynamicsShape(1, 512, 64), 1, 1)
            : (new DynamicsShape(100_000, 30, 10), 1000, 10_000);
        IResolveConstraint error = Device is GpuDevice
            ? Throws.InstanceOf<DeviceException>().With.Message.Contains("device=cpu")
            : Throws.InstanceOf<OutOfMemoryException>();
        Assert.That(() => new GaussianFit(Device, shape, learners, episodes, new GaussianFitSettings()), error);
    }

    private static void Agrees(KernelError[] errors) =>
        Assert.That(errors, Has.All.Property(nameof(KernelError.Agrees)).True);

    private static GaussianFit Stored(FitData data, Device device)
    {
        GaussianFitSettings settings = FitCheck.SettingsFor(device, new GaussianFitSettings());
        var fit = new GaussianFit(device, data.Shape, data.Episodes.Length, data.Episodes[0].Length, settings);
        data.Store(fit);
        return fit;
    }

    private static float[][] Fit(FitData data, Device device)
    {
        using GaussianFit fit = Stored(data, device);
        fit.Fit(data.Prior, data.Scale);
        return Packed(fit);
    }

    private static float[][] Packed(GaussianFit fit) => [.. Enumerable.Range(0, fit.Learners).Select(fit.Packed)];
}
