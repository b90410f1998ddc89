using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>A trajectory file restores the episode, and reports where it is malformed.</summary>
internal sealed class TrajectoryFileTests : MujocoFixture
{
    [Test]
    public void Reading_gives_the_bits_that_were_written()
    {
        using ControlTask task = ControlTask.Load("canada2d");
        Trajectory written = Play(task);
        TrajectoryFile.Write(Folder["t.csv"], task, written);
        Trajectory read = TrajectoryFile.Read(Folder["t.csv"], task);
        string[] lines = File.ReadAllLines(Folder["t.csv"]);
        Assert.That((read.Rows.Count, lines.Length), Is.EqualTo((151, 152)));
        for (int i = 0; i < 151; i++)
        {
            (TrajectoryRow a, TrajectoryRow b) = (written.Rows[i], read.Rows[i]);
            Assert.That(Bits([.. b.Qpos, .. b.Constants, b.Reward ?? 0]),
                Is.EqualTo(Bits([.. a.Qpos, .. a.Constants, a.Reward ?? 0])), $"row {i}");
            double[] cells = [.. lines[i + 1].Split(',').Select(cell => cell.Length > 0 ? double.Parse(cell) : 0)];
            double[] action = i < 150 ? a.Action : new double[3];
            double[] all = [i, i * task.ControlStep, .. a.Qpos, .. a.Qvel, .. a.Constants, .. a.Observation, .. action,
                a.Reward ?? 0, 0];
            Assert.That(Bits(cells), Is.EqualTo(Bits(all)), $"row {i}");
        }
        Assert.That(read.Score, Is.EqualTo(written.Score));
        Assert.That(lines[^1], Does.EndWith(",,,,"), "no action and no reward follow the last state");
    }

    [Test]
    public void Columns_have_the_names_of_the_task()
    {
        Assert.That(Header("canada2d"), Does.StartWith(
            "step,time,qpos.j1,qpos.j2,qpos.j3,qpos.puck_x,qpos.puck_y,qvel.j1,qvel.j2,qvel.j3,qvel.puck_x,qvel.puck_y,"
            + "constant.target.x,constant.target.y,observation.")
            .And.EndWith(",action.j1,action.j2,action.j3,reward,terminated"));
        Assert.That(Header("ant"), Does
            .StartWith("step,time,qpos.root.x,qpos.root.y,qpos.root.z,qpos.root.qw,qpos.root.qx")
            .And.Contain(",qvel.root.rz,qvel.hip1,").And.EndWith(",action.hip4,action.ankle4,reward,terminated"));
    }

    [Test]
    public void Columns_may_be_moved_or_left_out_except_positions_and_constants()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        File.WriteAllText(Folder["t.csv"], "qpos.hinge,note,qpos.slider\n3,,0.5\r\n2,1,0.25\n");
        Trajectory read = TrajectoryFile.Read(Folder["t.csv"], task);
        Assert.That(read.Rows.Select(row => row.Qpos), Is.EqualTo(new double[][] { [0.5, 3], [0.25, 2] }));
        Assert.That(read.Score, Is.Null, "no rewards, no score");
    }

    [TestCase("qpos.slider,qpos.hinge\n0.5,3\n\n\n")]
    [TestCase("\"qpos.slider\", \"qpos.hinge\"\n\"0.5\", 3")]
    [TestCase("qpos.hinge,comment,qpos.slider,\n3,starts here,0.5,\n")]
    public void What_spreadsheets_make_of_it_is_read(string text)
    {
        using ControlTask task = ControlTask.Load("cartpole");
        File.WriteAllText(Folder["t.csv"], text);
        Trajectory read = TrajectoryFile.Read(Folder["t.csv"], task);
        Assert.That(read.Rows.Select(row => row.Qpos), Is.EqualTo(new double[][] { [0.5, 3] }));
    }

    [Test]
    public void Only_trajectories_are_replaced()
    {
        string metrics = Folder["metrics.csv"];
        TinyRun.Train(Folder["run"], 2);
        File.Copy(Folder["run/metrics.csv"], metrics);
        byte[] before = File.ReadAllBytes(metrics);
        (int exitCode, string output, string error) = TinyRun.Cli(
            "evaluate", "cartpole", "--episodes", "1", "--trajectory", metrics);
        Assert.That((exitCode, output), Is.EqualTo((1, "")));
        Assert.That(error.TrimEnd(),
            Is.EqualTo($"naf: {metrics} is there already and is no trajectory; name another file"));
        Assert.That(File.ReadAllBytes(metrics), Is.EqualTo(before));

        using ControlTask task = ControlTask.Load("cartpole");
        TrajectoryFile.Write(Folder["t.csv"], task, Play(task));
        File.WriteAllText(Folder["empty.csv"], "");
        File.CreateSymbolicLink(Folder["dangling.csv"], "nothing.csv");
        foreach (string name in (string[])["t.csv", "empty.csv", "new.csv", "dangling.csv"])
            Assert.That(() => TrajectoryFile.CheckPlace(Folder[name]), Throws.Nothing, name);
    }

    [TestCase("", " is empty; a trajectory begins with a line of column names")]
    [TestCase("qpos.slider,qpos.hinge\n", " has no row below its line of column names")]
    [TestCase("step,qpos.slider\n0,1\n",
        " line 1: there is no column qpos.hinge, which a trajectory of cartpole has; it may be of another task")]
    [TestCase("qpos.slider;qpos.hinge\n0;1\n",
        " line 1: the names of its columns are not separated by commas; save it as CSV with commas")]
    [TestCase("qpos.slider,qpos.hinge,qpos.slider\n0,1,2\n", " line 1: 2 columns are named qpos.slider; leave one")]
    [TestCase("qpos.slider,qpos.hinge\n0,1\n0\n", " line 3: it has 1 columns, and the first line names 2")]
    [TestCase("qpos.slider,qpos.hinge\n0,1\n0,one\n",
        " line 3, column qpos.hinge: expected a finite number, not 'one'")]
    [TestCase("qpos.slider,qpos.hinge\n0,nan\n", " line 2, column qpos.hinge: expected a finite number, not 'nan'")]
    [TestCase("qpos.slider,qpos.hinge\n,1\n", " line 2, column qpos.slider: expected a number, and there is none")]
    public void Malformed_file_is_reported_with_line_and_column(string text, string message)
    {
        using ControlTask task = ControlTask.Load("cartpole");
        File.WriteAllText(Folder["t.csv"], text);
        Assert.That(() => TrajectoryFile.Read(Folder["t.csv"], task),
            Throws.TypeOf<UserException>().With.Message.EqualTo(Folder["t.csv"] + message));
    }

    private static Trajectory Play(ControlTask task)
    {
        var episode = new Trajectory();
        using var evaluation = new Evaluator(task);
        double? score = evaluation.Episode(PolicyEvaluation.RandomPolicy(4), 4, 1, episode).Score;
        Assert.That(episode.Score, Is.EqualTo(score).Within(1e-12));
        return episode;
    }

    private string Header(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        TrajectoryFile.Write(Folder["t.csv"], task, Play(task));
        return File.ReadLines(Folder["t.csv"]).First();
    }

    private static long[] Bits(double[] numbers) => [.. numbers.Select(BitConverter.DoubleToInt64Bits)];
}
