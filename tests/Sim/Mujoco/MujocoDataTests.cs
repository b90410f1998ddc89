using Naf.Cli.Benchmarks;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

internal sealed class MujocoDataTests : MujocoFixture
{
    [Test]
    public void Two_hundred_steps_after_a_restore_are_bitwise_the_same()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        var motion = new RandomMotion(5);
        motion.Run(data, 57, 3);
        var saved = new double[data.StateSize];
        data.SaveState(saved);
        RandomMotion again = motion, repeat = motion;
        motion.Run(data, 200, 1);
        long[] first = Bits(data);

        // into the simulation that continued, and into a new one
        data.RestoreState(saved);
        repeat.Run(data, 200, 1);
        using var fresh = new MujocoData(model);
        fresh.RestoreState(saved);
        again.Run(fresh, 200, 1);
        Assert.That(Bits(data), Is.EqualTo(first));
        Assert.That(Bits(fresh), Is.EqualTo(first));
    }

    [Test]
    public void A_state_of_the_wrong_length_is_refused()
    {
        using MujocoData data = Simulate(TestModels.Mixed);
        Assert.That(data.StateSize, Is.EqualTo(1 + 9 + 8 + 8 + 1 + 2));
        Assert.That(() => data.SaveState(new double[28]),
            Throws.ArgumentException.With.Message.Contains("28").And.Message.Contains("29"));
        Assert.That(() => data.RestoreState(new double[28]),
            Throws.ArgumentException.With.Message.Contains("StateSize"));
    }

    [Test]
    public void Bringing_positions_up_to_date_does_not_disturb_the_trajectory()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using MujocoData plain = new(model), watched = new(model);
        RandomMotion a = new(9), b = new(9);
        for (int step = 0; step < 100; step++)
        {
            a.Run(plain, 1, 2);
            b.Run(watched, 1, 2);
            watched.Positions();
            Assert.That(Bits(watched), Is.EqualTo(Bits(plain)), $"step {step}");
        }
    }

    [Test]
    public void A_model_without_actuators_and_sites_steps_and_saves()
    {
        using MujocoData data = Simulate(TestModels.Pendulum());
        new RandomMotion(1).Run(data, 10, 2);
        Assert.That((data.Ctrl.Length, data.StateSize), Is.EqualTo((0, 4)));
        Assert.That(data.Time, Is.EqualTo(0.2).Within(1e-12));
    }

    [Test]
    public void Reset_returns_to_the_reference_pose()
    {
        using MujocoData data = Simulate(TestModels.Mixed);
        long[] start = Bits(data);
        new RandomMotion(2).Run(data, 20, 1);
        data.Reset();
        Assert.That(Bits(data), Is.EqualTo(start));
    }

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
}
