namespace Naf.Tests;

internal sealed class SweepCommandTests : FolderFixture
{
    private string MyFile => Folder["my.yaml"];

    private string[] Command => ["sweep", MyFile, "--out", Folder["sweep"], "--threads", "1", "--device", "cpu"];

    [SetUp]
    public void WriteFile() => File.WriteAllText(MyFile, SweepTests.TinyFile);

    [Test]
    public void The_last_line_is_the_command_that_trains_the_best_candidate()
    {
        (int exitCode, string output, string error) = TinyRun.Cli(Command);
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(5)
            .And.All.Match(@"^candidate \d, noise_scale=[\d.]+, [24] episodes: verified -[\d.]+, \d+ s$"));
        string[] lines = output.TrimEnd().Split('\n');
        Assert.That(lines[0], Does.StartWith("cartpole: 3 of 3 candidates, seeds 3..4, 4 episodes"));
        Assert.That(lines[1], Does.Match("#  settings +episodes +verified +best test +lowest … highest +last +time"));
        Assert.That(lines[^1], Does.StartWith("the best: naf train cartpole --seeds 3..4 --episodes 4 --set "));
        string best = lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        string[] command = lines[^1]["the best: naf ".Length..].Replace("'", "").Split(' ');
        Assert.That(TinyRun.Cli([.. command, "--out", Folder["again"]]).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Folder["again"]), Is.EqualTo(TinyRun.Metrics(Folder[$"sweep/00{best}"])));

        // once more, as JSON
        JsonElement json = TinyRun.CliJson([.. Command, "--json"]);
        Assert.That(json.GetProperty("finished").GetBoolean(), Is.True);
        Assert.That(json.Text("best"), Is.EqualTo(lines[^1]["the best: ".Length..]));
        JsonElement first = json.GetProperty("ranking")[0];
        Assert.That($"{first.Number("candidate")}", Is.EqualTo(best));
        Assert.That(first.Text("run"), Is.EqualTo(Folder[$"sweep/00{best}"]));
        Assert.That(first.GetProperty("settings").Text("noise_scale"), Is.Not.Empty);
        foreach (string name in (string[])["episodes", "verified_best", "best_test_score", "lowest_best_test",
            "highest_best_test", "final_test_score", "stopped", "diverged", "seconds"])
            Assert.That(first.GetProperty(name).ValueKind, Is.EqualTo(JsonValueKind.Number), name);
    }

    [Test]
    public void Quiet_shows_the_result_alone()
    {
        (int exitCode, string output, string error) = TinyRun.Cli([.. Command, "--quiet"]);
        Assert.That((exitCode, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.StartWith("cartpole: 3 of 3 candidates").And.Contain("the best: naf train cartpole"));
    }

    [Test]
    public void Candidates_whose_learners_all_stop_have_no_best()
    {
        File.WriteAllText(MyFile, SweepTests.TinyFile.Replace("fixed: {", "fixed: {reward_scale: 1e9, "
            + "log_diagonal_bound: 20, tau: 1, learning_rate: 1, ").Replace("halving", "# halving"));
        (int exitCode, string output, string error) = TinyRun.Cli(Command);
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(error, Does.Contain("candidate 1: learner 0 (seed 3) stopped in episode")
            .And.Contain("no candidate has a score, since half of its learners or more stopped before their time"));
        Assert.That(output, Does.Contain("stopped=2").And.Not.Contain("the best: "));
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
    public void A_signal_saves_and_says_how_to_go_on()
    {
        File.WriteAllText(MyFile, SweepTests.TinyFile.Replace("episodes: 4", "episodes: 1000000"));
        using var child = new ChildProcess(Command);
        child.WaitUntil(() => File.Exists(Folder["sweep/ranking-2.csv"]));
        child.Signal("INT");
        Assert.That(child.Wait(), Is.EqualTo(130), child.Error.Result);
        Assert.That(child.Error.Result,
            Does.Contain($"stopped; go on with naf sweep {MyFile} --out {Folder["sweep"]}"));
        Assert.That(child.Output.Result, Does.Contain("cartpole: 3 of 3 candidates"));
    }

    [TestCase("none.yaml", "there is no sweep file none.yaml; docs/sweeps.md shows what it has")]
    [TestCase(".", ". is a folder; name the sweep's file in it")]
    public void A_missing_file_is_named(string file, string message) =>
        Assert.That(TinyRun.CliError(1, "sweep", file), Is.EqualTo($"naf: {message}\n"));
}
