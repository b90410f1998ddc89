using System.Xml.Linq;
using Naf.Host.Common;
using Naf.Host.Pictures;
using Naf.Host.Reports;

namespace Naf.Tests;

/// <summary>Reports of finished, half-finished, killed and diverged runs.</summary>
internal sealed class RunReportTests : FolderFixture
{
    private string MetricsPath => Path.Combine(Folder["run"], "metrics.csv");

    [Test]
    public void A_result_says_what_the_run_s_files_say()
    {
        TinyRun.Train(Folder["run"], 4, "learners=2", "seed=5", "tau=0.02");
        RunResult run = RunResult.Read(Folder["run"]);
        Assert.That((run.Name, run.Task, run.Algorithm, run.Episodes, run.Ended, run.IsFinished),
            Is.EqualTo(("run", "cartpole", "naf", 4, 4, true)));
        Assert.That(run.Changes["tau"], Is.EqualTo("0.02"));
        Assert.That(run.Method, Does.StartWith("naf, ").And.Contain("tau=0.02").And.Not.Contain("test_every"));
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        foreach ((int k, LearnerResult learner) in run.Learners.Index())
        {
            Assert.That(learner.Seed, Is.EqualTo(5 + k));
            Assert.That(learner.Tests.Select(t => (t.Episode, t.Score)), Is.EqualTo(
                from row in rows
                where row["learner"] == $"{k}" && row["test_score"].Length > 0
                select (int.Parse(row["episode"]), double.Parse(row["test_score"]))));
            Assert.That(learner.Tests.Select(t => t.Episode), Is.EqualTo(new[] { 0, 2, 4 }));
            Assert.That(learner.VerifiedBest, Is.Not.Null);
        }
        Assert.That(run.Parts!.Keys,
            Is.EqualTo(new[] { "simulator", "rollouts", "updates", "fit", "planning", "tests" }));
        Assert.That(run.Parts["updates"], Is.GreaterThan(0).And.LessThanOrEqualTo(run.Seconds));
    }

