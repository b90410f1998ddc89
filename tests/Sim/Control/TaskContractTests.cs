using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>
/// What every task keeps to, whatever it is about: finite numbers, rewards that its observation explains, an end where it says so.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class TaskContractTests
{
    [Test]
    public void Episodes_are_finite_explained_and_end_as_said(
        [ValueSource(typeof(ContractTasks), nameof(ContractTasks.Names))] string name, [Values] Manner manner)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        var claims = new Claims(task);
        ulong count = manner == Manner.Zero ? 10u : 100u;     // without actions only the starts differ
        for (ulong episode = 0; episode < count; episode++)
        {
            environment.Reset(11, RandomStream.TestReset, episode);
            while (!environment.Done)
            {
                double[] u = ContractTasks.Action(manner, task.ActionSize, episode, environment.StepIndex);
                claims.Before(environment, u);
                claims.After(environment, environment.Step(u));
            }
            Assert.That(environment.Score, Is.EqualTo(claims.Score).Within(0), $"episode {episode}: the score is the sum of its rewards");
        }
        Assert.That(environment.WarningCount, Is.Zero, "warnings of MuJoCo");
    }

    /// <summary>What is claimed of each step; told once for all steps, since there are many.</summary>
    private sealed class Claims(ControlTask task)
    {
        private readonly RewardFunction<double> _reward = new(task.Reward);
        private readonly RewardFunction<float> _single = new(task.Reward);
        private double[] _x = [], _u = [];

        public double Score { get; private set; }

        public void Before(ControlEnvironment environment, double[] u)
        {
            if (environment.StepIndex == 0) Score = 0;
            (_x, _u) = (environment.Observation.ToArray(), u);
            Claim(environment, _x.All(double.IsFinite), "the observation is finite");
        }

        public void After(ControlEnvironment environment, StepResult result)
        {
            double reward = _reward.Value(_x, _u);
            float single = _single.Value([.. _x.Select(v => (float)v)], [.. _u.Select(v => (float)v)]);
            Claim(environment, Math.Abs(single - reward) <= 1e-6 + 1e-5 * Math.Abs(reward), $"in float32 the reward {reward} is {single}");

            double[] next = environment.Observation.ToArray();
            bool outside = task.Reward.Bounds.Any(bound => next[bound.Index] < bound.Low || next[bound.Index] > bound.High);
            if (outside) reward += task.Reward.TerminationReward;
            Score += result.Reward;
            Claim(environment, double.IsFinite(result.Reward) && result.Reward == reward, $"the reward {result.Reward} is that of x and u, {reward}");
            Claim(environment, next.All(double.IsFinite), "the next observation is finite");
            Claim(environment, result.Terminated == outside, "it terminates where a number is out of its bounds, and nowhere else");
            Claim(environment, result.TimedOut == (!outside && environment.StepIndex == task.Horizon), "it is timed out at the horizon");
        }

        private static void Claim(ControlEnvironment environment, bool holds, string claim)
        {
            if (!holds) Assert.Fail($"{environment.Task.Name}, step {environment.StepIndex}: {claim}");
        }
    }
}
