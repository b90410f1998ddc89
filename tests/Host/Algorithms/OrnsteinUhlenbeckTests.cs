using Naf.Host.Agents;
using Naf.Host.Settings;
using Naf.Kernels.Random;

namespace Naf.Tests;

internal sealed class OrnsteinUhlenbeckTests
{
    [Test]
    public void A_step_is_the_formula_in_each_entry()
    {
        var settings = new ExplorationSettings { Theta = 0.25, Sigma = 0.5, Scale = 2, LeastShare = 1 };
        var noise = new OrnsteinUhlenbeck(settings, actions: 3);
        double[] state = [0.75, 0, -1];
        state.CopyTo(noise.State);
        for (ulong step = 11; step < 14; step++)
        {
            float[] u = [0.125f, 0.25f, -0.5f];
            float[] before = [.. u];
            noise.AddTo(3, step, episode: 1, u);
            for (uint i = 0; i < 3; i++)
            {
                state[i] += -0.25 * state[i] + 0.5 * Philox.Normal(3, RandomStream.Exploration, step, i);
                Assert.That(noise.State[(int)i], Is.EqualTo(state[i]).Within(1e-15));
                Assert.That(u[i], Is.EqualTo(before[i] + (float)(2 * noise.State[(int)i])));
            }
        }
    }

    [TestCase(1, 2)]
    [TestCase(2, 1.7)]
    [TestCase(3, 1.4)]
    [TestCase(6, 0.5)]
    [TestCase(100, 0.5)]
    public void The_noise_shrinks_linearly_and_stays_at_its_end(int episode, double scale)
    {
        var settings = new ExplorationSettings { Scale = 2, FinalShare = 0.25, DecayEpisodes = 5, LeastShare = 1 };
        OrnsteinUhlenbeck shrinking = new(settings, 3), unit = new(new() { LeastShare = 1 }, 3);
        var (u, expected) = (new float[3], new float[3]);
        shrinking.AddTo(3, 11, episode, u);
        unit.AddTo(3, 11, episode, expected);
        Assert.That(u, Is.EqualTo(expected.Select(n => (float)(scale * n))).Within(1e-6f));
        Assert.That((settings with { DecayEpisodes = 0, FinalShare = 1 }).ScaleIn(episode, drawn: 0.3), Is.EqualTo(2));
    }

    [Test]
    public void An_episode_draws_its_share_of_the_noise_uniformly()
    {
        double[] shares = [.. Enumerable.Range(1, 1000).Select(e => Noise(3, e, 0.5) / Noise(3, e, 1)).Order()];
        Assert.That(shares[0], Is.InRange(0.5, 0.51));
        Assert.That(shares[500], Is.EqualTo(0.75).Within(0.03));
        Assert.That(shares[^1], Is.InRange(0.99, 1));
        Assert.That(Noise(4, 1, 0) / Noise(4, 1, 1), Is.Not.EqualTo(Noise(3, 1, 0) / Noise(3, 1, 1)).Within(0.01));

        static double Noise(ulong seed, int episode, double least)
        {
            var u = new float[1];
            new OrnsteinUhlenbeck(new ExplorationSettings { LeastShare = least }, 1).AddTo(seed, 11, episode, u);
            return u[0];
        }
    }

    [Test]
    public void An_episode_begins_at_zero()
    {
        var noise = new OrnsteinUhlenbeck(new ExplorationSettings(), actions: 31);
        noise.AddTo(0, 0, episode: 1, new float[31]);
        noise.Reset();
        Assert.That(noise.State.ToArray(), Is.All.Zero);
    }
}
