namespace Naf.Tests;

/// <summary>A learner or simulation with non-finite numbers stops with a report, and the others continue.</summary>
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
            .. TinyRun.Settings.Append("test_episodes=1").Append("test_seed=0").SelectMany(s => new[] { "--set", s }),
        ]);
        Assert.That(exitCode, Is.Zero, error);
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Dictionary<string, string>[] stops = [.. rows.Where(r => r["stopped"].Length > 0)];
        Assert.That(stops, Has.Length.InRange(1, 7), "some learners, but not all");
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
            "n_step=4", .. TinyRun.Settings.Append("test_episodes=1").SelectMany(s => new[] { "--set", s }),
        ]);
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        Assert.That(rows.Count(row => row["stopped"].Length > 0), Is.InRange(1, 8));
        Assert.That(rows.Select(row => row["replay"]), Is.EqualTo(rows.Select(row => row["step"])));
    }

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
