using Naf.Host.Common;
using Naf.Host.Reports;
using Naf.Host.Reproduction;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>naf reproduce: the experiments of the paper, and how they are run.</summary>
internal sealed class ReproductionTests : FolderFixture
{
    private static readonly Experiment Naf = new("a", "NAF", "cartpole", 2, TinyRun.Settings),
        Ddpg = new("b", "DDPG", "cartpole", 2, [.. TinyRun.Settings, "algorithm=ddpg"]);

    private static readonly ReproductionOptions Options = new(Quick: false, new SeedRange(3, 2), "cpu", 1);

    [TestCaseSource(typeof(Experiments), nameof(Experiments.Names))]
    public void Every_experiment_is_a_valid_run(string part)
    {
        foreach (Experiment experiment in Experiments.Of([part]))
        {
            using ControlTask task = ControlTask.Load(experiment.Task);
            TrainingSettings settings = SettingsResolver.Resolve(SettingsResolver.OfTask(
                task, s => SettingsResolver.Apply(s, experiment.Settings.Select(SettingsResolver.Split))));
            foreach (GivenValue given in experiment.Settings.Select(SettingsResolver.Split))
                Assert.That(Setting.Find(given.Key)!.Show(settings), Is.EqualTo(given.Value), experiment.Name);
        }
    }

    [Test]
    public void An_experiment_of_several_parts_runs_once()
    {
        IReadOnlyList<Experiment> all = Experiments.Of(Experiments.Names);
        Assert.That(all.Select(e => e.Name), Is.Unique);
        // two experiments of one name would be one run
        Assert.That(all.Select(e => (e.Task, e.Episodes, string.Join(' ', e.Settings))), Is.Unique);
    }

    [Test]
    public void Results_are_those_of_the_runs_and_are_kept()
    {
        Assert.That(Reproduce([Naf]), Is.True);
        string result = Path.Combine(Folder.Path, "results", "a.json");
        byte[] first = File.ReadAllBytes(result);
        Directory.Delete(Path.Combine(Folder.Path, "runs"), recursive: true);
        Assert.That(Reproduce([Naf, Ddpg]), Is.True);
        Assert.That(File.ReadAllBytes(result), Is.EqualTo(first));
        Assert.That(Directory.GetDirectories(Path.Combine(Folder.Path, "runs")).Select(Path.GetFileName),
            Is.EqualTo(new[] { "b" }));
        TrainAlone();
        Assert.That(RunResult.Read(result).Learners.Select(l => l.Best),
            Is.EqualTo(RunResult.Read(Folder["run"]).Learners.Select(l => l.Best)));
    }

    [Test]
    public void A_stopped_reproduction_goes_on()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        var reproduction = new Reproduction(Folder.Path, [Naf], Options);
        Assert.That(reproduction.Run(static _ => { }, static _ => { }, stop.Token), Is.False);
        Assert.That(File.Exists(Path.Combine(Folder.Path, "results", "a.json")), Is.False);
        Assert.That(Reproduce([Naf]), Is.True);
        TrainAlone();
        Assert.That(TinyRun.Metrics(Path.Combine(Folder.Path, "runs", "a")),
            Is.EqualTo(TinyRun.Metrics(Folder["run"])));
    }

    [Test]
    public void Results_of_other_options_are_refused()
    {
        Reproduce([Naf]);
        var other = new Reproduction(Folder.Path, [Naf], Options with { Seeds = new SeedRange(0, 2) });
        Assert.That(Assert.Throws<UserException>(() => other.Run(static _ => { }, static _ => { }, default)).Message,
            Does.Contain("2 episodes of the seeds 3..4, and here it is 2 of 0..1"));
    }

    [Test]
    public void A_page_of_what_there_is_trains_nothing()
    {
        var quick = new ReproductionOptions(Quick: true, Seeds: null, "cpu", 1);
        Experiment naf = Experiments.Naf("peg");
        new Reproduction(Folder.Path, [naf], quick).Run(static _ => { }, static _ => { }, default);
        Directory.Delete(Folder["runs"], recursive: true);
        (int exitCode, string output, string error) =
            TinyRun.Cli("reproduce", "figure1", "--quick", "--page", "--out", Folder.Path);
        Assert.That((exitCode, error), Is.EqualTo((0, "")));
        Assert.That(output, Does.EndWith($"figure1.html{Environment.NewLine}"));
        Assert.That(Directory.Exists(Folder["runs"]), Is.False);
        string html = File.ReadAllText(Folder["figure1.html"]);
        Assert.That(html, Does.Contain("peg-ddpg has not been run yet.").And.Not.Contain("peg-naf has not been run"));
        Assert.That(RunResult.Read(Reproduction.ResultOf(Folder.Path, naf)).Learners, Has.Count.EqualTo(2));
    }

    [Test]
    public void The_page_has_our_scores_beside_the_paper_s()
    {
        Reproduce([Naf, Ddpg]);
        RunResult naf = RunResult.Read(Path.Combine(Folder.Path, "results", "a.json")),
            ddpg = RunResult.Read(Path.Combine(Folder.Path, "results", "b.json"));
        var results = new Dictionary<string, RunResult> { ["cartpole-naf"] = naf, ["cartpole-ddpg"] = ddpg };
        File.Move(Path.Combine(Folder.Path, "results", "a.png"),
            Path.Combine(Folder.Path, "results", "cartpole-naf.png"));
        new ReproductionPage(Folder.Path, results, quick: false).Of(["table1", "figure2"]).Write(Folder.Path, "page");
        Dictionary<string, string> row = TinyRun.Table(Folder["page-scores.csv"])[0];
        Assert.That((row["task"], row["NAF (paper)"], row["DDPG (paper)"]),
            Is.EqualTo(("cartpole", "-0.604", "-0.601")));
        Assert.That(row["NAF"], Is.EqualTo(RunTables.Spread(naf.Learners.Select(l => l.Best))));
        Assert.That(row["DDPG"], Is.EqualTo(RunTables.Spread(ddpg.Learners.Select(l => l.Best))));
        string html = File.ReadAllText(Folder["page.html"]);
        Assert.That(html, Does.Contain("reacher-naf has not been run yet."));
        Assert.That(html, Does.Contain("<img alt=\"cartpole-naf: ").And.Not.Contain("<img alt=\"cartpole-ddpg: "));
    }

    [Test]
    public void An_unknown_part_is_named_with_the_known_ones()
    {
        (int exitCode, _, string error) = TinyRun.Cli("reproduce", "figure9");
        Assert.That((exitCode, error), Is.EqualTo((1,
            $"naf: naf reproduce has no 'figure9' (did you mean figure1?){Environment.NewLine}")));
    }

    // the same learners by naf train
    private void TrainAlone() => Assert.That(
        TinyRun.Cli(TinyRun.Arguments(Folder["run"], 2, "--seeds", "3..4")).ExitCode, Is.Zero);

    private bool Reproduce(IReadOnlyList<Experiment> experiments) =>
        new Reproduction(Folder.Path, experiments, Options).Run(static _ => { }, static _ => { }, default);
}
