using Naf.Host;
using Naf.Kernels;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>iLQG without a KL constraint: the Riccati solution where there is one, and the predicted cost against the measured one.</summary>
public sealed class IlqgIterationTests
{
    private static readonly IlqgSettings Noiseless = new() { LeastNoise = 0 };

    [Test]
    public void A_linear_system_with_quadratic_cost_gets_the_riccati_solution(
        [Values(1, 2, 31)] int horizon, [Values(1, 4, 7)] int state, [Values(1, 3)] int action, [Values(0.5, 0.95, 1.1)] double radius)
    {
        var system = new LinearSystem(3, horizon, state, action, radius);
        IlqgResult result = IlqgIteration.Converge(system.Model, system.StartMean, system.StartCovariance, system, system.Previous, Noiseless);
        Assert.That(result.Reason, Is.Null);
        (double[,] K, double[] k)[] expected = system.Riccati();
        Assert.That(result.Controller!.Gain.ToArray(), Is.EqualTo(expected.SelectMany(e => e.K.Cast<double>())).Within(Tolerances.Riccati));
        Assert.That(result.Controller.Offset.ToArray(), Is.EqualTo(expected.SelectMany(e => e.k)).Within(Tolerances.Riccati));
        Assert.That(result.Controller.Covariance.ToArray(), Is.All.Zero);
    }

    [Test]
    public void Without_noise_the_predicted_cost_is_the_measured_one()
    {
        LinearSystem system = new LinearSystem(5, 31, 5, 2).Certain();
        IlqgResult result = IlqgIteration.Converge(system.Model, system.StartMean, system.StartCovariance, system, system.Previous, Noiseless);
        double measured = system.Simulate(result.Controller!, 0);
        Assert.That(result.PredictedCost, Is.EqualTo(measured).Within(Tolerances.ByHand * (1 + Math.Abs(measured)) * 100));
        Assert.That(result.PredictedCost, Is.LessThan(result.PreviousCost));
    }

    [Test]
    public void With_noise_the_predicted_cost_is_the_mean_of_the_measured_ones([Values(0, 0.05)] double entropyWeight)
    {
        var system = new LinearSystem(6, 12, 4, 2);
        IlqgSettings settings = Noiseless with { EntropyWeight = entropyWeight };
        IlqgResult result = IlqgIteration.Converge(system.Model, system.StartMean, system.StartCovariance, system, system.Previous, settings);
        const int episodes = 4000;
        var moments = new SampleMoments(1);
        for (ulong e = 0; e < episodes; e++) moments.Add([system.Simulate(result.Controller!, e)]);
        double deviation = Math.Sqrt(moments.Covariance()[0]);
        Assert.That(result.PredictedCost, Is.EqualTo(moments.Mean[0]).Within(Tolerances.SampledMean(deviation, episodes)));
        Assert.That(result.Controller!.Covariance.ToArray().Max() > 1e-3, Is.EqualTo(entropyWeight > 0), "noise is explored with");
    }

    [Test]
    public void A_cost_that_no_quadratic_describes_still_falls_to_a_minimum()
    {
        // s′ = s + u from 3 towards 0 in ten steps, at a cost of smooth norms
        double[] f = [.. Enumerable.Repeat(1.0, 20)];
        var model = new TimeVaryingModel(10, 1, 1, f, new double[10], new double[10]);
        LinearGaussianController initial = LinearGaussianController.Constant(10, 1, [0], 0);
        var cost = new NormCost();
        IlqgResult result = IlqgIteration.Converge(model, [3], [0], cost, initial, Noiseless);
        Assert.That(result.Reason, Is.Null);

        // no change of an action lowers it
        double[] u = [.. Enumerable.Range(0, 10).Select(t => Action(result.Controller!, t))];
        double best = Cost(u);
        Assert.That(best, Is.EqualTo(result.PredictedCost).Within(1e-12).And.LessThan(0.5 * result.PreviousCost));
        for (int t = 0; t < 10; t++)
            foreach (double change in new[] { -1e-3, 1e-3 })
            {
                double[] other = [.. u];
                other[t] += change;
                Assert.That(Cost(other), Is.GreaterThan(best - 1e-9), $"step {t}");
            }

        double Cost(double[] actions)
        {
            double s = 3, sum = 0;
            foreach (double a in actions)
            {
                sum += cost.Value([s], [a]);
                s += a;
            }
            return sum;
        }

        static double Action(LinearGaussianController controller, int until)
        {
            double s = 3;
            double[] u = new double[1];
            for (int t = 0; t <= until; t++)
            {
                controller.Mean(t, [s], u);
                s += u[0];
            }
            return u[0];
        }
    }

    // √(s² + 1) − 1 + √(u² + 1) − 1, with its true Hessian, which is positive
    private sealed class NormCost : IStageCost
    {
        public int State => 1;

        public int Action => 1;

        public double Value(ReadOnlySpan<double> s, ReadOnlySpan<double> u) => Math.Sqrt(s[0] * s[0] + 1) + Math.Sqrt(u[0] * u[0] + 1) - 2;

        public double Expand(ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
        {
            double[] z = [s[0], u[0]];
            hessian.Clear();
            for (int i = 0; i < 2; i++)
            {
                double root = Math.Sqrt(z[i] * z[i] + 1);
                (gradient[i], hessian[3 * i]) = (z[i] / root, 1 / (root * root * root));
            }
            return Value(s, u);
        }
    }
}
