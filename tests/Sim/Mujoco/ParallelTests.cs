using Naf.Sim.Mujoco;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class ParallelTests : MujocoFixture
{
    [Test]
    public void A_simulation_may_move_from_thread_to_thread()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using MujocoData alone = new(model), moved = new(model);
        new RandomMotion(0).Run(alone, 120, 2);
        var motion = new RandomMotion(0);
        for (int piece = 0; piece < 4; piece++)
        {
            var thread = new Thread(() => motion.Run(moved, 30, 2));
            thread.Start();
            thread.Join();
        }
        Assert.That(Bits(moved), Is.EqualTo(Bits(alone)));
    }

    [Test]
    public void Models_load_on_several_threads_at_once()
    {
        var sizes = new int[16];
        Parallel.For(0, sizes.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            using MujocoModel model = MujocoModel.LoadXml(i % 2 == 0 ? TestModels.Mixed : TestModels.Pendulum());
            sizes[i] = model.Nq;
        });
        Assert.That(sizes, Is.EqualTo(sizes.Select((_, i) => i % 2 == 0 ? 9 : 1)));
    }
}
