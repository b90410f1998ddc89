using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Scalar;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The fit on the CPU: against the oracle, and what it promises whatever the threads and the neighbours.</summary>
public sealed class GaussianFitTests
{
    private static readonly DynamicsShape Shape = new(31, 7, 2);

    [Test]
    public void It_agrees_with_the_oracle(
        [Values(1, 31)] int horizon, [Values(1, 7, 20)] int state, [Values(1, 6)] int action, [Values(1, 5, 31)] int episodes)
    {
        using var device = new CpuDevice(2);
        var shape = new DynamicsShape(horizon, state, action);
        FitCheck.Errors errors = FitCheck.Run(device, shape, new FitOptions { Episodes = episodes });
        Assert.That(errors.Agree, Is.True, $"{errors}");
    }

    [Test]
    public void It_agrees_whatever_the_prior_the_scale_and_the_ends_of_episodes(
        [Values(0, 1, 31)] int priorSteps, [Values] bool scaled, [Values] bool ragged)
    {
        using var device = new CpuDevice(1);
        // entries that are not standardised have sizes of 0.1 to 10, and so has the unit of the ridge
        GaussianFitSettings settings = scaled ? new GaussianFitSettings() : new GaussianFitSettings { Ridge = 1e-4, NoiseFloor = 1e-6 };
        var options = new FitOptions { Episodes = 4, PriorSteps = priorSteps, Scaled = scaled, Ragged = ragged, Settings = settings };
        FitCheck.Errors errors = FitCheck.Run(device, Shape, options);
        Assert.That(errors.Agree, Is.True, $"{errors}");
    }

