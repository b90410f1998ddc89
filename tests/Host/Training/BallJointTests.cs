using Naf.Host.Trajectories;
using Naf.Host.Training;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>A task on a ball joint: starts, observation, training, imagination, planning and trajectories.</summary>
internal sealed class BallJointTests : MujocoFixture
{
    private static readonly string Rod = ContractTasks.PathOf("rod");

    [Test]
    public void Starts_are_unit_quaternions_and_observations_have_w_above_zero()
    {
        using ControlTask task = ControlTask.Load(Rod);
        using var environment = new ControlEnvironment(task);
        int flipped = 0;
        for (ulong episode = 0; episode < 20; episode++)
        {
            environment.Reset(1, RandomStream.TestReset, episode);
            Assert.That(environment.Qpos.ToArray().Sum(q => q * q), Is.EqualTo(1).Within(1e-15));
            while (!environment.Done)
            {
                environment.Step([1, -1, 1]);
                double[] q = environment.Qpos.ToArray(), v = environment.Qvel.ToArray();
                double sign = q[0] < 0 ? -1 : 1;
                if (sign < 0) flipped++;
                Assert.That(environment.Observation[..7].ToArray(),
                    Is.EqualTo(q.Select(c => sign * c).Concat(v)).Within(1e-14));
            }
        }
        Assert.That(flipped, Is.GreaterThan(10), "steps in which MuJoCo's w is below 0");
    }

    [Test]
    public void Parts_of_a_ball_joint_are_set_one_by_one_or_drawn_from_all_orientations()
    {
        using var scratch = new ScratchFolder();
        scratch.Write("rod.xml", File.ReadAllText(Path.ChangeExtension(Rod, ".xml")));
        string text = File.ReadAllText(Rod), old = "{position: socket, at: [1, 0, 0, 0], normal: 0.1}";
        using (ControlEnvironment parts = Episodes.Begin(scratch.Write("parts.yaml", text
            .Replace(old, "{position: [socket.qz, socket.qw], at: 1}")
            .Replace("{velocity: socket, normal: 0.1}", "{velocity: socket.ry, at: -2}"))))
        {
            Assert.That(parts.Qpos.ToArray(),
                Is.EqualTo(new[] { Math.Sqrt(0.5), 0, 0, Math.Sqrt(0.5) }).Within(1e-15));
            Assert.That(parts.Qvel.ToArray(), Is.EqualTo(new double[] { 0, -2, 0 }));
        }
        using ControlTask task = ControlTask.Load(
            scratch.Write("any.yaml", text.Replace(old, "{position: socket, at: 0, normal: 1}")));
        using var any = new ControlEnvironment(task);
        double[] squares = new double[4];
        for (ulong episode = 0; episode < 2000; episode++)
        {
            any.Reset(1, RandomStream.TestReset, episode);
            for (int i = 0; i < 4; i++) squares[i] += any.Qpos[i] * any.Qpos[i] / 2000;
        }
        Assert.That(squares, Is.All.EqualTo(0.25).Within(0.02));
    }

    [TestCase("imagination=fitted", "plan=ilqg", "plan_fraction=0.5")]
    [TestCase("imagination=true")]
    [TestCase("plan=mpc", "plan_fraction=0.5", "mpc_horizon=0.12", "mpc_samples=4")]
    [TestCase("algorithm=ddpg")]
    public void It_trains_and_resumes_bitwise(params string[] how)
    {
        string[] settings =
        [
            .. how, "refit_episodes=2", "imagined_steps=3", "imagined_starts=16", "imagined_updates=1",
            "prior_episodes=4",
        ];
        using (TrainingRun run = Begin("straight")) Assert.That(run.Train().Finished);
        TinyRun.TrainPartly(Begin("run"), 3);
        TinyRun.Resume(Folder["run"]);
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Assert.That(rows.Any(r => long.Parse(r["imagined"]) > 0), Is.EqualTo(how[0].StartsWith("imagination")));
        Assert.That(rows.Any(r => r["planned"] == "1"), Is.EqualTo(how.Any(s => s.StartsWith("plan="))));
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--trajectory", Folder["t.csv"]).ExitCode, Is.Zero);
        Assert.That(File.ReadLines(Folder["t.csv"]).First(), Does.StartWith("step,time,qpos.socket.qw,qpos.socket.qx,"
            + "qpos.socket.qy,qpos.socket.qz,qvel.socket.rx,qvel.socket.ry,qvel.socket.rz,constant.target.x"));
        using ControlTask task = ControlTask.Load(Rod);
        Trajectory read = TrajectoryFile.Read(Folder["t.csv"], task);
        Assert.That(read.Rows[^1].Qpos.Sum(q => q * q), Is.EqualTo(1).Within(1e-12));

        TrainingRun Begin(string folder) =>
            TrainingRun.Begin(Rod, _ => TinyRun.Resolve(5, settings), Folder[folder]);
    }

    [Test]
    public void The_check_finds_nothing_wrong_and_lists_the_joint()
    {
        (int code, string report, _) = TinyRun.Cli("tasks", "--check", Rod);
        Assert.That((code, report), Is.EqualTo((0, report)));
        Assert.That(report, Does.Match("joints +socket \\(ball\\)").And.Match("socket\\.qw +position")
            .And.Match("socket\\.velocity\\.rz +velocity").And.EndWith("nothing found wrong\n"));
    }

    [Test]
    public void A_ball_joint_that_nothing_observes_is_no_hindrance()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        scratch.ChangeModel("reacher", "<body name=\"upper\">",
            "<body><joint name=\"shoulder\" type=\"ball\"/><geom size=\".1\" type=\"sphere\"/></body>"
            + "<body name=\"upper\">");
        using ControlTask task = ControlTask.Load(path), plain = ControlTask.Load("reacher");
        Assert.That(task.ObservationNames, Is.EqualTo(plain.ObservationNames));
        Assert.That(new StateCoordinates(task.Definition.Observation.Tree).Size,
            Is.EqualTo(new StateCoordinates(plain.Definition.Observation.Tree).Size + 6));
    }
}
