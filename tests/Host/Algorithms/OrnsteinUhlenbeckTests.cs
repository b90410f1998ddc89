using Naf.Host.Agents;
using Naf.Host.Settings;
using Naf.Kernels.Random;

namespace Naf.Tests;

internal sealed class OrnsteinUhlenbeckTests
{
    [Test]
    public void A_step_is_the_formula_in_each_entry()
    {
        var noise = new OrnsteinUhlenbeck(new ExplorationSettings { Theta = 0.25, Sigma = 0.5, Scale = 2 }, actions: 3);
        double[] state = [0.75, 0, -1];
        state.CopyTo(noise.State);
        for (ulong step = 11; step < 14; step++)
        {
            float[] u = [0.125f, 0.25f, -0.5f];
            float[] before = [.. u];
            noise.AddTo(3, step, u);
            for (uint i = 0; i < 3; i++)
            {
                state[i] += -0.25 * state[i] + 0.5 * Philox.Normal(3, RandomStream.Exploration, step, i);
                Assert.That(noise.State[(int)i], Is.EqualTo(state[i]).Within(1e-15));
                Assert.That(u[i], Is.EqualTo(before[i] + (float)(2 * noise.State[(int)i])));
            }
        }
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
