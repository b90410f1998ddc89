using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>
/// What a learner or a simulation with non-finite numbers does: it stops with a report, or its episode ends.
/// </summary>
internal sealed class StoppedLearnerTests : FolderFixture
{
    // a mass whose initial speed occasionally exceeds MuJoCo's limit (10¹⁰)
    private const string Model = """
        <mujoco><compiler autolimits="true"/><option gravity="0 0 0"/>
        <worldbody><body><joint name="x" type="slide" axis="1 0 0"/><geom size=".1"/></body></worldbody>
        <actuator><motor joint="x" gear="1" ctrlrange="-1 1"/></actuator></mujoco>
        """;

    private const string TaskFile = """
        name: runaway
        description: A mass that is sometimes too fast
        model: runaway.xml
        substeps: 1
        horizon: 9
        reset:
          - {velocity: x, uniform: [-1.3e+10, 1.3e+10]}
        observation:
          - {position: x, input_scale: 1e-10}
          - {velocity: x, input_scale: 1e-10}
        reward:
          - {quadratic: action, weight: -0.1}
        """;

    [SetUp]
    public void MakeTask()
    {
        File.WriteAllText(Folder["runaway.xml"], Model);
        File.WriteAllText(Folder["runaway.yaml"], TaskFile);
    }

    [Test]
    public void A_broken_simulation_stops_its_learner_alone()
    {
        (int exitCode, string output, string error) = TinyRun.Cli(
        [
            "train", Folder["runaway.yaml"], "--out", Folder["run"], "--seeds", "0..7", "--episodes", "6", "--json",
            .. TinyRun.Settings.Append("test_episodes=1").Append("test_seed=0")
                .Append("unstable_simulation=stop").SelectMany(s => new[] { "--set", s }),
        ]);
        Assert.That(exitCode, Is.EqualTo(1), error);
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Dictionary<string, string>[] stops = [.. rows.Where(r => r["stopped"].Length > 0)];
        Assert.That(stops, Has.Length.InRange(1, 7), "some learners, but not all");
        Assert.That(error, Does.Contain($"{stops.Length} of 8 learners stopped before their time"));
        foreach (Dictionary<string, string> stop in stops)
        {
            Assert.That(stop["stopped"], Does.Contain("qvel"), "MuJoCo's reason");
            Assert.That(stop["train_score"], Is.Empty, "an episode that broke off has no score");
            Assert.That(rows.Last(r => r["learner"] == stop["learner"]), Is.SameAs(stop), "nothing follows");
            string who = $"learner {stop["learner"]} (seed {stop["seed"]})";
            Assert.That(error, Does.Contain($"{who} stopped in episode {stop["episode"]}: "));
        }
        Assert.That(rows.Count(r => r["episode"] == "6"), Is.GreaterThanOrEqualTo(8 - stops.Length), "the others end");
        Assert.That(error, Does.Match("MuJoCo warned (once|[0-9]+ times): .*QVEL"));
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.That(json.GetProperty("finished").GetBoolean(), Is.True);
        Assert.That(json.GetProperty("episodes").GetInt32(), Is.EqualTo(6));
        foreach (JsonElement learner in json.GetProperty("learners").EnumerateArray())
        {
            string number = learner.GetProperty("learner").ToString();
            Dictionary<string, string>? stop = stops.SingleOrDefault(r => r["learner"] == number);
            Assert.That(learner.GetProperty("stopped").ValueKind == JsonValueKind.Null, Is.EqualTo(stop is null));
            int ended = stop is null ? 6 : int.Parse(stop["episode"], CultureInfo.InvariantCulture) - 1;
            Assert.That(learner.GetProperty("episodes").GetInt32(), Is.EqualTo(ended),
                "the one that broke off does not count");
        }
    }

    [Test]
    public void Every_step_of_an_episode_that_breaks_off_is_stored()
    {
        TinyRun.Cli(
        [
            "train", Folder["runaway.yaml"], "--out", Folder["run"], "--seeds", "0..7", "--episodes", "6", "--set",
            "n_step=4", "--set", "unstable_simulation=stop",
            .. TinyRun.Settings.Append("test_episodes=1").SelectMany(s => new[] { "--set", s }),
        ]);
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Assert.That(rows.Count(row => row["stopped"].Length > 0), Is.InRange(1, 8));
        Assert.That(rows.Select(row => row["replay"]), Is.EqualTo(rows.Select(row => row["step"])));
    }

