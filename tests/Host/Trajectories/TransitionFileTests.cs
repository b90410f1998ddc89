using System.Security.Cryptography;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Training;
using Naf.Host.Trajectories;
using Naf.Kernels.Checkpoints;
using Naf.Sim;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Logged transitions are what was played, and a run that begins with them has them in its replay.</summary>
internal sealed class TransitionFileTests : MujocoFixture
{
    private const string Header = "observation.0,observation.1,action.0,reward";

    [TestCase("cartpole", false)]
    [TestCase("walker2d", true)]
    public void A_trajectory_is_read_back(string name, bool terminates)
    {
        using ControlTask task = ControlTask.Load(name);
        var played = new Trajectory();
        using (var evaluation = new Evaluator(task))
            evaluation.Episode(PolicyEvaluation.RandomPolicy(4), 4, 0, played);
        TinyRun.CliJson("evaluate", name, "--seed", "4", "--episodes", "1", "--trajectory", Folder["t.csv"], "--json");
        List<Transition> read = TransitionFile.Read(Folder["t.csv"], task).Rows;
        Assert.That(read, Has.Count.EqualTo(played.Steps));
        for (int i = 0; i < read.Count; i++)
        {
            TrajectoryRow row = played.Rows[i];
            Assert.That(read[i].X, Is.EqualTo(Floats(row.Observation)));
            Assert.That(read[i].Next, Is.EqualTo(Floats(played.Rows[i + 1].Observation)));
            Assert.That(read[i].U, Is.EqualTo(Floats(row.Action)));
            Assert.That(read[i].Reward, Is.EqualTo((float)row.Reward!));
            Assert.That(read[i].Terminated, Is.EqualTo(terminates && i == read.Count - 1), $"step {i}");
        }
    }

