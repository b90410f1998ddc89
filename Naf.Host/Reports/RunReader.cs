using Naf.Host.Agents;
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
    private static readonly string[] NotOfLearning =
    [
        "algorithm", "episodes", "seed", "learners", "device", "threads", "answer_timeout", "checkpoint_every",
        "tensorboard",
    ];

    /// <param name="describe">Whether to load the task, to say in which settings the run differs from it.</param>
    /// <exception cref="UserException">The folder is not a run's, or its rows are damaged.</exception>
    public static RunResult Read(string folder, bool describe = true)
    {
        if (!RunFolder.IsRun(folder)) throw RunFolder.NoRun(folder);
        RunConfig config = RunConfig.Read(RunFolder.ConfigOf(folder));
        TrainingSettings settings = config.Settings;
        Row[] metrics = Rows(RunFolder.MetricsOf(folder)), timing = Rows(RunFolder.TimingOf(folder));
        ILookup<int, Row> ofLearner = metrics.ToLookup(row => (int)(Number(row, "learner") ?? -1));
        ILookup<int, VerifiedPolicy> verified =
            (VerifiedPolicy.Read(RunFolder.VerificationOf(folder)) ?? []).ToLookup(policy => policy.Learner);
        int[] all = [.. Enumerable.Range(0, settings.Learners)];
        LearnerResult[] learners = [.. all.Select(k => Learner(settings.SeedOf(k), [.. ofLearner[k]], verified[k]))];
        int[] running = [.. all.Where(k => learners[k].Stopped is null)];
        Dictionary<string, string> changes = describe ? Changes(folder, config) : [];
        return new RunResult(
            Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
            Path.GetFileNameWithoutExtension(config.Task), Setting.Find("algorithm")!.Show(settings),
            settings.Episodes,
            running.Length > 0 ? running.Min(k => LastEpisode(ofLearner[k])) : all.Max(k => LastEpisode(ofLearner[k])),
            verified.Count > 0, changes, Command(config, changes),
            config.Versions.Entries.ToDictionary(entry => entry.Key, entry => entry.Value),
            timing.Max(row => Number(row, "seconds")) ?? 0,
            (long)timing.GroupBy(row => row.GetValueOrDefault("learner"))
                .Sum(of => of.Max(row => Number(row, "updates")) ?? 0),
            TrainingResult.Median(metrics.Select(row => Number(row, "model_error"))),
            LastEpisode(metrics.Where(row => Number(row, "imagined") > 0)) is > 0 and var last ? last : null,
            learners,
            TrainingTimes.Columns.Where(column => timing.Any(row => row.ContainsKey(column))).ToDictionary(
                column => column[..column.IndexOf('_')], column => timing.Max(row => Number(row, column)) ?? 0));
    }

    private static LearnerResult Learner(ulong seed, Row[] rows, IEnumerable<VerifiedPolicy> verified)
    {
        VerifiedPolicy[] policies = [.. verified];
        double? Verified(string policy) =>
            policies.FirstOrDefault(v => v.Policy == policy)?.Score is { } s && double.IsFinite(s) ? s : null;
        return new LearnerResult(
            seed,
            [.. from row in rows
                let score = Number(row, "test_score")
                where score is not null
                select new TestResult(Episode(row), score.Value, Number(row, "success_rate"))],
            Verified(VerifiedPolicy.BestName), Verified(VerifiedPolicy.LastName),
            rows.FirstOrDefault(row => Number(row, "diverges") == 1) is { } first ? Episode(first) : null,
            rows.Select(row => row.GetValueOrDefault("stopped", "")).FirstOrDefault(reason => reason.Length > 0),
            (int)rows.Sum(row => Number(row, "unstable") ?? 0));
    }

    // settings that differ from the task's own, or from the defaults if the task can't be loaded
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
            // an environment in C#, or a task that is gone
        }
        return Setting.All.Where(s => !NotOfLearning.Contains(s.Key) && s.Show(settings) != s.Show(own))
            .ToDictionary(s => s.Key, s => s.Show(settings));
    }

    private static string Command(RunConfig config, Dictionary<string, string> changes)
    {
        TrainingSettings s = config.Settings;
        return TrainCommandLine.Of(
            config.Command ?? Path.GetFileName(config.Task), new SeedRange(s.Seed, s.Learners),
            [("algorithm", Setting.Find("algorithm")!.Show(s)), ("episodes", $"{s.Episodes}"),
                .. changes.Select(change => (change.Key, change.Value))], isCommand: config.Command is not null,
            config.WarmStart?.Path);
    }

    private static Row[] Rows(string path)
    {
        Row[] rows = File.Exists(path) ? [.. CsvRows.Read(path)] : [];
        return rows is [] || rows[0].ContainsKey("episode") && rows[0].ContainsKey("learner") ? rows
            : throw new UserException($"{path} has no columns episode and learner; bring the file back as it was");
    }

    private static int LastEpisode(IEnumerable<Row> rows) => rows.Select(Episode).DefaultIfEmpty(0).Max();

    private static int Episode(Row row) => (int)(Number(row, "episode") ?? 0);

    // null: empty, not finite, or a column that the version which made the file does not have
    private static double? Number(Row row, string column)
    {
        string text = row.GetValueOrDefault(column, "");
        if (text.Length == 0) return null;
        if (!double.TryParse(text, CultureInfo.InvariantCulture, out double number))
            throw new UserException($"a row of the run has '{text}' as its {column}, which is not a number; bring the "
                + "file back as it was");
        return double.IsFinite(number) ? number : null;
    }
}