    [Test]
    public void The_command_repeats_the_run()
    {
        TinyRun.Train(Folder["run"], 3, "learners=2", "seed=5", "tau=0.02");
        string[] words = RunResult.Read(Folder["run"]).Command.Replace("'", "").Split(' ');
        Assert.That(words[..7],
            Is.EqualTo(new[] { "naf", "train", "cartpole", "--seeds", "5..6", "--episodes", "3" }));
        Assert.That(TinyRun.Cli([.. words[1..], "--out", Folder["again"], "--threads", "1"]).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Folder["again"]), Is.EqualTo(TinyRun.Metrics(Folder["run"])));
    }

    [Test]
    public void A_result_file_holds_the_whole_result()
    {
        TinyRun.Train(Folder["run"], 2);
        RunResult run = RunResult.Read(Folder["run"]);
        run.Write(Folder["run.json"]);
        RunResult read = RunResult.Read(Folder["run.json"]);
        Assert.That(JsonSerializer.Serialize(read), Is.EqualTo(JsonSerializer.Serialize(run)));
    }

    [TestCase("{}")]
    [TestCase("[1]")]
    [TestCase("null")]
    [TestCase("")]
    public void A_file_that_is_no_result_is_refused(string text)
    {
        File.WriteAllText(Folder["x.json"], text);
        Assert.That(Assert.Throws<UserException>(() => RunResult.Read(Folder["x.json"])).Message,
            Does.Contain("x.json is damaged, or not a result file of naf reproduce"));
    }

    [Test]
    public void A_half_finished_run_is_reported_as_far_as_it_is()
    {
        TinyRun.TrainPartly(Folder["run"], 1000, stopInEpisode: 3);
        RunResult run = RunResult.Read(Folder["run"]);
        Assert.That(run.Ended, Is.InRange(3, 999));
        Assert.That(Page([run]).Value, Does.Contain($"run is not finished: {run.Ended} of 1000 episodes."));
    }

    [Test]
    public void A_row_that_a_killed_run_did_not_complete_is_left_out()
    {
        TinyRun.Train(Folder["run"], 4);
        string text = File.ReadAllText(MetricsPath);
        File.WriteAllText(MetricsPath, text[..^9]);
        Assert.That(RunResult.Read(Folder["run"]).Ended, Is.EqualTo(3));
        File.WriteAllText(MetricsPath, "");
        RunResult none = RunResult.Read(Folder["run"]);
        Assert.That((none.Ended, none.Learners[0].Best), Is.EqualTo((0, (double?)null)));
        Assert.That(() => Page([none]), Throws.Nothing);
    }

    [TestCase("episode,learner", "episode,episode", "names a column twice")]
    [TestCase("episode,learner", "episodes,learner", "has no columns episode and learner")]
    public void A_header_that_was_changed_is_refused(string header, string changed, string words)
    {
        TinyRun.Train(Folder["run"], 2);
        File.WriteAllText(MetricsPath, File.ReadAllText(MetricsPath).Replace(header, changed));
        Assert.That(() => RunResult.Read(Folder["run"]), Throws.TypeOf<UserException>()
            .With.Message.Contains(words).And.Message.Contains(MetricsPath));
    }

    [Test]
    public void Diverged_and_stopped_learners_are_named_with_the_reason()
    {
        TinyRun.Train(Folder["run"], 4);
        string[] lines = File.ReadAllLines(MetricsPath);
        // the last columns are diverges, unstable and stopped
        lines[^2] = lines[^2][..^4] + "1,2,";
        lines[^1] = lines[^1][..^4] + "1,0,\"its <loss>, was \"\"NaN\"\"\"";
        File.WriteAllLines(MetricsPath, lines);
        RunResult run = RunResult.Read(Folder["run"]);
        Assert.That((run.Learners[0].DivergedEpisode, run.Learners[0].Stopped),
            Is.EqualTo((3, "its <loss>, was \"NaN\"")));
        Assert.That(run.Learners[0].UnstableEpisodes, Is.EqualTo(2));
        Assert.That(Page([run]).Value, Does.Contain("seed 0: Q was seen to diverge after episode 3")
            .And.Contain("seed 0: the simulation broke down in 2 of its training and test episodes")
            .And.Contain("seed 0 stopped early: its <loss>, was \"NaN\""));
    }

    [Test]
    public void Two_methods_are_compared_over_their_tasks()
    {
        TinyRun.Train(Folder["a"], 2, "learners=2");
        TinyRun.Train(Folder["b"], 2, "learners=2", "algorithm=ddpg");
        ReportPage page = RunReport.Of(
            [RunResult.Read(Folder["a"]), RunResult.Read(Folder["b"])], [RunPicture.OfReport(Folder["a"])!]);
        IReadOnlyList<string> files = page.Write(Folder.Path, "report");
        Assert.That(files.Select(Path.GetFileName), Is.EquivalentTo(new[]
        {
            "report.html", "report.md", "report-summary.csv", "report-tests.csv", "report-aggregate.csv",
            "report-improvement.csv", "report-versions.csv", "report-time.csv",
        }));
        XElement html = XDocument.Load(files[0]).Root!;
        // everything is in the page: no element names a file or an address to load
        Assert.That(html.Descendants().Attributes().Where(a => a.Name.LocalName is "src" or "href")
            .Select(a => a.Value), Is.All.StartsWith("#").Or.StartsWith("data:image/png;base64,"));
        Assert.That(html.Descendants().Count(e => e.Name.LocalName == "figure"), Is.EqualTo(4));
        Assert.That(html.Descendants().Attributes("id").Select(a => a.Value), Is.Unique);
        Assert.That(TinyRun.Table(Folder["report-aggregate.csv"]), Has.Length.EqualTo(2));
        Assert.That(TinyRun.Table(Folder["report-improvement.csv"]), Has.Length.EqualTo(1));
    }

    [Test]
    public void The_five_percent_are_of_the_best_score_or_of_the_gain()
    {
        var learner = new LearnerResult(0,
            [new(0, -2, null), new(10, -0.57, null), new(20, -0.52, null), new(30, -0.5, null), new(40, -0.7, null)],
            null, null, null, null, 0);
        Assert.That((learner.Best, learner.Last, learner.Untrained), Is.EqualTo(((double?)-0.5, -0.7, -2)));
        // −0.5 − 0.05 · 0.5 = −0.525; −0.5 − 0.05 · 1.5 = −0.575
        Assert.That(learner.EpisodesToBest(ofGain: false), Is.EqualTo(20));
        Assert.That(learner.EpisodesToBest(ofGain: true), Is.EqualTo(10));
        Assert.That(learner.FirstAtLeast(-0.57), Is.EqualTo(10));
        Assert.That(learner.FirstAtLeast(0), Is.Null);
    }

    [Test]
    public void The_command_writes_the_page_and_says_where()
    {
        TinyRun.Train(Folder["run"], 2);
        JsonElement json = TinyRun.CliJson("report", Folder["run"], "--out", Folder["page"], "--json");
        Assert.That(File.Exists(json.Text("page")), Is.True);
        Assert.That(json.GetProperty("files").EnumerateArray().Select(f => File.Exists(f.GetString())), Is.All.True);
        (int exitCode, _, string error) = TinyRun.Cli("report", Folder["none"]);
        Assert.That((exitCode, error), Is.EqualTo((1,
            $"naf: there is no folder '{Folder["none"]}'; name the folder of a run{Environment.NewLine}")));
    }

    [Test]
    public void Runs_of_one_name_are_told_apart_by_their_folders()
    {
        foreach (string sweep in (string[])["one", "two"]) TinyRun.Train(Folder[$"{sweep}/001"], 2);
        string[] runs = [Folder["one/001"], Folder["two/001"]];
        TinyRun.CliJson(["report", .. runs, "--out", Folder["page"], "--json"]);
        Assert.That(TinyRun.Table(Folder["page/report-summary.csv"]).Select(row => row["run"]), Is.EqualTo(runs));
    }

    private XElement Page(IReadOnlyList<RunResult> runs) =>
        XDocument.Load(RunReport.Of(runs, []).Write(Folder.Path, "page")[0]).Root!;
}
