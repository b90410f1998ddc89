using Naf.Gpu.Cpu;
using Naf.Host.Imagination;
using Naf.Host.Planning;
using Naf.Host.Planning.Ilqg;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// The model-based half of Algorithm 2 alone, without NAF: episodes with the last controller, a dynamics fit to them, a
/// step of iLQG.
/// </summary>
internal sealed class PlannedLearningTests : MujocoFixture
{
    private const int Episodes = 5, Rounds = 6;

    // the table of docs/algorithms/ilqg.md
    [Test]
    public void It_reaches_in_fifteen_episodes_of_any_seed_and_the_same_seed_learns_the_same()
    {
        (double Score, double Test)[][] learned = [.. Enumerable.Range(1, 10).Select(seed => Learn((ulong)seed))];
        for (int round = 0; round < Rounds; round++)
        {
            double[] tests = [.. learned.Select(l => l[round].Test)];
            TestContext.Out.WriteLine(
                $"{Episodes * (round + 1)} episodes: {tests.Average():F3} [{tests.Min():F3}, {tests.Max():F3}]");
        }
        Assert.That(learned.Select(l => l[2].Test), Is.All.GreaterThan(-0.295));

        // random play scores −2.3, a short-horizon planner with the true dynamics −0.24
        (double Score, double Test)[] first = learned[0];
        Assert.That(first[0].Score, Is.LessThan(-2), "u ~ N(0, 0.5²) at first");
        Assert.That(first[3].Score, Is.GreaterThan(-0.4), "the episodes by the third plan");
        Assert.That(first[^1].Score, Is.GreaterThan(-0.25));
        Assert.That(first[^1].Test, Is.GreaterThan(-0.24));
        Assert.That(Learn(1), Is.EqualTo(first), "the same seed, the same numbers");
    }

    // per round: mean score of its episodes, and of its noise-free plan over 4 test starts
    private static (double Score, double Test)[] Learn(ulong seed)
    {
        var settings = new IlqgSettings();
        using ControlTask task = ControlTask.Load("reacher-single");
        using var environment = new ControlEnvironment(task);
        DynamicsSpace space = DynamicsSpace.Of(task, DynamicsCoordinates.State);
        var shape = new DynamicsShape(task.Horizon, space.Size, space.Action);
        (int horizon, int s, int a) = (shape.Horizon, shape.State, shape.Action);
        using var device = new CpuDevice(1);
        using var fit = new GaussianFit(device, shape, 1, Episodes, new GaussianFitSettings());
        var cost = new StateCost(space.Coordinates, space.Observation, space.Reward, settings.Hessian);
        environment.Reset(seed, RandomStream.Reset, 0);
        environment.Constants.CopyTo(cost.Constants);
        var planner = new IlqgPlanner(settings);
        double[] noise = [.. Enumerable.Range(0, horizon * a * a).Select(i => i % (a * a) % (a + 1) == 0 ? 0.25 : 0)];
        LinearGaussianController behaviour = new(shape, new double[horizon * a * s], new double[horizon * a], noise);
        return [.. Enumerable.Range(0, Rounds).Select(round => (
            Round(Enumerable.Range(round * Episodes, Episodes)),
            Enumerable.Range(0, 4).Average(e => Play(e, noise: false).Score)))];

        double Round(IEnumerable<int> episodes)
        {
            (double[] Samples, double Score)[] batch = [.. episodes.Select(e => Play(e, noise: true))];
            var (moments, starts) = (new SampleMoments(shape.Sample), new SampleMoments(s));
            for (int e = 0; e < Episodes; e++)
            {
                moments.Add(batch[e].Samples);
                starts.Add(batch[e].Samples.AsSpan(0, s));
                fit.Store(0, e, batch[e].Samples);
            }
            fit.Fit(GaussianPrior.Pooled([moments], strength: 1), moments.Scale());
            (double[] f, double[] offset, double[] n) = fit.Model(0);
            var model = new TimeVaryingModel(shape, f, offset, n);
            double score = batch.Sum(b => b.Score / Episodes);
            LinearGaussianController previous = ControllerFit.Fit([.. batch.Select(b => b.Samples)], shape, settings);
            planner.Step(
                model, starts.Mean.ToArray(), starts.Covariance(), cost.Expand, previous,
                planner.Controller == null ? null : -score);
            behaviour = planner.Controller ?? behaviour;
            return score;
        }

        (double[] Samples, double Score) Play(int episode, bool noise)
        {
            double[] samples = new double[horizon * shape.Sample], normals = new double[a], u = new double[a];
            environment.Reset(seed, noise ? RandomStream.Reset : RandomStream.TestReset, (ulong)episode);
            for (int t = 0; t < horizon; t++)
            {
                Span<double> z = samples.AsSpan(t * shape.Sample, shape.Sample);
                space.StateOf(environment, z[..s]);
                for (int i = 0; i < a && noise; i++)
                    normals[i] = Philox.Normal(seed, RandomStream.Plan, (ulong)episode, (uint)(t * a + i));
                behaviour.Sample(t, z[..s], normals, u);
                for (int i = 0; i < a; i++) u[i] = Math.Clamp(u[i], -1, 1);
                environment.Step(u);
                u.CopyTo(z[s..]);
                space.StateOf(environment, z[(s + a)..]);
            }
            return (samples, environment.Score);
        }
    }
}
