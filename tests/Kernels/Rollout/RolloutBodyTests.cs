using Naf.Checks.Oracles;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Random;
using Naf.Kernels.Rollout;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Tests;

/// <summary>The rollouts' body in double against closed forms, for a zero network and a linear model.</summary>
internal sealed class RolloutBodyTests
{
    private static readonly RolloutDefinition Cart =
        RolloutTasks.Chain(joints: 1, action: 1, horizon: 5, bound: 100, terminationReward: -7);
    private static readonly NafShape Shape = new(2, 1, [3]);

    // q′ = q + v / 2, v′ = v / 2 + u at every time step, f = (0, t)
    private static float[] Model()
    {
        var packed = new float[5 * Cart.Dynamics.PackedStep];
        for (int t = 0; t < 5; t++)
        {
            int at = t * Cart.Dynamics.PackedStep;
            (packed[at], packed[at + 16], packed[at + 17], packed[at + 33], packed[at + 49]) = (1, 0.5f, 0.5f, 1, t);
            // chol(N) = [1 0; 2 3]
            (packed[at + 64], packed[at + 65], packed[at + 81]) = (1, 2, 3);
        }
        return packed;
    }

    private static RolloutOracle.Result Run(RolloutSettings settings, float[] s, int t, float bias = 0, int end = 5)
    {
        using var learner = new Learner(Shape, new LearnerSettings { Seed = 9 });
        learner.Parameters.Span.Clear();
        learner.Parameters.Span.Slice(learner.Networks[0].Parameters,
            learner.Networks[1].Parameters)[learner.Networks[1].Biases(1)] = bias;
        var starts = new RolloutStarts(Cart, 1) { Count = 1, FirstNumber = 4 };
        s.CopyTo(starts.State, 0);
        (starts.Time[0], starts.End[0]) = (t, end);
        return RolloutOracle.Run(Cart, Shape, [1, 1], learner, Model(), settings, starts).Single();
    }

    [Test]
    public void The_mean_follows_the_model_of_each_time_step_until_the_horizon_or_its_end()
    {
        var still = new RolloutSettings { Steps = 10, SampleDynamics = false };
        RolloutOracle.Result result = Run(still, [1, 2], 3);
        // t = 3: (1 + 1, 1 + 3), t = 4: (2 + 2, 2 + 4); reward −(q² + u²)
        Assert.That(result.Cut, Is.False);
        Assert.That(result.Rows, Is.EqualTo(new[] { new double[] { 1, 2, 0, -1, 1, 2, 4 }, [2, 4, 0, -4, 1, 4, 6] }));
        // t = 2: (1 + 1, 1 + 2), t = 3: (2 + 1.5, 1.5 + 3)
        double[][] expected = [[1, 2, 0, -1, 1, 2, 3], [2, 3, 0, -4, 1, 3.5, 4.5]];
        Assert.That(Run(still, [1, 2], 2, end: 4).Rows, Is.EqualTo(expected));
    }

    [Test]
    public void Noise_enters_through_the_factor_and_the_clipped_action()
    {
        Four<double> normals = RolloutNormals.Block<double, DoubleMath>(9, RandomStream.ImaginationDynamics, 4, 0);
        RolloutOracle.Result result = Run(new RolloutSettings { Steps = 1, ActionNoise = 1000 }, [1, 2], 0);
        double u = result.Rows[0][2];
        Assert.That(Math.Abs(u), Is.EqualTo(1), "an action of a thousand deviations is clipped");
        Assert.That(result.Rows[0][5], Is.EqualTo(2 + normals.A).Within(1e-12));
        Assert.That(result.Rows[0][6], Is.EqualTo(1 + u + 2 * normals.A + 3 * normals.B).Within(1e-12));
    }

    [Test]
    public void A_terminal_state_ends_the_rollout_with_its_reward_and_no_bootstrap()
    {
        RolloutOracle.Result result = Run(new RolloutSettings { SampleDynamics = false }, [99, 4], 0);
        Assert.That(result.Cut, Is.False);
        Assert.That(result.Rows, Is.EqualTo(new[] { new double[] { 99, 4, 0, -99 * 99 - 7, 0, 101, 2 } }));
    }

    [Test]
    public void What_leaves_the_bounds_or_is_not_a_number_is_cut_and_not_stored()
    {
        var settings = new RolloutSettings { SampleDynamics = false, Low = [-1e9f, -1e9f],
            High = [3, float.PositiveInfinity] };
        RolloutOracle.Result result = Run(settings, [1, 2], 3);
        Assert.That((result.Cut, result.Rows.Length), Is.EqualTo((true, 1)), "q′ = 2, then 4");
        RolloutOracle.Result lost = Run(settings with { High = [] }, [float.NaN, 0], 0);
        Assert.That((lost.Cut, lost.Rows.Length), Is.EqualTo((true, 0)));
        lost = Run(new RolloutSettings { ActionNoise = 0.1f }, [1, 2], 0, bias: float.NaN);
        Assert.That((lost.Cut, lost.Rows.Length), Is.EqualTo((true, 0)), "an action that is not a number");
        Assert.That(Run(settings, [1, 2], 5).Cut, Is.False, "a start at the horizon has no steps, and is no cut");
        Assert.That(Run(settings, [float.NaN, 2], 3, end: 3).Cut, Is.False, "nor is one at its end");
    }
}
