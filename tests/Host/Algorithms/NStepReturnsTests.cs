using Naf.Gpu.Cpu;
using Naf.Host.Agents;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Population;
using Naf.Kernels.Replay;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// Transitions of n steps against a computation by hand: x_t = t, u_t = t / 10, r_t = 2ᵗ and γ = ½.
/// </summary>
internal sealed class NStepReturnsTests
{
    private static readonly CpuDevice Processor = new(1);
    private LearnerPopulation _population = null!;

    // x, u, Σ γᵏ r, b, x′: 3 = 1 + 2/2 + 4/4 and 6 = 2 + 4/2 + 8/4
    private static readonly float[][] Begun =
        [[0, 0, 3, 0.25f, 3], [1, 0.1f, 6, 0.25f, 4]];

    [SetUp]
    public void Begin() => _population = LearnerPopulation.Create(
        Processor, new NafShape(1, 1, [4]), [], [new LearnerSettings { BatchSize = 1, ReplayCapacity = 100 }]);

    [TearDown]
    public void End() => _population.Dispose();

    [Test]
    public void A_terminal_state_ends_all_of_them_without_a_bootstrap()
    {
        Run(Returns(3), steps: 5, terminated: true);
        Assert.That(Rows, Is.EqualTo((float[][])
            [.. Begun, [2, 0.2f, 12, 0, 5], [3, 0.3f, 16, 0, 5], [4, 0.4f, 16, 0, 5]]));
    }

    [Test]
    public void A_known_return_after_the_end_takes_the_place_of_a_value()
    {
        NStepReturns returns = Returns(3);
        Run(returns, steps: 1);
        returns.Add([1], [0.1f], new StepResult(2, Terminated: true, TimedOut: false), [1], rest: -8);
        // 1 + 2/2 − 8/4 and 2 − 8/2
        Assert.That(Rows, Is.EqualTo((float[][])[[0, 0, 0, 0, 1], [1, 0.1f, -2, 0, 1]]));
        Assert.That(_population.LearnerAt(0).Replay.Rewards.Least, Is.Zero, "of single rewards");
    }

    [Test]
    public void A_time_limit_bootstraps_the_shorter_ones_from_the_last_state()
    {
        Run(Returns(3), steps: 5, timedOut: true);
        Assert.That(Rows, Is.EqualTo((float[][])
            [.. Begun, [2, 0.2f, 12, 0.25f, 5], [3, 0.3f, 16, 0.5f, 5], [4, 0.4f, 16, 1, 5]]));
    }

    [Test]
    public void An_abort_does_too()
    {
        NStepReturns returns = Returns(3);
        Run(returns, steps: 5);
        Assert.That(Rows, Has.Length.EqualTo(3));
        returns.Abort([5]);
        Assert.That(Rows, Is.EqualTo((float[][])
            [.. Begun, [2, 0.2f, 12, 0.25f, 5], [3, 0.3f, 16, 0.5f, 5], [4, 0.4f, 16, 1, 5]]));
    }

    [Test]
    public void Episodes_are_not_mixed_and_may_be_shorter_than_n()
    {
        NStepReturns returns = Returns(3);
        Run(returns, steps: 2, timedOut: true);
        Run(returns, steps: 1, terminated: true);
        Assert.That(Rows, Is.EqualTo((float[][])[[0, 0, 2, 0.5f, 2], [1, 0.1f, 2, 1, 2], [0, 0, 1, 0, 1]]));
    }

    [Test]
    public void One_step_is_stored_at_once()
    {
        Run(Returns(1), steps: 2);
        Assert.That(Rows, Is.EqualTo((float[][])[[0, 0, 1, 1, 1], [1, 0.1f, 2, 1, 2]]));
        Run(Returns(1), steps: 1, terminated: true);
        Assert.That(Rows[2], Is.EqualTo(new float[] { 0, 0, 1, 0, 1 }));
    }

    [Test]
    public void What_is_not_finite_is_never_stored()
    {
        NStepReturns returns = Returns(3);
        IsRefused(0, double.NaN, 0, "reward");
        IsRefused(0, 1e39, 0, "reward");
        IsRefused(float.NaN, 0, 0, "x ");
        IsRefused(0, 0, float.NaN, "next x");
        Assert.That(Rows, Is.Empty);
        IsRefused(0, double.NaN, 0, "reward", Returns(1));
        Assert.That(Rows, Is.Empty);

        void IsRefused(float x, double reward, float next, string named, NStepReturns? of = null) => Assert.That(
            () => (of ?? returns).Add([x], [0], new StepResult(reward, false, false), [next]),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.StartsWith(named));
    }

    [Test]
    public void A_sum_that_overflows_is_left_out_and_the_steps_after_it_are_stored()
    {
        NStepReturns returns = Returns(3), aborted = Returns(4);
        float[] rewards = [3e38f, 3e38f, 1];
        for (int t = 0; t < 2; t++) returns.Add([t], [0], new StepResult(rewards[t], false, false), [t + 1]);
        Assert.That(() => returns.Add([2], [0], new StepResult(1, false, false), [3]),
            Throws.TypeOf<NonFiniteTransitionException>().With.Message.StartsWith("reward"));
        Assert.That(Rows, Is.EqualTo((float[][])[[1, 0, 3e38f, 0.5f, 3], [2, 0, 1, 1, 3]]));
        returns.Abort([2]);
        Assert.That(Rows, Has.Length.EqualTo(2), "none waits any more");

        for (int t = 0; t < 3; t++) aborted.Add([t], [0], new StepResult(rewards[t], false, false), [t + 1]);
        aborted.Abort([3]);
        float[][] first = Rows[..2];
        Assert.That(Rows[2..], Is.EqualTo(first));
    }

    [Test]
    public void The_limits_of_values_are_those_of_single_rewards()
    {
        Run(Returns(3), steps: 5, timedOut: true);
        Assert.That(_population.LearnerAt(0).Replay.Rewards, Is.EqualTo((0f, 16f)));
    }

    [Test]
    public void Steps_that_wait_are_in_a_checkpoint()
    {
        NStepReturns whole = Returns(3), parts = Returns(3);
        Run(whole, steps: 4);
        Assert.That(Rows, Has.Length.EqualTo(2));
        parts.Serialise(Saved.By(whole.Serialise));
        foreach (NStepReturns returns in (NStepReturns[])[whole, parts]) returns.Abort([4]);
        Assert.That(Rows[4..], Is.EqualTo(Rows[2..4]));
        Assert.That(Rows[2], Is.EqualTo(new float[] { 2, 0.2f, 8, 0.5f, 4 }));
    }

    private float[][] Rows
    {
        get
        {
            ReplayBuffer replay = _population.LearnerAt(0).Replay;
            return [.. Enumerable.Range(0, replay.Count).Select(i => replay.RowSpan(i).ToArray())];
        }
    }

    private NStepReturns Returns(int n) => new(_population, learner: 0, n, gamma: 0.5);

    private static void Run(NStepReturns returns, int steps, bool terminated = false, bool timedOut = false)
    {
        for (int t = 0; t < steps; t++)
        {
            bool last = t == steps - 1;
            var result = new StepResult(Math.Pow(2, t), terminated && last, timedOut && last);
            returns.Add([t], [t / 10f], result, [t + 1]);
        }
    }
}
