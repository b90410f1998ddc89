namespace Naf.Tests;

internal sealed class RenderCommandTests : MujocoFixture
{
    private static readonly string[] Small = ["--width", "64", "--height", "48"];

    [Test]
    [Needs(Need.Egl)]
    public void Picture_of_a_task_says_what_it_shows()
    {
        using var folder = new TemporaryFolder();
        using var scratch = new ScratchFolder();
        string task = Short(scratch);
        JsonElement json = TinyRun.CliJson(["render", task, "--out", folder["a.png"], .. Small, "--seed", "7", "--episode", "2", "--json"]);
        Assert.Multiple(() =>
        {
            foreach (string name in (string[])["seed", "episode", "steps", "step", "frames", "width", "height", "score"])
                Assert.That(json.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
            Assert.That(json.GetProperty("out").GetString(), Is.EqualTo(folder["a.png"]));
            Assert.That(json.GetProperty("policy").GetString(), Is.EqualTo("random"));
            Assert.That(json.GetProperty("step").GetInt32(), Is.EqualTo(20), "the end of the episode");
        });
        Assert.That(File.ReadAllBytes(folder["a.png"])[..4], Is.EqualTo(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G' }));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    [Needs(Need.Egl)]
    public void Picture_is_that_of_its_episode_step_and_policy()
    {
        using var folder = new TemporaryFolder();
        using var scratch = new ScratchFolder();
        string task = Short(scratch);
        byte[] Picture(params string[] options)
        {
            Assert.That(TinyRun.Cli(["render", task, "--out", folder["a.png"], .. Small, .. options]).ExitCode, Is.Zero);
            return File.ReadAllBytes(folder["a.png"]);
        }
        byte[] last = Picture();
        Assert.That(Picture("--step", "20"), Is.EqualTo(last), "and an older file is replaced");
        Assert.That(Picture("--step", "5"), Is.Not.EqualTo(last));
        Assert.That(Picture("--episode", "1"), Is.Not.EqualTo(last));
        Assert.That(Picture("--policy", "zero"), Is.Not.EqualTo(last));
        Assert.That(Picture("--policy", "random", "--camera", "side"), Is.EqualTo(last));
    }

    [Test]
    [Needs(Need.Egl)]
    public void A_runs_picture_is_that_of_the_trajectory_that_evaluate_wrote()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"], file = folder["t.csv"];
        TinyRun.Train(run, 2);
        JsonElement evaluated = TinyRun.CliJson("evaluate", run, "--episodes", "1", "--trajectory", file, "--json");
        Assert.That(evaluated.GetProperty("trajectory").GetString(), Is.EqualTo(file));
        JsonElement played = TinyRun.CliJson(["render", run, "--out", folder["a.png"], .. Small, "--json"]);
        Assert.That(played.GetProperty("policy").GetString(), Is.EqualTo("run"));
        Assert.That(played.GetProperty("score").GetDouble(), Is.EqualTo(evaluated.GetProperty("mean").GetDouble()).Within(1e-12));
        foreach (string target in (string[])[run, "cartpole"])
        {
            TinyRun.CliJson(["render", target, "--trajectory", file, "--out", folder["b.png"], .. Small, "--json"]);
            Assert.That(File.ReadAllBytes(folder["b.png"]), Is.EqualTo(File.ReadAllBytes(folder["a.png"])), target);
        }
    }

    [Test]
    [Needs(Need.Egl)]
    public void The_random_policys_trajectory_is_the_episode_that_is_drawn()
    {
        using var folder = new TemporaryFolder();
        TinyRun.CliJson("evaluate", "reacher", "--episodes", "3", "--seed", "5", "--trajectory", folder["t.csv"], "--json");
        TinyRun.CliJson(["render", "reacher", "--trajectory", folder["t.csv"], "--out", folder["a.png"], .. Small, "--json"]);
        TinyRun.CliJson(["render", "reacher", "--seed", "5", "--out", folder["b.png"], .. Small, "--json"]);
        Assert.That(File.ReadAllBytes(folder["b.png"]), Is.EqualTo(File.ReadAllBytes(folder["a.png"])));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    public void Video_is_in_real_time()
    {
        using var folder = new TemporaryFolder();
        using var scratch = new ScratchFolder();
        JsonElement json = TinyRun.CliJson(["render", Short(scratch), "--out", folder["a.mp4"], .. Small, "--json"]);
        Assert.That(json.GetProperty("frames").GetInt32(), Is.EqualTo(21), "the start and the state after each step");
        Assert.That(json.GetProperty("frames_per_second").GetDouble(), Is.EqualTo(100 / 3.0));
        Assert.That(json.GetProperty("step").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(VideoFileTests.Probe(folder["a.mp4"]), Does.EndWith(",64,48,yuv420p,100/3,21"));
        Assert.That(VideoFileTests.Seconds(folder["a.mp4"]), Is.EqualTo(21 * 0.03).Within(0.01));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    public void Video_skips_states_that_no_screen_could_show()
    {
        using var folder = new TemporaryFolder();
        using var scratch = new ScratchFolder();
        // 0.01 s: 50 frames a second are every second state
        string task = scratch.Changed("reacher", "substeps: 2", "substeps: 1");
        File.WriteAllText(task, File.ReadAllText(task).Replace("horizon: 150", "horizon: 51"));
        JsonElement json = TinyRun.CliJson(["render", task, "--out", folder["a.mp4"], .. Small, "--json"]);
        Assert.That(json.GetProperty("frames").GetInt32(), Is.EqualTo(27), "states 0, 2 … 50, and the last one, 51");
        Assert.That(VideoFileTests.Probe(folder["a.mp4"]), Does.EndWith(",50/1,27"));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    [Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
    public void A_video_that_a_signal_stops_is_not_there_and_said_to_be_so()
    {
        using var folder = new TemporaryFolder();
        string film = folder["a.mp4"];
        using var child = new ChildProcess("render", "cartpole", "--out", film, "--width", "1920", "--height", "1080");
        child.WaitUntil(() => Directory.GetFiles(folder.Path).Any(file => new FileInfo(file) is { Exists: true, Length: > 0 }));
        child.Signal("TERM");
        Assert.That(child.Wait(), Is.EqualTo(143), child.Error.Result);
        Assert.That((child.Output.Result, child.Error.Result), Is.EqualTo(("", $"naf: stopped; {film} was not written{Environment.NewLine}")));
        Assert.That(Directory.GetFiles(folder.Path), Is.Empty);
    }

    [Test]
    public void A_place_that_cannot_be_is_refused_before_any_work()
    {
        using var folder = new TemporaryFolder();
        string nowhere = folder["no/a.png"];
        Assert.That(TinyRun.Cli("render", "cartpole", "--out", nowhere).Error,
            Is.EqualTo($"naf: {nowhere} can't be written: there is no folder {folder["no"]}; make it first{Environment.NewLine}"));
        Directory.CreateDirectory(folder["b.mp4"]);
        Assert.That(TinyRun.Cli("render", "cartpole", "--out", folder["b.mp4"]).Error, Does.Contain("is a folder; name a file in it"));
        Assert.That(TinyRun.Cli("evaluate", "cartpole", "--trajectory", folder["no/t.csv"]).Error, Does.Contain("there is no folder"));
    }

    private static string Short(ScratchFolder scratch) => scratch.Changed("cartpole", "horizon: 150", "horizon: 20");
}
