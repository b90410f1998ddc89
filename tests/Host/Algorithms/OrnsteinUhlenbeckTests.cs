using Naf.Host.Agents;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class OrnsteinUhlenbeckTests
{
    [TestCase(0.15, 0.3, 1)]
    [TestCase(0.6, 0.2, 0.31)]
    [TestCase(1, 0.4, 2)]
    public void Its_variance_settles_at_the_known_value(double theta, double sigma, double scale)
    {
        var noise = new OrnsteinUhlenbeck(new ExplorationSettings { Theta = theta, Sigma = sigma, Scale = scale }, actions: 3);
        const int steps = 200_000, settling = 200;
        double[] sum = new double[3], squares = new double[3], products = new double[3];
        float[] u = new float[3];
        for (int t = 0; t < settling + steps; t++)
        {
            u.AsSpan().Clear();
            noise.AddTo(7, (ulong)t, u);
            if (t < settling) continue;
            for (int i = 0; i < 3; i++)
            {
                sum[i] += u[i];
                squares[i] += u[i] * u[i];
                products[i] += u[i] * u[(i + 1) % 3];
            }
        }
        double variance = scale * scale * sigma * sigma / (1 - (1 - theta) * (1 - theta));

        // correlated samples: about theta · steps of them are independent; five standard errors
        double independent = Math.Min(1, theta) * steps / 2, error = 5 * Math.Sqrt(2 / independent);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(squares[i] / steps, Is.EqualTo(variance).Within(100 * error).Percent);
            Assert.That(sum[i] / steps, Is.EqualTo(0).Within(5 * Math.Sqrt(2 * variance / independent)));
            Assert.That(products[i] / steps, Is.EqualTo(0).Within(variance * error), "entries are independent of each other");
        }
    }

    [Test]
    public void A_step_is_the_formula()
    {
        var noise = new OrnsteinUhlenbeck(new ExplorationSettings { Theta = 0.25, Sigma = 0.5, Scale = 2 }, actions: 1);
        noise.State[0] = 0.75;
        float[] u = [0.125f];
        noise.AddTo(3, 11, u);
        double expected = 0.75 - 0.25 * 0.75 + 0.5 * Philox.Normal(3, RandomStream.Exploration, 11);
        Assert.That(noise.State[0], Is.EqualTo(expected).Within(1e-15));
        Assert.That(u[0], Is.EqualTo((float)(2 * expected) + 0.125f));
    }

    [Test]
    public void An_episode_begins_at_zero()
    {
        var noise = new OrnsteinUhlenbeck(new ExplorationSettings(), actions: 31);
        noise.AddTo(0, 0, new float[31]);
        noise.Reset();
        Assert.That(noise.State.ToArray(), Is.All.Zero);
    }
}
