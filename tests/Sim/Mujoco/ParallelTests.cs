using Naf.Sim.Mujoco;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class ParallelTests : MujocoFixture
{
    private const int Simulations = 8, Steps = 120;

    [Test]
    public void Simulations_on_several_threads_over_one_model_are_bitwise_those_of_one_thread()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        var alone = new long[Simulations][];
        for (int i = 0; i < Simulations; i++) alone[i] = Trajectory(model, i);

        var together = new long[Simulations][];
        Thread[] threads = [.. Enumerable.Range(0, Simulations).Select(i => new Thread(() => together[i] = Trajectory(model, i)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.Multiple(() =>
        {
            for (int i = 0; i < Simulations; i++) Assert.That(together[i], Is.EqualTo(alone[i]), $"simulation {i}");
            Assert.That(alone[1], Is.Not.EqualTo(alone[0]));
        });
    }

    [Test]
    public void A_simulation_may_move_from_thread_to_thread()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using var data = new MujocoData(model);
        var motion = new RandomMotion(0);
        for (int piece = 0; piece < 4; piece++)
        {
            var thread = new Thread(() => motion.Run(data, Steps / 4, 2));
            thread.Start();
            thread.Join();
        }
        Assert.That(Bits(data), Is.EqualTo(Trajectory(model, 0)));
    }

    [Test]
    public void Models_load_on_several_threads_at_once()
    {
        var sizes = new int[16];
        Parallel.For(0, sizes.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using MujocoModel model = i % 2 == 0 ? MujocoModel.LoadXml(TestModels.Mixed) : MujocoModel.LoadXml(TestModels.Pendulum());
            sizes[i] = model.Nq;
        });
        Assert.That(sizes, Is.EqualTo(sizes.Select((_, i) => i % 2 == 0 ? 9 : 1)));
    }

    private static long[] Trajectory(MujocoModel model, int seed)
    {
        using var data = new MujocoData(model);
        new RandomMotion((ulong)seed).Run(data, Steps, 2);
        return Bits(data);
    }
}
