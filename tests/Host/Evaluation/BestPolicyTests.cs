using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>A run keeps the policy of each learner's best test, as well as its last one.</summary>
internal sealed class BestPolicyTests : FolderFixture
{
    // of these learners some end below their best test
    private static readonly string[] Three = ["learners=3", "seed=1", "updates_per_step=4"];

    [TestCase("shared_trunk=false", "normalisation=batch")]
    [TestCase("shared_trunk=true", "normalisation=layer")]
    [TestCase("twin_values=true", "huber=0.1")]
    public void It_scores_as_the_best_test(params string[] networks)
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 8, [.. Three, .. networks]);
        Assert.That(trained.Learners.Select(l => l.BestEpisode), Has.Some.InRange(1, 7), "a best one on the way");
        foreach (LearnerSummary l in trained.Learners)
        {
            JsonElement best = Evaluate("--learner", $"{l.Learner}", "--policy", "best"),
                last = Evaluate("--learner", $"{l.Learner}");
            Assert.That((best.Text("policy"), best.Number("after_episode"), best.Number("mean")),
                Is.EqualTo(("best", (double)l.BestEpisode, l.BestTestScore!.Value)));
            Assert.That((last.Text("policy"), last.Number("after_episode"), last.Number("mean")),
                Is.EqualTo(("last", 8.0, l.FinalTestScore!.Value)));
            Assert.That((last.Number("best_episode"), best.Number("last_episode")),
                Is.EqualTo(((double)l.BestEpisode, 8.0)), "each names the other");

            string told = TinyRun.Cli("evaluate", Folder["run"], "--learner", $"{l.Learner}").Out;
            Assert.That(told, Does.StartWith("cartpole, last policy (after episode 8): mean "));
            Assert.That(told.Contains($"the policy of the best test, after episode {l.BestEpisode}: --policy best"),
                Is.EqualTo(l.BestEpisode != 8));
            using RunPolicy policy = RunPolicy.Open(Folder["run"], l.Learner, best: true);
            Assert.That(policy.Episode, Is.EqualTo(l.BestEpisode));
        }
        Assert.That(Evaluate("--policy", "run").Number("mean"), Is.EqualTo(trained.Learners[0].FinalTestScore),
            "the last one's earlier name");
    }

    [Test]
    public void It_is_the_same_in_a_resumed_run()
    {
        TinyRun.Train(Folder["straight"], 7, Three);
        TinyRun.TrainPartly(Folder["run"], 7, 5, Three);
        TinyRun.Resume(Folder["run"]);
        for (int k = 0; k < 3; k++) Assert.That(Best("run", k), Is.EqualTo(Best("straight", k)));
    }

    [Test]
    public void What_came_after_the_checkpoint_that_is_resumed_is_forgotten()
    {
        string[] improving = ["seed=1", "updates_per_step=4", "test_every=1", "checkpoint_every=1"];
        int best = TinyRun.Train(Folder["far"], 8, improving).Learners[0].BestEpisode;
        Assert.That(best, Is.Positive, "it learns");
        TinyRun.Train(Folder["before"], best - 1, improving);
        TinyRun.Train(Folder["run"], best, improving);
        Assert.That(Best("run", 0), Is.Not.EqualTo(Best("before", 0)));
        using (var stop = new CancellationTokenSource())
        {
            stop.Cancel();
            using TrainingRun run = TrainingRun.Resume(Folder["run"], previous: true, warn: static _ => { });
            run.Train(stop.Token);
        }
        Assert.That(Best("run", 0), Is.EqualTo(Best("before", 0)));
        TinyRun.Resume(Folder["run"]);
        Assert.That(Best("run", 0).Episode, Is.EqualTo(best));
    }

    [Test]
    public void A_run_from_before_it_was_kept_says_so_and_goes_on()
    {
        TinyRun.Train(Folder["run"], 2);
        double last = Evaluate().Number("mean");
        foreach (string file in RunFolder.CheckpointsOf(Folder["run"]).Files) WithoutBest(file);
        JsonElement evaluated = Evaluate();
        Assert.That(evaluated.Number("mean"), Is.EqualTo(last));
        Assert.That(evaluated.GetProperty("best_episode").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(TinyRun.CliError(1, "evaluate", Folder["run"], "--policy", "best").TrimEnd(),
            Is.EqualTo($"naf: {Folder["run"]} has no networks of the best test of learner 0: an earlier naf trained "
                + "it, or no test has had a finite score; take the last policy (--policy last)"));
        Assert.That(() => RunPolicy.Open(Folder["run"], best: true), Throws.TypeOf<UserException>());

        TrainingResult more = TinyRun.Resume(Folder["run"], changes: "episodes=4");
        Assert.That((more.VerifiedLast, more.VerifiedBest is null),
            Is.EqualTo((more.Learners[0].VerifiedLast, more.Learners[0].BestEpisode <= 2)));
    }

    private JsonElement Evaluate(params string[] options) =>
        TinyRun.CliJson(["evaluate", Folder["run"], .. options, "--json"]);

    // the episode of a run's best policy, and its action for an observation
    private (int Episode, float Action) Best(string run, int learner)
    {
        using RunPolicy policy = RunPolicy.Open(Folder[run], learner, best: true);
        float[] u = [float.NaN];
        policy.Act([0.1f, -0.2f, 0.9f, 0.4f, 0.3f], u);
        return (policy.Episode, u[0]);
    }

    // renames the sections, so that none is found
    private static void WithoutBest(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        Span<byte> header = bytes.AsSpan(8, BitConverter.ToInt32(bytes));
        string text = Encoding.UTF8.GetString(header), renamed = text.Replace(".best.", ".gone.");
        Assert.That(renamed, Is.Not.EqualTo(text));
        string checksum = Regex.Match(text, "\"sha256\":\"([0-9a-f]{64})\"").Groups[1].Value;
        Encoding.UTF8.GetBytes(renamed.Replace(checksum, new string('0', 64)), header);
        string after = Convert.ToHexStringLower(SHA256.HashData(bytes));
        Encoding.UTF8.GetBytes(renamed.Replace(checksum, after), header);
        File.WriteAllBytes(file, bytes);
    }
}