    [Test]
    public void Results_do_not_depend_on_threads_bitwise([Values(2, 3)] int threads)
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 3, Ragged = true });
        float[][] expected = Fit(data, 1), actual = Fit(data, threads);
        Assert.That(actual, Is.EqualTo(expected));
    }

    [Test]
    public void Learners_are_those_of_single_fits_bitwise()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 3, PriorSteps = 31 });
        float[][] together = Fit(data, 2);
        for (int k = 0; k < 3; k++) Assert.That(Fit(data.Only(k), 1)[0], Is.EqualTo(together[k]), $"learner {k}");
        Assert.That(together[0], Is.Not.EqualTo(together[1]));
    }

    [Test]
    public void A_fit_of_some_learners_is_theirs_bitwise_and_leaves_the_others_theirs([Values(0, 1, 31)] int priorSteps)
    {
        using var device = new CpuDevice(2);
        SomeLearners.Check(device, new GaussianFitSettings(), Shape, priorSteps);
    }

    [Test]
    public void A_packed_model_passes_through_its_only_episode_where_it_is_to()
    {
        using var device = new CpuDevice(2);
        PassingThrough.Check(device, new GaussianFitSettings());
    }

    [Test]
    public void A_step_without_samples_takes_over_the_last_one_that_has_any()
    {
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, new DynamicsShape(3, 1, 1), 1, 2, new GaussianFitSettings());
        // z = (s, u, s′) of two time steps in one episode, of one in the other
        fit.Store(0, 0, [1, 0, 2, 5, 1, 6]);
        fit.Store(0, 1, [2, 1, 3]);
        fit.Fit();
        (double[] f, double[] offset, double[] n) = Model(fit);
        // one sample at step 1: nothing to regress on, so that its s′ is the forecast; the same at step 2
        Assert.That((f[2..], offset[1..], n[1..]), Is.EqualTo((new double[4], new[] { 6.0, 6 }, new[] { 1e-8, 1e-8 })));
        Assert.That(f[..2], Is.All.GreaterThan(0.1));
    }

    [Test]
    public void A_step_without_samples_is_the_priors_where_there_is_one()
    {
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, new DynamicsShape(2, 1, 1), 1, 1, new GaussianFitSettings { Ridge = 1, NoiseFloor = 0.5 });
        fit.Store(0, 0, [1, 0, 2]);
        // Φ / n₀: s, u and s′ have variances 1, 3 and 5, s and s′ a covariance of 2, s′ and u none
        fit.Fit(new GaussianPrior([10, 20, 30], [2, 0, 4, 0, 6, 0, 4, 0, 10], 1, 2));
        (double[] f, double[] offset, double[] n) = Model(fit);
        // F = 2 / (1 + 1), f = 30 − 10, N = 5 − 1 · 1 · 1 + 0.5
        Assert.That(new[] { f[2], f[3], offset[1], n[1] }, Is.EqualTo(new[] { 1, 0, 20, 4.5 }).Within(Tolerances.ByHand));
    }

    [Test]
    public void A_constant_entry_is_copied_and_left_out()
    {
        using var device = new CpuDevice(1);
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 1 });
        using var fit = new GaussianFit(device, Shape, 1, 5, new GaussianFitSettings());
        data.Store(fit);
        fit.Fit(data.Prior, data.Scale);
        (double[] f, double[] offset, double[] n) = Model(fit);
        (int s, int inputs, int last) = (Shape.State, Shape.Input, Shape.State - 1);
        for (int t = 0; t < Shape.Horizon; t++)
        {
            Assert.That(offset[t * s + last], Is.EqualTo(0.7).Within(Tolerances.ByHand));
            for (int i = 0; i < inputs; i++) Assert.That(f[(t * s + last) * inputs + i], Is.Zero);
            for (int i = 0; i < s; i++) Assert.That((f[(t * s + i) * inputs + last], n[(t * s + last) * s + i]), Is.EqualTo((0.0, 0.0)));
        }
    }

    [Test]
    public void A_model_that_overflows_is_reported_and_the_others_are_not()
    {
        using var device = new CpuDevice(2);
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 2 });
        using var fit = new GaussianFit(device, Shape, 2, 5, new GaussianFitSettings());
        data.Store(fit);
        fit.Store(0, 2, [.. Enumerable.Repeat(1e200, Shape.Sample)]);
        fit.Fit(data.Prior);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((false, true)));
        fit.Store(0, 2, data.Episodes[0][2].SelectMany(z => z).ToArray());
        fit.Fit(data.Prior);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((true, true)));
        fit.Store(0, 2, [.. Enumerable.Repeat(1e200, Shape.Sample)]);
        fit.Fit(learners: [1]);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((true, true)), "learner 0 was not fitted");
    }

    [Test]
    public void What_does_not_fit_is_refused_with_the_remedy()
    {
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, Shape, 2, 5, new GaussianFitSettings());
        Assert.That(() => fit.Fit(), Throws.ArgumentException.With.Message.Contains("learner 0").And.Message.Contains("store an episode"));
        Assert.That(() => fit.Store(0, 0, new double[17]), Throws.ArgumentException.With.Message.Contains("[length, 16]"));
        Assert.That(() => fit.Store(0, 0, new double[32 * 16]), Throws.ArgumentException.With.Message.Contains("0 to 31 samples"));
        Assert.That(() => fit.Store(2, 0, []), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => fit.Store(0, 5, []), Throws.InstanceOf<ArgumentOutOfRangeException>());
        var sample = new double[16];
        sample[3] = double.NaN;
        Assert.That(() => fit.Store(0, 0, sample), Throws.TypeOf<NonFiniteTransitionException>().With.Message.Contains("entry 3"));
        fit.Store(0, 0, new double[16]);
        fit.Store(1, 0, new double[16]);
        Assert.That(() => fit.Fit(new GaussianPrior(new double[16], new double[256], 1, 1)),
            Throws.ArgumentException.With.Message.Contains("2 learners"));
        Assert.That(() => fit.Fit(learners: [1, 1]), Throws.ArgumentException.With.Message.Contains("learners 1, 1"));
        Assert.That(() => fit.Fit(learners: [2]), Throws.ArgumentException.With.Message.Contains("0 to 1"));
        Assert.That(() => fit.Fit(through: true), Throws.ArgumentException.With.Message.Contains("only one"));
        Assert.That(() => fit.Fit(scale: new double[16]), Throws.ArgumentException.With.Message.Contains("[2, 16]"));
        Assert.That(() => fit.Fit(scale: [.. Enumerable.Repeat(-1.0, 32)]), Throws.ArgumentException.With.Message.Contains("0 or more"));
        Assert.That(() => new GaussianFit(device, Shape, 0, 5, new GaussianFitSettings()), Throws.ArgumentException);
        Assert.That(() => new GaussianFit(device, default, 1, 5, new GaussianFitSettings()), Throws.ArgumentException);
        Assert.That(() => new GaussianFit(device, Shape, 1, 5, new GaussianFitSettings { Ridge = 0 }),
            Throws.ArgumentException.With.Message.Contains("ridge = 0"));
        Assert.That(() => new DynamicsShape(0, 1, 1), Throws.ArgumentException.With.Message.Contains("horizon = 0"));
    }

    [Test]
    public void Everything_is_freed([Values(1, 31)] int priorSteps)
    {
        long alive = HostBuffer.LiveBuffers;
        using (var device = new CpuDevice(2))
        using (var fit = new GaussianFit(device, Shape, 2, 5, new GaussianFitSettings()))
        {
            FitData data = FitData.Draw(Shape, new FitOptions { Learners = 2, PriorSteps = priorSteps });
            data.Store(fit);
            fit.Fit(data.Prior, data.Scale);
            Assert.That(HostBuffer.LiveBuffers, Is.GreaterThan(alive));
        }
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(alive));
    }

    [Test]
    public void Memory_that_the_machine_does_not_have_is_missed_and_nothing_is_left_behind()
    {
        long alive = HostBuffer.LiveBuffers;
        using var device = new CpuDevice(2);
        // samples of 560 TB, more than a process can address, after the threads' own memory
        Assert.That(() => new GaussianFit(device, new DynamicsShape(100_000, 30, 10), 1000, 10_000, new GaussianFitSettings()),
            Throws.InstanceOf<OutOfMemoryException>());
        Assert.That(HostBuffer.LiveBuffers, Is.EqualTo(alive));
    }

    private static float[][] Fit(FitData data, int threads)
    {
        using var device = new CpuDevice(threads);
        using var fit = new GaussianFit(device, data.Shape, data.Episodes.Length, data.Episodes[0].Length, new GaussianFitSettings());
        data.Store(fit);
        fit.Fit(data.Prior, data.Scale);
        return [.. Enumerable.Range(0, fit.Learners).Select(fit.CopyPacked)];
    }

    private static (double[] F, double[] Offset, double[] N) Model(GaussianFit fit)
    {
        (int t, int s) = (fit.Shape.Horizon, fit.Shape.State);
        var (f, offset, n) = (new double[t * s * fit.Shape.Input], new double[t * s], new double[t * s * s]);
        fit.CopyTo(0, f, offset, n);
        return (f, offset, n);
    }
}
