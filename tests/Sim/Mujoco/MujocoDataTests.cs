using Naf.Sim.Mujoco;
using NUnit.Framework;

namespace Naf.Tests;

public sealed class MujocoDataTests : MujocoFixture
{
    [Test]
    public void Two_hundred_steps_after_a_restore_are_bitwise_the_same([Values("cheetah", "mixed")] string name)
    {
        using MujocoModel model = name == "cheetah" ? MujocoModel.Load(TestModels.CheetahPath) : MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        var motion = new RandomMotion(5);
        motion.Run(data, 57, 3);

        var saved = new double[data.StateSize];
        data.SaveState(saved);
        RandomMotion again = motion;
        motion.Run(data, 200, 1);
        long[] first = Bits(data);

        // into the simulation that ran on, and into a fresh one
        data.RestoreState(saved);
        RandomMotion repeat = again;
        repeat.Run(data, 200, 1);
        using var fresh = new MujocoData(model);
        fresh.RestoreState(saved);
        again.Run(fresh, 200, 1);
        Assert.Multiple(() =>
        {
            Assert.That(Bits(data), Is.EqualTo(first));
            Assert.That(Bits(fresh), Is.EqualTo(first));
        });
    }

    [Test]
    public void A_state_of_the_wrong_length_is_refused()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        Assert.Multiple(() =>
        {
            Assert.That(data.StateSize, Is.EqualTo(1 + 9 + 8 + 8 + 1 + 2));
            Assert.That(() => data.SaveState(new double[28]), Throws.ArgumentException.With.Message.Contains("28").And.Message.Contains("29"));
            Assert.That(() => data.RestoreState(new double[28]), Throws.ArgumentException.With.Message.Contains("StateSize"));
        });
    }

    [Test]
    public void Bringing_quantities_up_to_date_does_not_disturb_the_trajectory()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using var plain = new MujocoData(model);
        using var watched = new MujocoData(model);
        RandomMotion a = new(9), b = new(9);
        for (int step = 0; step < 100; step++)
        {
            a.Run(plain, 1, 2);
            b.Run(watched, 1, 2);
            watched.Kinematics();
            watched.Velocities();
            watched.Sensors();
            Assert.That(Bits(watched), Is.EqualTo(Bits(plain)), $"step {step}");
        }
    }

    [Test]
    public void Site_velocities_are_the_differences_of_site_positions()
    {
        const double H = 1e-6;
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        new RandomMotion(3).Run(data, 100, 1);
        int tip = model.IdOf(MujocoObject.Site, "tip");
        Span<double> linear = stackalloc double[3], angular = stackalloc double[3];
        data.Velocities();
        data.SiteVelocity(tip, linear, angular);
        double[] before = data.SitePosition(tip).ToArray(), frame = data.SiteOrientation(tip).ToArray();

        // q(t + h): scalar joints by h q̇, the free joint's quaternion by its angular velocity (body's frame)
        double[] qpos = data.Qpos.ToArray(), qvel = data.Qvel.ToArray();
        for (int i = 0; i < 3; i++) data.Qpos[i] += H * qvel[i];
        for (int i = 7; i < 9; i++) data.Qpos[i] += H * qvel[i - 1];
        (double w, double x, double y, double z) = (qpos[3], qpos[4], qpos[5], qpos[6]);
        (double p, double q, double r) = (qvel[3] * H / 2, qvel[4] * H / 2, qvel[5] * H / 2);
        data.Qpos[3] += -x * p - y * q - z * r;
        data.Qpos[4] += w * p + y * r - z * q;
        data.Qpos[5] += w * q + z * p - x * r;
        data.Qpos[6] += w * r + x * q - y * p;
        data.Kinematics();

        double speed = 0;
        for (int i = 0; i < 3; i++)
        {
            Assert.That(linear[i], Is.EqualTo((data.SitePosition(tip)[i] - before[i]) / H).Within(1e-4));
            speed += linear[i] * linear[i];

            // the frame's columns turn by ω × column
            double turned = angular[(i + 1) % 3] * frame[3 * ((i + 2) % 3)] - angular[(i + 2) % 3] * frame[3 * ((i + 1) % 3)];
            Assert.That(turned, Is.EqualTo((data.SiteOrientation(tip)[3 * i] - frame[3 * i]) / H).Within(1e-4));
        }
        Assert.That(speed, Is.GreaterThan(0.01), "the tip should move, or the test says nothing");
    }

    [Test]
    public void Sensors_follow_the_state_at_once()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        data.Step(5);
        data.Qpos[7] = 0.456;
        data.Sensors();
        Assert.Multiple(() =>
        {
            Assert.That(data.SensorData[0], Is.EqualTo(0.456));
            Assert.That(data.SensorData[1..].ToArray(), Is.EqualTo(data.SitePosition(1).ToArray()));
        });
    }

    [Test]
    public void A_model_without_actuators_sites_and_sensors_steps_and_saves()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Pendulum());
        using var data = new MujocoData(model);
        new RandomMotion(1).Run(data, 10, 2);
        Assert.Multiple(() =>
        {
            Assert.That((data.Ctrl.Length, data.Act.Length, data.SensorData.Length, data.StateSize), Is.EqualTo((0, 0, 0, 4)));
            Assert.That(data.Time, Is.EqualTo(0.2).Within(1e-12));
            Assert.That(model.KinematicTree.Sites, Is.Empty);
            Assert.That(() => data.SitePosition(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void Reset_returns_to_the_reference_pose()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        long[] start = Bits(data);
        new RandomMotion(2).Run(data, 20, 1);
        data.Reset();
        Assert.That(Bits(data), Is.EqualTo(start));
    }

    [Test]
    public void Stepping_allocates_nothing()
    {
        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using var data = new MujocoData(model);
        var motion = new RandomMotion(7);
        var state = new double[data.StateSize];
        Work();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Work();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);

        void Work()
        {
            for (int i = 0; i < 50; i++)
            {
                motion.Run(data, 1, 5);
                data.Kinematics();
                data.SaveState(state);
                data.RestoreState(state);
            }
        }
    }
}
