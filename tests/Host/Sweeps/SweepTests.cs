using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Sweeps;
using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>Sweeps of tiny runs: halving, continuations, and the order of the candidates.</summary>
internal sealed class SweepTests : FolderFixture
{
    private string MyFile => Folder["my.yaml"];

    private string MySweep => Folder["sweep"];

    [SetUp]
    public void WriteFile() => File.WriteAllText(MyFile, TinyFile);

    /// <summary>Three candidates: two of them train for 4 episodes, one for 2.</summary>
    public static string TinyFile => $$"""
        task: cartpole
        episodes: 4
        seeds: 3..4
        fixed: {{{string.Join(", ", TinyRun.Settings[..^1]).Replace("=", ": ")}}}
        grid:
          noise_scale: [0.1, 0.3, 1]   # the paper's
        halving: {keep: 0.5, first: 2}
        """;

    [Test]
    public void The_better_half_continues_as_if_it_had_never_stopped()
    {
        Assert.That(Train(), Is.True);
        CandidateResult[] ranking;
        using (Sweep sweep = Open())
        {
            Assert.That(sweep.Run(default), Is.True, "all is there");
            ranking = [.. sweep.Ranking];
        }
        Assert.That(ranking.Select(r => r.Episodes), Is.EqualTo(new[] { 4, 4, 2 }));
        Assert.That(ranking[0].VerifiedBest, Is.GreaterThanOrEqualTo(ranking[1].VerifiedBest));
        string[] rung = Order("ranking-2.csv"), all = Order("ranking.csv");
        Assert.That(all, Is.EqualTo(ranking.Select(r => $"{r.Candidate.Number}")));
        Assert.That(rung[..2], Is.EquivalentTo(all[..2]), "the first two of the rung continued");
        foreach (CandidateResult result in ranking)
        {
            string straight = Folder[$"straight-{result.Candidate.Number}"];
            using TrainingRun run = TrainingRun.Begin(
                "cartpole", _ => result.Candidate.Settings with { Episodes = result.Episodes }, straight);
            TrainingResult trained = run.Train();
            Assert.That(TinyRun.Metrics(result.Run), Is.EqualTo(TinyRun.Metrics(straight)));
            Assert.That((result.VerifiedBest, result.BestTestScore, result.FinalTestScore, result.HighestBestTest),
                Is.EqualTo((trained.VerifiedBest, trained.BestTestScore, trained.FinalTestScore,
                    trained.Learners.Max(l => l.BestTestScore))));
        }
    }

    [TestCase(1)]
    [TestCase(4)]
    public void An_interrupted_sweep_goes_on(int results)
    {
        using (var stop = new CancellationTokenSource())
        using (Sweep sweep = Open(_ =>
        {
            if (--results == 0) stop.CancelAfter(10);
        }))
            Assert.That(sweep.Run(stop.Token), Is.False);
        string done = Directory.GetFiles(Folder["sweep/001/checkpoint"])[0];
        DateTime written = File.GetLastWriteTimeUtc(done);
        var ended = new List<int>();
        using (Sweep sweep = Open(r => ended.Add(r.Candidate.Number)))
            Assert.That(sweep.Run(default), Is.True);
        if (results == 1) Assert.That(File.GetLastWriteTimeUtc(done), Is.EqualTo(written), "it isn't trained again");
        string[] interrupted = Order("ranking.csv");
        string[] runs = [.. interrupted.Select(n => Convert.ToHexString(TinyRun.Metrics(Folder[$"sweep/00{n}"])))];
        Directory.Delete(MySweep, recursive: true);
        Assert.That(Train(threads: 6), Is.True, "three side by side");
        Assert.That(interrupted, Is.EqualTo(Order("ranking.csv")));
        Assert.That(interrupted.Select(n => Convert.ToHexString(TinyRun.Metrics(Folder[$"sweep/00{n}"]))),
            Is.EqualTo(runs));
    }

    [Test]
    public void Candidates_that_train_by_themselves_give_the_same_ranking()
    {
        SweepPlan plan = SweepFile.Read(MyFile);
        var rungs = new List<(int Missing, int Episodes)>();
        for (; ; )
        {
            using Sweep held = Open(plan);
            (IReadOnlyList<Candidate> missing, int episodes) = held.Collect();
            if (missing.Count == 0) break;
            rungs.Add((missing.Count, episodes));
            // those that do not go on as well
            foreach (Candidate candidate in plan.Candidates.Reverse())
            {
                using Sweep shared = Open(plan, shared: true);
                Assert.That(shared.Run(candidate, default), Is.True);
            }
        }
        Assert.That(rungs, Is.EqualTo(new[] { (3, 2), (2, 4) }));
        string[] ranking = Order("ranking.csv");
        Directory.Move(MySweep, Folder["alone"]);
        Train();
        Assert.That(Order("ranking.csv"), Is.EqualTo(ranking));
        foreach (string run in (string[])["001", "002", "003"])
            Assert.That(TinyRun.Metrics(Folder[$"alone/{run}"]), Is.EqualTo(TinyRun.Metrics(Folder[$"sweep/{run}"])));
    }

