using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Random policies and recorded episodes for the tests of the environment.</summary>
internal static class Episodes
{
    /// <summary>An environment in the first training episode of a task, with the task's lifetime.</summary>
    public static ControlEnvironment Begin(string nameOrPath)
    {
        using ControlTask task = ControlTask.Load(nameOrPath);
        var environment = new ControlEnvironment(task);
        environment.Reset(1, RandomStream.Reset, 0);
        return environment;
    }

    /// <summary>u uniform in [−1, 1], for a step of an episode.</summary>
    public static double[] RandomAction(int size, ulong episode, int step) =>
        [.. Enumerable.Range(0, size).Select(
            i => 2 * Philox.Uniform(9, RandomStream.RandomPolicy, episode, (uint)(step * size + i)) - 1)];

    /// <summary>Plays an episode with random actions; returns a view of each step.</summary>
    public static void Play(ControlEnvironment environment, ulong seed, ulong episode, Action<StepResult>? seen = null)
    {
        environment.Reset(seed, RandomStream.TestReset, episode);
        while (!environment.Done)
        {
            double[] u = RandomAction(environment.Task.ActionSize, episode, environment.StepIndex);
            StepResult result = environment.Step(u);
            seen?.Invoke(result);
        }
    }

    /// <summary>An episode's observations, rewards, score and success as bits.</summary>
    public static long[] Trace(ControlEnvironment environment, ulong seed, ulong episode)
    {
        var trace = new List<double>();
        Play(environment, seed, episode, result => trace.AddRange([.. environment.Observation, result.Reward]));
        return [.. trace.Append(environment.Score).Append(environment.Success ? 1 : 0)
            .Select(BitConverter.DoubleToInt64Bits)];
    }
}
