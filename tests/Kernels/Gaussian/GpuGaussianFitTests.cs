using Naf.Checks.Comparisons;
using Naf.Checks.Oracles;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The fit on every GPU device, against the body in double precision; all that it writes is NaN before.</summary>
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
public sealed class GpuGaussianFitTests(string device) : GpuFixture(device)
{
    private static readonly DynamicsShape Shape = new(31, 7, 2);

    private GaussianFitSettings Settings => FitCheck.SettingsFor(Device, new GaussianFitSettings());

    [Test]
    public void It_agrees_with_the_oracle(
        [Values(1, 31)] int horizon, [Values(1, 2, 7, 16, 20)] int state, [Values(1, 6)] int action, [Values(1, 5, 31)] int episodes)
    {
        var options = new FitOptions { Episodes = episodes };
        FitCheck.Errors errors = FitCheck.Run(Device, new DynamicsShape(horizon, state, action), options);
        Assert.That(errors.Agree, Is.True, $"{errors}");
    }

    [Test]
    public void It_agrees_whatever_the_prior_the_scale_and_the_ends_of_episodes(
        [Values(0, 1, 31)] int priorSteps, [Values] bool scaled, [Values] bool ragged)
    {
        GaussianFitSettings settings = scaled ? new GaussianFitSettings() : new GaussianFitSettings { Ridge = 1e-4, NoiseFloor = 1e-6 };
        var options = new FitOptions { Episodes = 4, PriorSteps = priorSteps, Scaled = scaled, Ragged = ragged, Settings = settings };
        FitCheck.Errors errors = FitCheck.Run(Device, Shape, options);
        Assert.That(errors.Agree, Is.True, $"{errors}");
    }

    [Test]
    public void Without_double_precision_it_agrees_to_what_float32_holds(
        [Values(1, 7, 20)] int state, [Values(0, 1)] int priorSteps, [Values] bool ragged)
    {
        var options = new FitOptions { PriorSteps = priorSteps, Ragged = ragged };
        FitCheck.Errors errors = FitCheck.Run(Device, new DynamicsShape(31, state, 6), options, single: true);
        Assert.That((errors.Agree, errors.Single), Is.EqualTo((true, true)), $"{errors}");
    }

    [Test]
    public void A_fit_is_the_same_again_and_whoever_is_beside_it_bitwise()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 3, Ragged = true });
        float[][] together = Fit(data);
        Assert.That(Fit(data), Is.EqualTo(together));
        for (int k = 0; k < 3; k++) Assert.That(Fit(data.Only(k))[0], Is.EqualTo(together[k]), $"learner {k}");
    }

    [Test]
    public void A_fit_of_some_learners_is_theirs_bitwise_and_leaves_the_others_theirs([Values(0, 1, 31)] int priorSteps) =>
        SomeLearners.Check(Device, Settings, Shape, priorSteps);

    [Test]
    public void A_packed_model_passes_through_its_only_episode_where_it_is_to() => PassingThrough.Check(Device, Settings);

    [Test]
    public void Episodes_and_priors_may_change_between_fits()
    {
        using var fit = new GaussianFit(Device, Shape, 2, 5, Settings);
        // no prior, one of its own for each step, one for all of them
        foreach (int steps in (int[])[0, 31, 1])
        {
            FitData data = FitData.Draw(Shape, new FitOptions { PriorSteps = steps, Ragged = steps == 1 });
            data.Store(fit);
            fit.Poison();
            fit.Fit(data.Prior, data.Scale);
            FitCheck.Errors errors = FitCheck.Compare(fit, data);
            Assert.That(errors.Agree, Is.True, $"{steps} steps of the prior: {errors}");
        }
    }

    [Test]
    public void A_model_that_overflows_is_reported_and_the_others_are_not()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 2 });
        using var fit = new GaussianFit(Device, Shape, 2, 5, Settings);
        data.Store(fit);
        fit.Store(0, 2, [.. Enumerable.Repeat(1e200, Shape.Sample)]);
        fit.Fit(data.Prior);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((false, true)));
        fit.Store(0, 2, data.Episodes[0][2].SelectMany(z => z).ToArray());
        fit.Fit(data.Prior);
        Assert.That((fit.IsFinite(0), fit.IsFinite(1)), Is.EqualTo((true, true)));
    }

    [Test]
    public void The_packed_models_stay_on_the_device()
    {
        FitData data = FitData.Draw(Shape, new FitOptions { Learners = 2 });
        using var fit = new GaussianFit(Device, Shape, 2, 5, Settings);
        data.Store(fit);
        fit.Fit(data.Prior, data.Scale);
        Assert.That((fit.PackedOnDevice!.Device, fit.IsDouble), Is.EqualTo((Device, Device.Limits.HasDouble)));
        Assert.That(fit.PackedOnDevice.ToArray(), Is.EqualTo(fit.CopyPacked(0).Concat(fit.CopyPacked(1))).And.All.Not.NaN);
    }

    [Test]
    public void Dynamics_that_do_not_fit_into_local_memory_are_refused_with_the_remedy()
    {
        var large = new DynamicsShape(1, 512, 64);
        Assert.That(() => new GaussianFit(Device, large, 1, 1, new GaussianFitSettings()),
            Throws.InstanceOf<DeviceException>().With.Message.Contains("--device cpu"));
    }

    private float[][] Fit(FitData data)
    {
        using var fit = new GaussianFit(Device, data.Shape, data.Episodes.Length, data.Episodes[0].Length, Settings);
        data.Store(fit);
        fit.Fit(data.Prior, data.Scale);
        return [.. Enumerable.Range(0, fit.Learners).Select(fit.CopyPacked)];
    }
}
