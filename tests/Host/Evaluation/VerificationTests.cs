using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Reports;
using Naf.Host.Training;
using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>At its end a run scores its best and last policies from starts that it has not seen.</summary>
internal sealed class VerificationTests : FolderFixture
{
    private static readonly string[] Two = ["learners=2", "verification_episodes=3"];

    private string File => Folder["run/verification.csv"];

    [Test]
    public void Scores_are_those_of_the_policies_from_the_verification_s_starts()
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 4, Two);
        Dictionary<string, string>[] rows = TinyRun.Table(File);
        Assert.That(rows.Select(r => (r["learner"], r["seed"], r["policy"], r["episodes"])), Is.EqualTo(new[]
            { ("0", "0", "best", "3"), ("0", "0", "last", "3"), ("1", "1", "best", "3"), ("1", "1", "last", "3") }));
        using ControlTask task = ControlTask.Load("cartpole");
        foreach (Dictionary<string, string> row in rows)
        {
            using RunPolicy policy =
                RunPolicy.Open(Folder["run"], int.Parse(row["learner"]), best: row["policy"] == "best");
            double[] scores = [.. Enumerable.Range(0, 3).Select(i => Score(task, policy, (ulong)i))];
            double mean = scores.Average(), variance = scores.Sum(s => (s - mean) * (s - mean)) / 2;
            Assert.That(double.Parse(row["score"]), Is.EqualTo(mean).Within(1e-12));
            Assert.That(double.Parse(row["standard_error"]), Is.EqualTo(Math.Sqrt(variance / 3)).Within(1e-12));
            Assert.That(int.Parse(row["episode"]), Is.EqualTo(policy.Episode));
            Assert.That(double.Parse(row["success_rate"]), Is.InRange(0, 1));

            LearnerSummary learner = trained.Learners[int.Parse(row["learner"])];
            Assert.That(row["policy"] == "best" ? (learner.VerifiedBest, learner.VerifiedBestError)
                    : (learner.VerifiedLast, learner.VerifiedLastError),
                Is.EqualTo(((double?)double.Parse(row["score"]), (double?)double.Parse(row["standard_error"]))));
        }
        Assert.That(trained.VerifiedLast, Is.EqualTo(trained.Learners.Average(l => l.VerifiedLast)), "a median of two");

        JsonElement asked = TinyRun.CliJson("evaluate", Folder["run"], "--verify", "--threads", "2", "--json");
        Assert.That(asked.GetProperty("policies").EnumerateArray().Select(p => (p.Text("policy"), p.Number("score"))),
            Is.EqualTo(rows.Select(r => (r["policy"], double.Parse(r["score"])))));
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--verify", "--episodes", "1").Out,
            Does.StartWith("cartpole, from starts that neither training nor tests used, episodes 1 of each policy"));
    }

    [Test]
    public void A_policy_is_verified_on_request()
    {
        TinyRun.Train(Folder["run"], 4, Two);
        string table = Folder["episodes.csv"];
        JsonElement json = TinyRun.CliJson(
            "verify", Folder["run"], "--learner", "1", "--policy", "last", "--episodes", "4", "--threads", "2",
            "--threshold", "-2", "--out", table, "--json");
        using ControlTask task = ControlTask.Load("cartpole");
        using RunPolicy policy = RunPolicy.Open(Folder["run"], learner: 1);
        double[] scores = [.. Enumerable.Range(0, 4).Select(i => Score(task, policy, (ulong)i))];
        double mean = scores.Average(), error = Math.Sqrt(scores.Sum(s => (s - mean) * (s - mean)) / 3 / 4);
        Assert.That(json.Number("mean"), Is.EqualTo(mean).Within(1e-12));
        Assert.That(json.Number("mean_high") - mean, Is.EqualTo(3.182446 * error).Within(1e-6 * error), "t, 3 degrees");
        Assert.That((json.Text("policy"), json.Number("after_episode"), json.Number("seed")),
            Is.EqualTo(("last", 4, 1000)));
        Assert.That(json.Number("episodes_at_threshold"), Is.EqualTo(scores.Count(s => s >= -2)));
        Assert.That(json.GetProperty("success_rate_low").ValueKind, Is.EqualTo(JsonValueKind.Number));
        Assert.That(System.IO.File.ReadLines(table).First(),
            Is.EqualTo("episode,score,success,steps,steps_to_threshold,unstable,upright"));
        Assert.That(TinyRun.Table(table).Select(row => double.Parse(row["score"])), Is.EqualTo(scores));
        Assert.That(TinyRun.Table(table).Select(row => row["steps"]), Is.All.EqualTo("150"));

        double? test = null;
        foreach (Dictionary<string, string> row in TinyRun.Rows(Folder["run"]).Where(row => row["learner"] == "1"))
            if (test is null && row["test_score"].Length > 0 && double.Parse(row["test_score"]) >= -2.2)
                test = double.Parse(row["episode"]);
        JsonElement low = TinyRun.CliJson(
            "verify", Folder["run"], "--learner", "1", "--episodes", "1", "--threshold", "-2.2", "--json");
        Assert.That(low.GetProperty("training_episodes_to_threshold").ValueKind == JsonValueKind.Null
            ? (double?)null : low.Number("training_episodes_to_threshold"), Is.EqualTo(test));
        Assert.That(low.Text("policy"), Is.EqualTo("best"));
        Assert.That(low.GetProperty("mean_low").ValueKind, Is.EqualTo(JsonValueKind.Null), "one episode has no spread");

        Assert.That(TinyRun.CliJson("verify", Folder["run"], "--seed", "7", "--episodes", "2", "--json").Number("mean"),
            Is.Not.EqualTo(TinyRun.CliJson("verify", Folder["run"], "--episodes", "2", "--json").Number("mean")));
        Assert.That(TinyRun.Cli("verify", Folder["run"], "--episodes", "2", "--threshold", "-9").Out,
            Does.StartWith("cartpole, best policy (after episode ")
                .And.Contain("score -9: reached in 2 of 2 episodes; in training first by the test after episode 0"));
        System.IO.File.Copy(Folder["run/metrics.csv"], Folder["metrics.csv"]);
        Assert.That(TinyRun.CliError(1, "verify", Folder["run"], "--out", Folder["metrics.csv"]),
            Does.Contain("metrics.csv is there already and is no table of episodes; name another file"));
        Assert.That(TinyRun.CliError(1, "verify", Folder["run"], "--policy", "mpc"),
            Does.Contain("--policy mpc: only a run's policy is verified; take best or last"));
    }

    [Test]
    public void A_file_that_cannot_be_read_is_not_replaced()
    {
        string path = Folder["t.csv"];
        using FileStream locked = new(path, FileMode.Create, FileAccess.Write, FileShare.None);
        foreach (Action<string> check in
            (Action<string>[])[EpisodeTable.CheckPlace, PolicyValues.CheckPlace, TrajectoryFile.CheckPlace])
            Assert.That(() => check(path), Throws.TypeOf<UserException>().With.Message.StartsWith(
                $"{path} can't be read: ").And.Message.EndsWith("; allow reading it, or name another file"));
    }

    [TestCase(2.5, 3)]
    [TestCase(1, 3)]
    [TestCase(-1, 1)]
    [TestCase(3.5, null)]
    public void The_steps_to_a_threshold_end_where_the_sum_of_rewards_stays_above_it(double threshold, int? steps)
    {
        // sums 1, 0, 3, 3
        var task = new EnvironmentTask("sums", () => new Rewarded(1, -1, 3, 0));
        using var evaluation = new Evaluator(task) { Threshold = threshold };
        EpisodeOutcome outcome = evaluation.Episode((_, _, _, u) => u.Clear(), 0, 0);
        Assert.That((outcome.Score, outcome.Steps, outcome.StepsToThreshold),
            Is.EqualTo((3.0, 4, steps)));
    }

    [Test]
    public void Intervals_are_those_of_tables()
    {
        // t of 0.975 (Abramowitz and Stegun, table 26.10)
        foreach ((int freedom, double t) in (ReadOnlySpan<(int, double)>)
            [(1, 12.706), (2, 4.303), (9, 2.262), (10, 2.228), (120, 1.980), (1_000_000, 1.960)])
            Assert.That(ScoreStatistics.OfMean(5, 1, freedom + 1)!.Value.High - 5, Is.EqualTo(t).Within(6e-4));
        Assert.That(ScoreStatistics.OfMean(5, 0, 1), Is.Null);
        // Wilson: p satisfies |p - k/n| = z sqrt(p (1 - p) / n) at both ends
        Estimate share = ScoreStatistics.OfShare(0.3, 20);
        foreach (double p in (double[])[share.Low, share.High])
            Assert.That(Math.Abs(p - 0.3), Is.EqualTo(1.959964 * Math.Sqrt(p * (1 - p) / 20)).Within(1e-6));
        Assert.That(ScoreStatistics.OfShare(1, 10).High, Is.EqualTo(1).Within(1e-12));
    }

    [Test]
    public void Its_starts_are_no_one_else_s()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        using var environment = new ControlEnvironment(task);
        var starts = new HashSet<string>();
        foreach (RandomStream stream in (RandomStream[])
            [RandomStream.Reset, RandomStream.TestReset, RandomStream.VerificationReset])
            for (ulong episode = 0; episode < 200; episode++)
            {
                environment.Reset(1000, stream, episode);
                starts.Add(string.Join(' ', environment.Observation.ToArray()));
            }
        Assert.That(starts, Has.Count.EqualTo(600), "even of one seed");
    }

    [Test]
    public void Neither_threads_nor_interruptions_change_it()
    {
        TinyRun.Train(Folder["one"], 4, Two);
        TinyRun.TrainPartly(Folder["run"], 4, 2, [.. Two, "threads=3"]);
        Assert.That(System.IO.File.Exists(File), Is.False, "only once the episodes are done");
        TinyRun.Resume(Folder["run"]);
        byte[] expected = System.IO.File.ReadAllBytes(Folder["one/verification.csv"]);
        Assert.That(System.IO.File.ReadAllBytes(File), Is.EqualTo(expected));
    }

    [Test]
    public void It_is_made_once_for_an_end()
    {
        TinyRun.Train(Folder["run"], 4, Two);
        string[] lines = System.IO.File.ReadAllLines(File);
        lines[1] = string.Join(',', [.. lines[1].Split(',')[..4], "0.25", "0.125", "", "3"]);
        System.IO.File.WriteAllLines(File, lines);
        LearnerSummary again = TinyRun.Resume(Folder["run"]).Learners[0];
        Assert.That((again.VerifiedBest, again.VerifiedBestError), Is.EqualTo(((double?)0.25, (double?)0.125)), "read");

        // another end, another number of episodes, and a file that is none
        foreach (string change in (string[])["episodes=6", "verification_episodes=4", "threads=2"])
        {
            TrainingResult anew = TinyRun.Resume(Folder["run"], changes: change);
            Assert.That(anew.Learners[0].VerifiedBest, Is.Not.EqualTo(0.25), change);
            Assert.That(TinyRun.Table(File)[0]["score"], Is.Not.EqualTo("0.25"), change);
            System.IO.File.WriteAllText(File, change == "episodes=6" ? string.Join('\n', lines) : "learner\n");
        }
    }

    [Test]
    public void A_run_taken_back_to_an_earlier_checkpoint_gets_its_own()
    {
        TinyRun.Train(Folder["run"], 2);
        TinyRun.Resume(Folder["run"], changes: "episodes=4");
        TrainingResult back = TinyRun.Resume(Folder["run"], previous: true, "episodes=2");
        TrainingResult straight = TinyRun.Train(Folder["straight"], 2);
        Assert.That((back.VerifiedBest, back.VerifiedLast), Is.EqualTo((straight.VerifiedBest, straight.VerifiedLast)));
        Assert.That(System.IO.File.ReadAllText(File),
            Is.EqualTo(System.IO.File.ReadAllText(Folder["straight/verification.csv"])));
    }

    [Test]
    public void One_episode_has_no_standard_error()
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 2, "verification_episodes=1");
        Assert.That((trained.VerifiedLast is null, trained.Learners[0].VerifiedLastError),
            Is.EqualTo((false, (double?)null)));
        Assert.That(TinyRun.Table(File).Select(row => row["standard_error"]), Is.All.Empty);
    }

    [Test]
    public void None_is_made_when_none_is_asked_for()
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 2, "verification_episodes=0");
        Assert.That((trained.Finished, trained.VerifiedBest, trained.VerifiedLast),
            Is.EqualTo((true, (double?)null, (double?)null)));
        Assert.That(System.IO.File.Exists(File), Is.False);
    }

    [Test]
    public void It_can_be_stopped_and_is_no_training_time()
    {
        using (TrainingRun run = TinyRun.Begin(Folder["run"], 2, "verification_episodes=1000000"))
        {
            using var stop = new CancellationTokenSource();
            long from = Stopwatch.GetTimestamp();
            Task<bool> stopping = Task.Run(() =>
            {
                bool begun = SpinWait.SpinUntil(() => run.Progress.VerificationsEnded > 0, TimeSpan.FromMinutes(1));
                Thread.Sleep(400);
                stop.Cancel();
                return begun;
            });
            TrainingResult cut = run.Train(stop.Token);
            Assert.That(stopping.Result, Is.True, "the verification has begun");
            Assert.That((cut.Finished, cut.VerifiedLast), Is.EqualTo((true, (double?)null)));
            Assert.That(Stopwatch.GetElapsedTime(from).TotalSeconds - cut.Seconds, Is.GreaterThan(0.3));
            Assert.That(run.Progress.Verifications, Is.EqualTo(2_000_000));
            Assert.That(System.IO.File.Exists(File), Is.False);
        }
        TrainingResult whole = TinyRun.Resume(Folder["run"], changes: "verification_episodes=2");
        Assert.That(whole.VerifiedLast, Is.EqualTo(TinyRun.Train(Folder["straight"], 2).VerifiedLast).And.Not.Null);
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
    public void A_signal_ends_it_and_loses_nothing()
    {
        using var child = new ChildProcess(
            TinyRun.Arguments(Folder["run"], 2, "--set", "verification_episodes=1000000"));
        child.WaitUntil(() => Directory.Exists(Folder["run/checkpoint"])
            && Directory.GetFiles(Folder["run/checkpoint"], "step-000000000300.naf").Length > 0);
        child.Signal("INT");
        Assert.That(child.Wait(), Is.EqualTo(130), child.Error.Result);
        Assert.That(child.Error.Result, Does.Contain("training has ended, and only its verification was stopped; make "
            + $"it with naf train --resume {Folder["run"]}"));
        Assert.That(child.Output.Result, Does.Contain("best test score"));
        Assert.That(TinyRun.Resume(Folder["run"], changes: "verification_episodes=2").VerifiedLast, Is.Not.Null);
    }

    // an episode of fixed rewards
    private sealed class Rewarded(params double[] rewards) : IEnvironment
    {
        private int _step;

        public Box ObservationSpace { get; } = new(1, -1, 1);

        public Box ActionSpace { get; } = new(1, -1, 1);

        public int MaxEpisodeSteps => rewards.Length;

        public double[] Reset(ulong seed)
        {
            _step = 0;
            return [0];
        }

        public EnvironmentStep Step(ReadOnlySpan<double> action) => new([0], rewards[_step++], false, false);

        public void Dispose()
        {
        }
    }

    private static double Score(ControlTask task, RunPolicy policy, ulong episode)
    {
        using var environment = new ControlEnvironment(task);
        float[] u = new float[task.ActionSize];
        environment.Reset(1000, RandomStream.VerificationReset, episode);
        for (bool done = false; !done;)
        {
            policy.Act([.. environment.Observation.ToArray().Select(value => (float)value)], u);
            done = environment.Step([.. u.Select(value => (double)value)]).Done;
        }
        return environment.Score;
    }
}
