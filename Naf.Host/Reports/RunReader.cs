using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Sim.Control;
using Row = System.Collections.Generic.IReadOnlyDictionary<string, string>;

namespace Naf.Host.Reports;

/// <summary>Reads the files of a run's folder, also of one that is training, was killed or has diverged.</summary>
internal static class RunReader
{
    // settings that do not change what a learner learns
    private static readonly string[] WithoutEffect =
        ["algorithm", "episodes", "seed", "learners", "device", "threads", "checkpoint_every", "verification_episodes"];

    /// <exception cref="UserException">The folder is not a run's.</exception>
    public static RunResult Read(string folder)
    {
        RunConfig config = RunConfig.Read(RunFolder.ConfigOf(folder));
        TrainingSettings settings = config.Settings;
        Row[] metrics = Rows(RunFolder.MetricsOf(folder)), timing = Rows(RunFolder.TimingOf(folder));
        ILookup<int, Row> ofLearner = metrics.ToLookup(row => Whole(row["learner"]));
        ILookup<int, VerifiedPolicy> verified =
            (VerifiedPolicy.Read(RunFolder.VerificationOf(folder)) ?? []).ToLookup(policy => policy.Learner);
        int[] all = [.. Enumerable.Range(0, settings.Learners)];
        LearnerResult[] learners = [.. all.Select(k => Learner(settings.SeedOf(k), [.. ofLearner[k]], verified[k]))];
        Dictionary<string, string> changes = Changes(folder, config);
        return new RunResult(
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Path.GetFileNameWithoutExtension(config.Task), Setting.Find("algorithm")!.Show(settings),
            settings.Episodes,
            all.Where(k => learners[k].Stopped is null).Select(k => LastEpisode(ofLearner[k])).DefaultIfEmpty(0).Min(),
            changes, Command(config, changes),
            config.Versions.Entries.ToDictionary(entry => entry.Key, entry => entry.Value),
            timing.Select(row => Number(row["seconds"]) ?? 0).DefaultIfEmpty(0).Max(),
            timing.GroupBy(row => row["learner"]).Sum(of => of.Max(row => Whole(row["updates"]))),
            TrainingResult.Median(metrics.Select(row => Number(row["model_error"]))),
            LastEpisode(metrics.Where(row => row["imagined"] is not ("" or "0"))) is > 0 and var last ? last : null,
            learners);
    }

    private static LearnerResult Learner(ulong seed, Row[] rows, IEnumerable<VerifiedPolicy> verified)
    {
        VerifiedPolicy[] policies = [.. verified];
        double? Verified(string policy) => policies.FirstOrDefault(v => v.Policy == policy)?.Score;
        return new LearnerResult(
            seed,
            [.. from row in rows
                let score = Number(row["test_score"])
                where score is { } s && double.IsFinite(s)
                select new TestResult(Whole(row["episode"]), score.Value, Number(row["success_rate"]))],
            Verified(VerifiedPolicy.BestName), Verified(VerifiedPolicy.LastName),
            rows.FirstOrDefault(row => row["diverges"] == "1") is { } first ? Whole(first["episode"]) : null,
            rows.Select(row => row["stopped"]).FirstOrDefault(reason => reason.Length > 0));
    }

    // settings that differ from the task's own, or from the defaults if the task is gone
    private static Dictionary<string, string> Changes(string folder, RunConfig config)
    {
        TrainingSettings settings = config.Settings, own = new() { Algorithm = settings.Algorithm };
        try
        {
            using ControlTask task = RunTask.Load(folder, config, null, static _ => { });
            own = SettingsResolver.OfTask(task, s => s with { Algorithm = settings.Algorithm });
        }
        catch (Exception e) when (e is UserException || RunTask.IsBroken(e))
        {
            // the report shows more settings than it would
        }
        return Setting.All.Where(s => !WithoutEffect.Contains(s.Key) && s.Show(settings) != s.Show(own))
            .ToDictionary(s => s.Key, s => s.Show(settings));
    }

    private static string Command(RunConfig config, Dictionary<string, string> changes)
    {
        TrainingSettings s = config.Settings;
        string algorithm = s.Algorithm == LearningAlgorithm.Naf ? "" : " --algorithm ddpg",
            seeds = s.Learners == 1 ? $"--seed {s.Seed}" : $"--seeds {s.Seed}..{s.SeedOf(s.Learners - 1)}";
        return $"naf train {Path.GetFileName(config.Task)}{algorithm} --episodes {s.Episodes} {seeds}"
            + string.Concat(changes.Select(change => $" --set {change.Key}={change.Value.Replace(" ", "")}"));
    }

    private static Row[] Rows(string path) => File.Exists(path) ? [.. CsvRows.Read(path)] : [];

    private static int LastEpisode(IEnumerable<Row> rows) =>
        rows.Select(row => Whole(row["episode"])).DefaultIfEmpty(0).Max();

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static double? Number(string text) =>
        text.Length == 0 ? null : double.Parse(text, CultureInfo.InvariantCulture);
}