    [Test]
    public void A_log_of_another_program_is_read_in_the_units_of_the_actions()
    {
        File.WriteAllText(Folder["two.csv"],
            Header + ",terminated\n1,2,-2,5,0\n3,4,3,6,1\n5,6,,,\n7,8,0.5,9,\n9,9,,,\n");
        File.WriteAllText(Folder["whole.csv"], "reward,action.0,next_observation.1,next_observation.0,observation.0,"
            + "observation.1,terminated,note\n5,-2,4,3,1,2,0,a\n6,3,6,5,3,4,1,b\n9,0.5,9,9,7,8,0,c\n");
        var writer = new CheckpointWriter();
        writer.Add<double>("observation", [3, 2], [1, 2, 3, 4, 7, 8]);
        writer.Add<float>("action", [3, 1], [-2, 3, 0.5f]);
        writer.Add<float>("reward", [3], [5, 6, 9]);
        writer.Add<float>("next_observation", [3, 2], [3, 4, 5, 6, 9, 9]);
        writer.Add<long>("terminated", [3], [0, 1, 0]);
        using (FileStream file = File.Create(Folder["t.safetensors"])) writer.WriteTo(file);
        foreach (string name in (string[])["two.csv", "whole.csv", "t.safetensors"])
        {
            List<Transition> read = TransitionFile.Read(Folder[name], Task()).Rows;
            Assert.That(read.Select(t => t.X), Is.EqualTo(new float[][] { [1, 2], [3, 4], [7, 8] }), name);
            Assert.That(read.Select(t => t.Next), Is.EqualTo(new float[][] { [3, 4], [5, 6], [9, 9] }), name);
            Assert.That(read.Select(t => t.U[0]), Is.EqualTo(new float[] { -1, 1, 0 }).Within(1e-7f), name);
            Assert.That(read.Select(t => (t.Reward, t.Terminated)),
                Is.EqualTo(new[] { (5f, false), (6f, true), (9f, false) }), name);
        }
        byte[] whole = File.ReadAllBytes(Folder["t.safetensors"]);
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(Folder["cut.safetensors"], whole[..length]);
            Assert.That(() => TransitionFile.Read(Folder["cut.safetensors"], Task()), Throws.TypeOf<UserException>());
        }
    }

    [TestCase(Header + "\n1,2,0,5\n1,x,,\n", "line 3, column observation.1: expected a finite number, not 'x'")]
    [TestCase(Header + "\n1,2,0,inf\n1,1,,\n", "line 2, column reward: expected a finite number, not 'inf'")]
    [TestCase(Header + "\n1,1e300,0,1\n1,1,,\n", "line 2, column observation.1: 1E+300 is not finite in single")]
    [TestCase(Header + "\n1,2,3.5,1\n1,1,,\n", "line 2, column action.0: the action 3.5 is not within -2 to 3")]
    [TestCase(Header + "\n1,2,0,\n1,1,,\n", "line 2, column reward: expected a number, and there is none")]
    [TestCase(Header + "\n1,2,0,1\n", "line 2, column observation.0: no observation follows this step")]
    [TestCase(Header + "\n1,2,,\n", " has no step: none of its rows has an action")]
    [TestCase(Header + ",step\n1,2,0,1,0\n1,2,0,1,2\n1,1,,,3\n", "line 3, column step: it does not follow the row")]
    [TestCase(Header + ",terminated\n1,2,0,1,2\n1,1,,,\n", "line 2, column terminated: expected 0 or 1, not 2")]
    [TestCase("observation.0,action.0,reward\n1,0,1\n", "line 1: there is no column observation.1")]
    public void A_malformed_log_is_refused_with_its_place(string text, string message)
    {
        File.WriteAllText(Folder["t.csv"], text);
        Assert.That(() => TransitionFile.Read(Folder["t.csv"], Task()),
            Throws.TypeOf<UserException>().With.Message.StartsWith(Folder["t.csv"]).And.Message.Contains(message));
    }

    [TestCase("observation", "it has no tensor observation of [rows, size]")]
    [TestCase("action", "it has no tensor action")]
    [TestCase("next", "it has no tensor next_observation; write safetensors with observation, action, reward")]
    [TestCase("size", "its tensor observation is F32 [2, 3], and the task needs [2, 2]")]
    [TestCase("rows", "its tensor reward is F32 [3], and the task needs [2]")]
    [TestCase("value", "tensor action, row 1, column 0: expected a finite number, not NaN")]
    public void Tensors_that_do_not_fit_are_refused(string fault, string message)
    {
        var writer = new CheckpointWriter();
        int size = fault == "size" ? 3 : 2;
        if (fault != "observation") writer.Add<float>("observation", [2, size], new float[2 * size]);
        if (fault != "action") writer.Add<float>("action", [2, 1], [0, fault == "value" ? float.NaN : 0]);
        writer.Add<float>("reward", [fault == "rows" ? 3 : 2], new float[fault == "rows" ? 3 : 2]);
        if (fault != "next") writer.Add<float>("next_observation", [2, size], new float[2 * size]);
        using (FileStream file = File.Create(Folder["t.safetensors"])) writer.WriteTo(file);
        Assert.That(() => TransitionFile.Read(Folder["t.safetensors"], Task()),
            Throws.TypeOf<UserException>().With.Message.Contains(message));
    }

    [Test]
    public void A_run_begins_with_them_and_goes_on_without_the_file()
    {
        string log = Folder["t.csv"], run = Folder["run"];
        TinyRun.CliJson("evaluate", "cartpole", "--episodes", "1", "--trajectory", log, "--json");
        TinyRun.CliError(0, TinyRun.Arguments(Folder["asked"], 1, "--warm-start", log));
        Assert.That(TinyRun.Rows(Folder["asked"])[0]["replay"], Is.EqualTo("150"));
        using (TrainingRun straight = Begin(Folder["straight"], log)) straight.Train();
        using (Begin(run, log))
        {
            using CheckpointReader start = RunFolder.CheckpointsOf(run).ReadNewest(c => c, _ => { });
            using ControlTask task = ControlTask.Load("cartpole");
            foreach (int learner in (int[])[0, 1])
            {
                float[] rows = start.Scope.Values<float>($"learner.{learner}.replay.transitions", []);
                Assert.That(rows, Is.EqualTo(TransitionFile.Read(log, task).Rows.SelectMany(t =>
                    (float[])[.. t.X, .. t.U, t.Reward, 1, .. t.Next])));
            }
        }
        Assert.That(File.ReadAllText(Path.Combine(run, "config.yaml")), Does.Contain($"warm_start: \"{log}\"")
            .And.Contain($"warm_start_sha256: {Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(log)))}"));

        File.Delete(log); // the run needs nothing outside its folder
        TinyRun.Resume(run);
        Assert.That(TinyRun.Metrics(run), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        Assert.That(TinyRun.CliError(1, "train", "--resume", run, "--warm-start", log),
            Does.Contain("is for a new run; a resumed one has its replay"));
        Directory.Delete(Path.Combine(run, "checkpoint"), recursive: true);
        Assert.That(() => TrainingRun.Resume(run), Throws.TypeOf<UserException>().With.Message.Contains(
            $"has no checkpoint, which had the transitions of {log}"));
    }

    [Test]
    public void More_than_the_replay_holds_is_refused()
    {
        TinyRun.CliJson("evaluate", "cartpole", "--episodes", "1", "--trajectory", Folder["t.csv"], "--json");
        Assert.That(TinyRun.CliError(1, TinyRun.Arguments(
                Folder["run"], 2, "--set", "replay_capacity=149", "--warm-start", Folder["t.csv"])),
            Does.Contain("has 150 transitions, and replay_capacity = 149; raise that, or give fewer"));
        Assert.That(Directory.Exists(Folder["run"]), Is.False);
    }

    private static TrainingRun Begin(string folder, string log) => TrainingRun.Begin(
        "cartpole", _ => TinyRun.Resolve(4, "learners=2", "batch_size=64"), folder, warmStart: log);

    private static EnvironmentTask Task() => new("logged", () => new Spaces());

    private static float[] Floats(double[] values) => [.. values.Select(value => (float)value)];

    private sealed class Spaces : IEnvironment
    {
        public Box ObservationSpace { get; } = new(2, -100, 100);

        public Box ActionSpace { get; } = new(1, -2, 3);

        public int MaxEpisodeSteps => 5;

        public double[] Reset(ulong seed) => [0, 0];

        public EnvironmentStep Step(ReadOnlySpan<double> action) => new([0, 0], 0, false, false);

        public void Dispose()
        {
        }
    }
}