    [Test]
    public void A_file_that_does_not_fit_the_folder_is_refused()
    {
        Train(results: 1);
        File.WriteAllText(MyFile, $"# a note\n\n{TinyFile.Replace("   # the paper's", "")}");
        Open().Dispose();
        File.WriteAllText(MyFile, TinyFile.Replace("[0.1, 0.3, 1]", "[0.1, 0.3]"));
        AssertRefused($"{MySweep} holds a sweep of another file: {Folder["sweep/sweep.yaml"]} has 'noise_scale: "
            + $"[0.1, 0.3, 1]' where {MyFile} has 'noise_scale: [0.1, 0.3]'; bring that back, or choose another "
            + "folder");
        WriteFile();
        File.WriteAllText(Folder["sweep/ranking-2.csv"], "rank,candidate\n1,2\n2,2\n3,1\n");
        AssertRefused("ranking-2.csv, which says which candidates go on, was changed");
        using (Open()) AssertRefused($"{MySweep} is in use by another process");
        Directory.Delete(MySweep, recursive: true);
        TinyRun.Train(MySweep, 1);
        AssertRefused($"{MySweep} is not empty and holds no sweep; choose an empty or new folder");
    }

    [Test]
    public void Candidates_without_a_score_are_the_last()
    {
        string row = "episode,learner,test_score,diverges,stopped\n0,0,-3,0,\n0,1,-2,0,\n0,2,-1,0,\n";
        CandidateResult good = Read(1, row + "4,0,-2,1,\n4,1,-4,0,\n4,2,-3,0,\n", "-2.5", "-2", "-1");
        Assert.That((good.VerifiedBest, good.BestTestScore, good.LowestBestTest, good.HighestBestTest,
            good.FinalTestScore, good.Diverged, good.Stopped), Is.EqualTo((-2.0, -2.0, -2.0, -1.0, -3.0, 1, 0)));
        CandidateResult one = Read(2, row + "4,0,-2,0,\n4,1,,0,\"NaN, it diverged\"\n4,2,-3,0,\n", "-2.5", "9", "-1");
        Assert.That((one.VerifiedBest, one.Stopped), Is.EqualTo((-2.5, 1)), "the one that stopped has no score");
        CandidateResult failed = Read(3, row + "4,0,-2,0,\n4,1,-4,0,\n4,2,-3,0,\n", "", "NaN", "9");
        CandidateResult two = Read(4, row + "1,0,,0,x\n1,1,,0,x\n4,2,-3,0,\n", "9", "9", "9");
        CandidateResult none = Read(5, row + "1,0,,0,x\n1,1,,0,x\n1,2,,0,x\n");
        Assert.That(CandidateResult.Rank([none, two, failed, one, good]),
            Is.EqualTo(new[] { good, one, failed, two, none }));
        Assert.That(CandidateResult.Rank([good, one with { Episodes = 8 }])[0].Candidate.Number, Is.EqualTo(2),
            "a later rung is before");
        Assert.That(TryRead(6, row + "4,0,-2,1,\n4,1,-4,0,\n4,2,-3,0,\n"), Is.Null, "not verified");
        Assert.That(TryRead(7, row + "4,0,-2,1,\n4,1,-4,0,\n3,2,-3,0,\n", "1", "1", "1"), Is.Null, "not at its end");
    }

    private CandidateResult Read(int number, string metrics, params string[] verified) =>
        TryRead(number, metrics, verified)!;

    private CandidateResult? TryRead(int number, string metrics, params string[] verified)
    {
        string run = Folder[$"{number}"];
        TrainingSettings settings = TinyRun.Resolve(4, "learners=3");
        Directory.CreateDirectory(run);
        new RunConfig("cartpole", settings, Versions.From(new Dictionary<string, string>()))
            .Write(RunFolder.ConfigOf(run));
        // with columns that a ranking does not use
        File.WriteAllText(RunFolder.MetricsOf(run), metrics
            .Replace("stopped\n", "stopped,success_rate,model_error,imagined\n")
            .Replace(",\n", ",,,,\n").Replace("x\n", "x,,,\n").Replace("\"\n", "\",,,\n"));
        if (verified.Length > 0)
            File.WriteAllText(RunFolder.VerificationOf(run),
                "learner,seed,policy,episode,score,standard_error,success_rate,episodes\n"
                + string.Concat(verified.Select((score, k) => $"{k},0,best,4,{score},,,2\n{k},0,last,4,7,,,2\n")));
        return CandidateResult.Read(new Candidate(number, [], settings), run, 4);
    }

    private Sweep Open(Action<CandidateResult>? ended = null, int threads = 1) =>
        Sweep.Open(SweepFile.Read(MyFile), MySweep, "cpu", threads, static _ => { }, ended ?? (static _ => { }));

    private Sweep Open(SweepPlan plan, bool shared = false) =>
        Sweep.Open(plan, MySweep, "cpu", 1, static _ => { }, static _ => { }, shared);

    private bool Train(int results = int.MaxValue, int threads = 1)
    {
        using var stop = new CancellationTokenSource();
        using Sweep sweep = Open(_ =>
        {
            if (--results == 0) stop.Cancel();
        }, threads);
        return sweep.Run(stop.Token);
    }

    private void AssertRefused(string message) => Assert.That(() =>
    {
        using Sweep sweep = Open();
        sweep.Run(default);
    }, Throws.TypeOf<UserException>().With.Message.Contains(message));

    private string[] Order(string file) =>
        [.. TinyRun.Table(Path.Combine(MySweep, file)).Select(row => row["candidate"])];
}
