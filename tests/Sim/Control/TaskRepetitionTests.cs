using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Every task is bitwise reproducible on any thread and after a restore; its steps allocate nothing.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class TaskRepetitionTests
{
    [TestCaseSource(typeof(ContractTasks), nameof(ContractTasks.Names))]
    public void Same_seed_gives_the_same_trajectory_on_one_thread_and_on_two(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        long[][] alone = new long[4][], together = new long[4][];
        using (var environment = new ControlEnvironment(task))
            for (int e = 0; e < 4; e++) alone[e] = Episodes.Trace(environment, 1, (ulong)e);

        // in other environments, in a different order, two at a time
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(t => new Thread(() =>
        {
            using var environment = new ControlEnvironment(task);
            for (int e = 3 - t; e >= 0; e -= 2) together[e] = Episodes.Trace(environment, 1, (ulong)e);
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        for (int e = 0; e < 4; e++) Assert.That(together[e], Is.EqualTo(alone[e]), $"episode {e}");
        Assert.That(alone[0], Is.Not.EqualTo(alone[1]));
    }

    [TestCaseSource(typeof(ContractTasks), nameof(ContractTasks.Names))]
    public void Restored_state_continues_bitwise(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using ControlEnvironment first = new(task), second = new(task);
        Episodes.Play(second, 2, 5);
        int middle = second.StepIndex / 2;
        first.Reset(2, RandomStream.TestReset, 5);
        for (int t = 0; t < middle; t++) first.Step(Episodes.RandomAction(task.ActionSize, 5, t));
        double[] saved = new double[first.StateSize], a = new double[first.StateSize], b = new double[first.StateSize];
        Array.Fill(saved, double.NaN);
        first.SaveState(saved);
        Assert.That(saved[0], Is.EqualTo(middle * task.ControlStep).Within(1e-12), "MuJoCo's clock");
        Episodes.Play(second, 3, 3);
        second.RestoreState(saved);
        Assert.That(second.Observation.ToArray(), Is.EqualTo(first.Observation.ToArray()));

        // the rest of this episode, and part of the next ones
        ulong episode = 5;
        for (int t = middle; t < middle + 200; t++)
        {
            if (first.Done)
            {
                Assert.That(second.Success, Is.EqualTo(first.Success));
                episode++;
                first.Reset(2, RandomStream.Reset, episode);
                second.Reset(2, RandomStream.Reset, episode);
            }
            double[] u = Episodes.RandomAction(task.ActionSize, episode, t);
            Assert.That(second.Step(u), Is.EqualTo(first.Step(u)));
            first.SaveState(a);
            second.SaveState(b);
            Assert.That(b.Select(BitConverter.DoubleToInt64Bits),
                Is.EqualTo(a.Select(BitConverter.DoubleToInt64Bits)), $"step {t}");
        }
    }

    [TestCaseSource(typeof(ContractTasks), nameof(ContractTasks.Names))]
    public void Steps_and_resets_allocate_nothing(string name)
    {
        using ControlTask task = ContractTasks.Load(name);
        using var environment = new ControlEnvironment(task);
        double[] u = new double[task.ActionSize], state = new double[environment.StateSize];
        Array.Fill(u, 0.3);
        for (ulong episode = 0; episode < 3; episode++) Once(episode);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong episode = 3; episode < 6; episode++) Once(episode);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Once(ulong episode)
        {
            environment.Reset(1, RandomStream.Reset, episode);
            for (int t = 0; t < 40 && !environment.Done; t++) environment.Step(u);
            environment.SaveState(state);
            environment.RestoreState(state);
            _ = environment.Success;
        }
    }
}
