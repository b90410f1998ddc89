using Naf.Host.Agents;
using Naf.Host.Policies;
using Naf.Host.Training;
using Naf.Kernels.Random;
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
