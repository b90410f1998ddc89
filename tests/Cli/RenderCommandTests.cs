namespace Naf.Tests;

internal sealed class RenderCommandTests : MujocoFixture
{
    private static readonly string[] Small = ["--width", "64", "--height", "48"];

    [Test]
    [Needs(Need.Egl)]
    public void Picture_of_a_task_says_what_it_shows()
    {
        using var scratch = new ScratchFolder();
        string task = Short(scratch);
        JsonElement json = Render(task, "--out", Folder["a.png"], "--seed", "7", "--episode", "2");
        Assert.Multiple(() =>
        {
            foreach (string name in (string[])
                ["seed", "episode", "steps", "step", "frames", "width", "height", "score"])
                Assert.That(json.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
            Assert.That(json.Text("out"), Is.EqualTo(Folder["a.png"]));
            Assert.That(json.Text("policy"), Is.EqualTo("random"));
            Assert.That(json.Number("step"), Is.EqualTo(20), "the end of the episode");
        });
        Assert.That(File.ReadAllBytes(Folder["a.png"])[..4], Is.EqualTo("\x89PNG".Select(c => (byte)c)));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    [Needs(Need.Egl)]
    public void Picture_is_that_of_its_episode_step_and_policy()
    {
        using var scratch = new ScratchFolder();
        string task = Short(scratch);
        byte[] Picture(params string[] options)
        {
            Render(task, ["--out", Folder["a.png"], .. options]);
            return File.ReadAllBytes(Folder["a.png"]);
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
        string run = Folder["run"], file = Folder["t.csv"];
        TinyRun.Train(run, 2);
        JsonElement evaluated = TinyRun.CliJson("evaluate", run, "--episodes", "1", "--trajectory", file, "--json");
        Assert.That(evaluated.Text("trajectory"), Is.EqualTo(file));
        JsonElement played = Render(run, "--out", Folder["a.png"]);
        Assert.That((played.Text("policy"), played.Number("after_episode")), Is.EqualTo(("last", 2.0)));
        Assert.That(played.Number("score"), Is.EqualTo(evaluated.Number("mean")).Within(1e-12));
        foreach (string target in (string[])[run, "cartpole"])
        {
            Render(target, "--trajectory", file, "--out", Folder["b.png"]);
            Assert.That(File.ReadAllBytes(Folder["b.png"]), Is.EqualTo(File.ReadAllBytes(Folder["a.png"])), target);
        }
    }

    [Test]
    [Needs(Need.Egl)]
    public void The_random_policys_trajectory_is_the_episode_that_is_drawn()
    {
        string file = Folder["t.csv"];
        TinyRun.CliJson("evaluate", "reacher", "--episodes", "3", "--seed", "5", "--trajectory", file, "--json");
        Render("reacher", "--trajectory", file, "--out", Folder["a.png"]);
        Render("reacher", "--seed", "5", "--out", Folder["b.png"]);
        Assert.That(File.ReadAllBytes(Folder["b.png"]), Is.EqualTo(File.ReadAllBytes(Folder["a.png"])));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    public void Video_is_in_real_time()
    {
        using var scratch = new ScratchFolder();
        JsonElement json = Render(Short(scratch), "--out", Folder["a.mp4"]);
        Assert.That(json.Number("frames"), Is.EqualTo(21), "the start and the state after each step");
        Assert.That(json.Number("frames_per_second"), Is.EqualTo(100 / 3.0));
        Assert.That(json.GetProperty("step").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(VideoFileTests.Probe(Folder["a.mp4"]), Does.EndWith(",64,48,yuv420p,100/3,21"));
        Assert.That(VideoFileTests.Seconds(Folder["a.mp4"]), Is.EqualTo(21 * 0.03).Within(0.01));
        Assert.That(Directory.GetFiles(Folder.Path), Has.Length.EqualTo(1));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    public void Video_skips_states_that_no_screen_could_show()
    {
        using var scratch = new ScratchFolder();
        // 0.01 s: 50 frames per second show every second state
        string task = scratch.Changed("reacher", "substeps: 2", "substeps: 1");
        File.WriteAllText(task, File.ReadAllText(task).Replace("horizon: 150", "horizon: 51"));
        JsonElement json = Render(task, "--out", Folder["a.mp4"]);
        Assert.That(json.Number("frames"), Is.EqualTo(27), "states 0, 2 … 50, and the last one, 51");
        Assert.That(VideoFileTests.Probe(Folder["a.mp4"]), Does.EndWith(",50/1,27"));
    }

    [Test]
    [Needs(Need.Egl | Need.Ffmpeg)]
    [Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
    public void A_video_that_a_signal_stops_is_not_there_and_said_to_be_so()
    {
        string film = Folder["a.mp4"];
        using var child = new ChildProcess("render", "cartpole", "--out", film, "--width", "1920", "--height", "1080");
        var place = new DirectoryInfo(Folder.Path);
        child.WaitUntil(() => place.GetFiles().Any(file => file is { Exists: true, Length: > 0 }));
        child.Signal("TERM");
        Assert.That(child.Wait(), Is.EqualTo(143), child.Error.Result);
        Assert.That((child.Output.Result, child.Error.Result),
            Is.EqualTo(("", $"naf: stopped; {film} was not written{Environment.NewLine}")));
        Assert.That(Directory.GetFiles(Folder.Path), Is.Empty);
    }

    [Test]
    public void A_place_that_cannot_be_is_refused_before_any_work()
    {
        string nowhere = Folder["no/a.png"];
        Assert.That(TinyRun.CliError(1, "render", "cartpole", "--out", nowhere).TrimEnd(),
            Is.EqualTo($"naf: {nowhere} can't be written: there is no folder {Folder["no"]}; make it first"));
        Directory.CreateDirectory(Folder["b.mp4"]);
        Assert.That(TinyRun.CliError(1, "render", "cartpole", "--out", Folder["b.mp4"]),
            Does.Contain("is a folder; name a file in it"));
        Assert.That(TinyRun.CliError(1, "evaluate", "cartpole", "--trajectory", Folder["no/t.csv"]),
            Does.Contain("there is no folder"));
    }

    private static JsonElement Render(string target, params string[] options) =>
        TinyRun.CliJson(["render", target, .. Small, .. options, "--json"]);

    private static string Short(ScratchFolder scratch) => scratch.Changed("cartpole", "horizon: 150", "horizon: 20");
}