    [TestCase("fail")]
    [TestCase("drop")]
    public void An_episode_whose_simulation_breaks_ends(string unstable)
    {
        (int exitCode, string output, string error) = Train(Folder["run"], 6, unstable);
        Assert.That(exitCode, Is.Zero, error);
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Assert.That(rows.Count(r => r["episode"] == "6"), Is.EqualTo(8), "every learner ends its episodes");
        Dictionary<string, string>[] broken =
            [.. rows.Where(r => r["episode"] != "0" && r["train_score"].Length == 0)];
        if (unstable == "fail") Assert.That(broken, Is.Empty, "a failed episode has a score");
        else Assert.That(broken, Is.Not.Empty.And.All.Matches<Dictionary<string, string>>(r => r!["unstable"] != "0"));
        // it is too fast at its start, so that the first step fails
        foreach (Dictionary<string, string>[] ofLearner in rows.GroupBy(r => r["learner"]).Select(g => g.ToArray()))
            for (int i = 1; i < ofLearner.Length; i++)
                if (ofLearner[i]["train_score"].Length == 0)
                {
                    Assert.That(long.Parse(ofLearner[i]["step"]) - long.Parse(ofLearner[i - 1]["step"]), Is.EqualTo(1));
                    Assert.That(ofLearner[i]["replay"], Is.EqualTo(ofLearner[i - 1]["replay"]));
                }
        Assert.That(Array.TrueForAll(rows, r => r["replay"] == r["step"]), Is.EqualTo(unstable == "fail"));

        JsonElement[] learners = [.. JsonDocument.Parse(output).RootElement.GetProperty("learners").EnumerateArray()];
        foreach (JsonElement learner in learners)
            Assert.That(learner.GetProperty("unstable_episodes").GetInt32(), Is.EqualTo(rows
                .Where(r => r["seed"] == learner.GetProperty("seed").ToString()).Sum(r => int.Parse(r["unstable"]))));
        Assert.That(Regex.Count(error, @"the episode (counts as a failure|is dropped) \(unstable_simulation\)"),
            Is.EqualTo(learners.Count(l => l.GetProperty("unstable_episodes").GetInt32() > 0)), "the first of each");
    }

    [Test]
    public void A_resumed_run_has_the_same_failures()
    {
        Train(Folder["whole"], 6);
        Train(Folder["parts"], 4);
        TinyRun.Resume(Folder["parts"], changes: "episodes=6");
        // the order of the learners' rows depends on who began an episode first
        string[] parts = File.ReadAllLines(Folder["parts/metrics.csv"]);
        Assert.That(parts, Is.EquivalentTo(File.ReadAllLines(Folder["whole/metrics.csv"])));
    }

    [TestCase("fail", 40)]
    [TestCase("drop", 0)]
    public void An_evaluation_counts_what_broke(string unstable, int scored)
    {
        File.WriteAllText(Folder["runaway.yaml"], TaskFile + $"\ntraining:\n  unstable_simulation: {unstable}\n");
        (int exitCode, string output, string error) = TinyRun.Cli(
            "evaluate", Folder["runaway.yaml"], "--policy", "zero", "--episodes", "40", "--json");
        Assert.That(exitCode, Is.Zero, error);
        JsonElement json = JsonDocument.Parse(output).RootElement;
        int broke = json.GetProperty("unstable_episodes").GetInt32();
        Assert.That(broke, Is.InRange(1, 39));
        Assert.That(json.GetProperty("episodes").GetInt32(), Is.EqualTo(scored > 0 ? scored : 40 - broke));
        Assert.That(error, Does.Contain(
            $"the simulation broke down in {broke} of the episodes, first: runaway, step 1"));
    }

    [Test]
    public void An_evaluation_without_any_score_says_why()
    {
        File.WriteAllText(Folder["runaway.yaml"], TaskFile.Replace("[-1.3e+10, 1.3e+10]", "[1.1e+10, 1.3e+10]")
            + "\ntraining:\n  unstable_simulation: drop\n");
        Assert.That(TinyRun.CliError(1, "evaluate", Folder["runaway.yaml"], "--policy", "zero"),
            Does.Contain("there is no score: the simulation broke down in 20 of the episodes"));
    }

    [Test]
    public void A_check_counts_what_broke()
    {
        (int exitCode, string output, string error) = TinyRun.Cli("tasks", "--check", Folder["runaway.yaml"]);
        Assert.That(exitCode, Is.Zero, error);
        string text = Regex.Replace(output, @"\s+", " ");
        Assert.That(text, Does.Match(
            @"warning: in random play the simulation broke down in \d+ of the episodes, first: runaway, step 1"));
        Assert.That(text, Does.Contain("warning: actions that are held break the simulation: runaway, step 1"));
        Assert.That(text, Does.Not.Contain("changes nothing"));
    }

    private static (int ExitCode, string Output, string Error) Train(
        string folder, int episodes, string unstable = "fail") => TinyRun.Cli(
    [
        "train", Path.Combine(Path.GetDirectoryName(folder)!, "runaway.yaml"), "--out", folder, "--seeds", "0..7",
        "--episodes", $"{episodes}", "--json", "--set", $"unstable_simulation={unstable}",
        .. TinyRun.Settings.SelectMany(s => new[] { "--set", s }),
    ]);

    [Test]
    public void A_diverged_learner_stops_with_a_report()
    {
        (int exitCode, string output, string error) = TinyRun.Cli(TinyRun.Arguments(
            Folder["run"], 4, "--json", "--set", "learning_rate=1", "--set", "reward_scale=1e9", "--set",
            "log_diagonal_bound=20",
            "--set", "tau=1"));
        JsonElement json = JsonDocument.Parse(output).RootElement;
        Assert.That(json.GetProperty("finished").GetBoolean(), Is.False);
        int ended = json.GetProperty("learners")[0].GetProperty("episodes").GetInt32();
        Assert.That(json.GetProperty("episodes").GetInt32(), Is.LessThan(4).And.EqualTo(ended));
        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(error, Does.Contain("stopped in episode").And.Contain("diverged")
            .And.Contain("every learner stopped before its time"));
    }
}
