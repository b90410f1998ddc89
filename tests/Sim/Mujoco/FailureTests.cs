using System.Runtime.InteropServices;
using Naf.Cli.Benchmarks;
using Naf.Cli.Common;
using Naf.Sim;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>Simulations that break down or warn, and errors of MuJoCo.</summary>
internal sealed class FailureTests : MujocoFixture
{
    [Test]
    public void A_bad_number_is_reported_at_time_zero_and_later(
        [Values("qpos", "qvel", "ctrl")] string where, [Values(double.NaN, double.PositiveInfinity, 1e12)] double bad,
        [Values(0, 3)] int stepsBefore)
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        using var data = new MujocoData(model);
        data.Step(stepsBefore);
        var good = new double[data.StateSize];
        data.SaveState(good);
        Span<double> field = where switch { "qpos" => data.Qpos, "qvel" => data.Qvel, _ => data.Ctrl };
        field[1] = bad;
        Assert.That(
            () => data.Step(5), Throws.TypeOf<SimulationException>().With.Message.Contains($"{where}[1]")
                .And.Message.Contains("substep 1 of 5"));

        // it continues from a good state as if nothing had happened
        data.RestoreState(good);
        data.Step(20);
        using var twin = new MujocoData(model);
        twin.Step(stepsBefore);
        twin.Step(20);
        Assert.That(Bits(data), Is.EqualTo(Bits(twin)));
    }

    [Test]
    public void Time_advances_by_exactly_one_step_under_every_integrator(
    [Values("Euler", "RK4", "implicit")] string integrator)
    {
        using MujocoData data = Simulate(TestModels.Pendulum($"integrator=\"{integrator}\""));
        data.Qvel[0] = 1;
        Assert.That(() => data.Step(5000), Throws.Nothing);
        Assert.That(data.Time, Is.EqualTo(50).Within(1e-9));
    }

    [Test]
    public void Warnings_come_to_the_handler_and_no_log_file_is_written()
    {
        using MujocoModel model = MujocoModel.LoadXml(TestModels.Mixed);
        foreach (bool quiet in (bool[])[false, true])
        {
            var report = new MujocoWarningReport();
            using var data = new MujocoData(model) { Quiet = quiet };
            data.Qvel[0] = double.NaN;
            Assert.That(() => data.Step(), Throws.TypeOf<SimulationException>());
            Assert.That(report.Sentences(), quiet ? Is.Empty : Has.Some.Contains("QVEL"));
            Assert.That(data.WarningCount(), Is.Zero, "a reported failure is not counted again");
        }
        Assert.That(File.Exists("MUJOCO_LOG.TXT"), Is.False);
    }

    [Test]
    public void Contacts_that_find_no_room_are_counted_without_failing()
    {
        if (MujocoLibrary.Load().Version[0] != '2') Assert.Ignore("nconmax is a hard limit in MuJoCo 2 only");
        var report = new MujocoWarningReport();
        using MujocoData data = Simulate("""
            <mujoco><size nconmax="1"/><worldbody><geom type="plane" size="5 5 1"/>
              <body pos="0 0 0.09"><freejoint/><geom type="box" size="0.1 0.1 0.1"/></body>
            </worldbody></mujoco>
            """);
        data.Step();
        Assert.That(data.WarningCount(), Is.GreaterThan(0));
        Assert.That(report.Sentences(), Has.Some.Contains("contact"));
        data.Reset();
        Assert.That(data.WarningCount(), Is.Zero);
    }

    [Test]
    public void An_error_inside_of_mj_step_is_an_exception_and_the_simulation_asks_for_a_reset()
    {
        StackOverflows();
        using MujocoModel model = MujocoModel.LoadXml(TestModels.TinyStack);
        using var data = new MujocoData(model);
        data.Step();
        data.Qpos[2] = TestModels.Touching;
        Assert.That(() => data.Step(), Throws.TypeOf<MujocoException>().With.Message.Contains("Stack overflow"));
        Assert.That(() => data.Step(), Throws.TypeOf<MujocoException>().With.Message.Contains("Reset"));
        Assert.That(() => data.Positions(), Throws.TypeOf<MujocoException>().With.Message.Contains("Reset"));
        data.Reset();
        data.Step(10);
        using var twin = new MujocoData(model);
        twin.Step(10);
        Assert.That(Bits(data), Is.EqualTo(Bits(twin)));
    }

    [Test]
    public void Thousands_of_errors_on_several_threads_with_collections_leave_everything_sound()
    {
        StackOverflows();
        const int Threads = 4, Errors = 5000;
        using MujocoModel tiny = MujocoModel.LoadXml(TestModels.TinyStack),
            mixed = MujocoModel.LoadXml(TestModels.Mixed);
        long[] expected;
        using (var data = new MujocoData(mixed))
        {
            new RandomMotion(1).Run(data, 100, 1);
            expected = Bits(data);
        }

        int caught = 0, wrong = 0;
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(Provoke))];
        foreach (Thread thread in threads) thread.Start();
        while (threads.Any(t => t.IsAlive))
        {
            // collect only young objects: the whole heap of a test run takes too long
            GC.Collect(1);
            Thread.Sleep(1);
        }
        foreach (Thread thread in threads) thread.Join();
        Assert.That((caught, wrong), Is.EqualTo((Threads * Errors, 0)));

        void Provoke()
        {
            using var broken = new MujocoData(tiny);
            using var sound = new MujocoData(mixed);
            var motion = new RandomMotion(1);
            for (int i = 0; i < Errors; i++)
            {
                broken.Qpos[2] = TestModels.Touching;
                double before = i * 0.5; // kept in a register across the error
                var garbage = new object[i % 50];
                try
                {
                    broken.Step();
                }
                catch (MujocoException e) when (e.Message.Contains("Stack overflow"))
                {
                    Interlocked.Increment(ref caught);
                }
                broken.Reset();
                if (before != i * 0.5 || garbage.Length != i % 50) Interlocked.Increment(ref wrong);
                if (i < 100) motion.Run(sound, 1, 1);
            }
            if (!Bits(sound).SequenceEqual(expected)) Interlocked.Increment(ref wrong);
        }
    }

    [Test]
    public unsafe void A_direct_call_of_mju_error_carries_its_message()
    {
        Guarded();
        nint error = MujocoLibrary.Load().Export("mju_error");
        fixed (byte* text = "fünf Äpfel\0"u8)
        {
            nint message = (nint)text;
            for (int i = 0; i < 1000; i++)
                Assert.That(() => ErrorGuard.Invoke(error, message),
                    Throws.TypeOf<MujocoException>().With.Message.Contains("fünf Äpfel"));
        }
    }

    internal static void Guarded()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            Assert.Ignore("errors are exceptions on linux-x64 only");
    }

    /// <summary>
    /// Whether a full stack makes mj_step fail (from 3.0 it uses an arena that is large enough here).
    /// </summary>
    private static void StackOverflows()
    {
        Guarded();
        if (MujocoLibrary.Load().Version[0] != '2') Assert.Ignore("<size nstack> is a hard limit in MuJoCo 2 only");
    }
}
