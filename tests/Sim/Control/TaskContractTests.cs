using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>How an episode's actions are chosen.</summary>
internal enum Manner
{
    Random,
    Zero,
    /// <summary>Each actuator at −1 or +1: for the whole episode, or in every second redrawn after 25 steps.</summary>
    BangBang,
}

/// <summary>
/// Every task has finite numbers, rewards that follow from the observation, and defined terminations.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class TaskContractTests
{
    [Test]
    public void Episodes_are_finite_explained_and_end_as_said(
        [ValueSource(typeof(ContractTasks), nameof(ContractTasks.Names))] string name, [Values] Manner manner)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        RewardFunction<double> inDouble = new(task.Reward);
        RewardFunction<float> inSingle = new(task.Reward);
        ulong count = manner == Manner.Zero ? 10u : 100u;     // with zero actions only the starts differ
        for (ulong episode = 0; episode < count; episode++)
        {
            double score = 0;
            environment.Reset(11, RandomStream.TestReset, episode);
            while (!environment.Done)
            {
                double[] x = environment.Observation.ToArray(),
                    u = Action(manner, task.ActionSize, episode, environment.StepIndex);
                StepResult result = environment.Step(u);
                double[] next = environment.Observation.ToArray();
                double reward = inDouble.Value(x, u);
                float single = inSingle.Value([.. x.Select(v => (float)v)], [.. u.Select(v => (float)v)]);
                Claim(x.All(double.IsFinite) && next.All(double.IsFinite), "the observation is finite");
                Claim(Math.Abs(single - reward) <= 1e-6 + 1e-5 * Math.Abs(reward),
                    $"in float32 the reward {reward} is {single}");

                bool outside = task.Reward.Bounds.Any(
                    bound => next[bound.Index] < bound.Low || next[bound.Index] > bound.High);
                if (outside) reward += task.Reward.TerminationReward;
                score += result.Reward;
                Claim(double.IsFinite(reward) && result.Reward == reward,
                    $"the reward {result.Reward} is that of x and u, {reward}");
                Claim(result.Terminated == outside,
                    "it terminates where a number is out of its bounds, and nowhere else");
                Claim(result.TimedOut == (!outside && environment.StepIndex == task.Horizon),
                    "it is timed out at the horizon");
            }
            Claim(environment.Score == score, "the score is the sum of its rewards");
        }
        Assert.That(environment.Data.WarningCount(), Is.Zero, "warnings of MuJoCo");

        // format the message only on failure, since there are many steps
        void Claim(bool holds, string claim)
        {
            if (!holds) Assert.Fail($"{name}, step {environment.StepIndex}: {claim}");
        }
    }

    private static double[] Action(Manner manner, int size, ulong episode, int step) => manner switch
    {
        Manner.Zero => new double[size],
        Manner.Random => Episodes.RandomAction(size, episode, step),
        _ => [.. Episodes.RandomAction(size, episode, episode % 2 == 0 ? 0 : step / 25)
            .Select(u => u < 0 ? -1.0 : 1.0)],
    };
}
