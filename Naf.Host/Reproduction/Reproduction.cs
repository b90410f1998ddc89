using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Pictures;
using Naf.Host.Reports;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Host.Reproduction;

/// <summary>How experiments are run.</summary>
/// <param name="Quick">Few episodes and tests, to see that everything works; the scores say nothing.</param>
/// <param name="Seeds">The learners of every experiment; null: its own, or two of a quick run.</param>
internal sealed record ReproductionOptions(bool Quick, SeedRange? Seeds, string Device, int Threads);

/// <summary>
/// Runs experiments into a folder: runs/NAME while it trains, and results/NAME.json when it is done. A result that is
/// there is kept, and a run that was stopped goes on from its checkpoint.
/// </summary>
internal sealed class Reproduction(string folder, IReadOnlyList<Experiment> experiments, ReproductionOptions options)
{
    private const int QuickEpisodes = 10, QuickSeeds = 2;

    // what a quick run changes, beside the episodes: planners and networks of fewer iterations where there are any
    private static IEnumerable<string> QuickSettings(Experiment experiment) =>
    [
        "test_every=5", "test_episodes=5", "verification_episodes=5",
        .. experiment.Settings.Contains("plan=mpc") ? (string[])["mpc_horizon=0.2", "mpc_samples=8"] : [],
        .. experiment.Settings.Contains("imagination=network") ? (string[])["network_updates=200"] : [],
    ];

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Dictionary<string, RunResult> _results = [];
    private TrainingRun? _run;
    private int _kept, _done;
    private string _name = "";

    /// <summary>The results so far, by the experiment's name.</summary>
    public IReadOnlyDictionary<string, RunResult> Results => _results;

    /// <summary>Amount done, total, and what is being done; may be read from another thread.</summary>
    public (double Done, double Most, string Text) Progress
    {
        get
        {
            TrainingProgress? p = Volatile.Read(ref _run)?.Progress;
            double part = p is null ? 0 : (double)p.EpisodesEnded / p.Episodes,
                before = p is null ? 0 : (double)p.EpisodesBefore / p.Episodes;
            double done = _done + part, ran = done - _kept - before;
            string left = ran > 0
                ? $", {Texts.Duration(_clock.Elapsed / ran * (experiments.Count - done))} left" : "";
            return (done, experiments.Count, $"{_name} ({_done + 1}/{experiments.Count}{left})");
        }
    }

    /// <summary>Reads the results that there are.</summary>
    /// <returns>Whether all are there.</returns>
    /// <exception cref="UserException">The folder holds results of other seeds or episodes.</exception>
    public bool Read()
    {
        foreach (Experiment experiment in experiments)
            if (File.Exists(ResultOf(experiment)))
            {
                _results[experiment.Name] = Checked(experiment, RunResult.Read(ResultOf(experiment)));
                _done = ++_kept;
            }
        return _kept == experiments.Count;
    }

    /// <summary>Reads the results that there are, and runs what is missing.</summary>
    /// <param name="ended">Receives a line for each experiment that has ended.</param>
    /// <returns>Whether all results are there; false after a stop.</returns>
    /// <exception cref="UserException">The folder holds results of other seeds or episodes.</exception>
    public bool Run(Action<string> warn, Action<string> ended, CancellationToken stop)
    {
        OutputFile.MakeFolder(folder);
        OutputFile.MakeFolder(Path.Combine(folder, "results"));
        Read();
        foreach (Experiment experiment in experiments.Where(e => !_results.ContainsKey(e.Name)))
        {
            _name = experiment.Name;
            string run = Path.Combine(folder, "runs", experiment.Name);
            TrainingResult trained;
            using (TrainingRun training = Open(experiment, run, warn))
            {
                training.Warn = sentence => warn($"{experiment.Name}: {sentence}");
                Volatile.Write(ref _run, training);
                trained = training.Train(stop);
                Volatile.Write(ref _run, null);
                if (stop.IsCancellationRequested || (!trained.Finished && trained.Learners.Any(l => l.Stopped is null)))
                    return false;
            }
            ended($"{experiment.Name}: best test {Texts.Score(trained.BestTestScore)}, "
                + Texts.Duration(TimeSpan.FromSeconds(trained.Seconds)));
            RunResult result = RunResult.Read(run);
            result.Write(ResultOf(experiment));
            if (RunPicture.OfReport(run)?.Png is { } png)
                AtomicFile.Write(Path.ChangeExtension(ResultOf(experiment), ".png"), png);
            _results[experiment.Name] = result;
            _done++;
        }
        return true;
    }

    private TrainingRun Open(Experiment experiment, string run, Action<string> warn)
    {
        if (RunFolder.IsRun(run))
        {
            Checked(experiment, RunResult.Read(run));
            try
            {
                return TrainingRun.Resume(
                    run, settings => SettingsResolver.Apply(settings, DeviceSettings()), warn: warn);
            }
            catch (UserException e) when (e.Option is ['-', ..] option)
            {
                throw new UserException(e.Message, e)
                {
                    Option = $"naf train --resume {run} --device {options.Device} {option}, then the same command",
                };
            }
        }
        GivenValue[] given =
        [
            .. SettingsOf(experiment), new("episodes", $"{EpisodesOf(experiment)}", "--quick"),
            .. SeedsOf(experiment).Values("--seeds"), .. DeviceSettings(),
        ];
        return TrainingRun.Begin(experiment.Task, settings => SettingsResolver.Apply(settings, given), run);
    }

    private GivenValue[] DeviceSettings() =>
        [new("device", options.Device, "--device"), new("threads", $"{options.Threads}", "--threads")];

    private IEnumerable<GivenValue> SettingsOf(Experiment experiment) =>
        experiment.Settings.Concat(options.Quick ? QuickSettings(experiment) : []).Select(SettingsResolver.Split);

    private SeedRange SeedsOf(Experiment experiment) =>
        options.Seeds ?? new SeedRange(0, options.Quick ? QuickSeeds : experiment.Seeds);

    private int EpisodesOf(Experiment experiment) => options.Quick ? QuickEpisodes : experiment.Episodes;

    private string ResultOf(Experiment experiment) => ResultOf(folder, experiment);

    /// <summary>An experiment's result file; its picture is beside it.</summary>
    public static string ResultOf(string folder, Experiment experiment) =>
        Path.Combine(folder, "results", $"{experiment.Name}.json");

    private RunResult Checked(Experiment experiment, RunResult result)
    {
        foreach (GivenValue given in SettingsOf(experiment).Where(given => given.Key != "algorithm"))
            if (result.Changes.TryGetValue(given.Key, out string? value) && value != given.Value)
                throw new UserException($"{folder} holds {experiment.Name} with {given.Key}={value}, and here it is "
                    + $"{given.Value}; delete {ResultOf(experiment)} and its run, or give another folder as --out");
        int episodes = EpisodesOf(experiment);
        SeedRange seeds = new(result.Learners[0].Seed, result.Learners.Count), asked = SeedsOf(experiment);
        return (result.Episodes, seeds) == (episodes, asked) ? result : throw new UserException(
            $"{folder} holds {experiment.Name} with {result.Episodes} episodes of the seeds {seeds}, and here it is "
            + $"{episodes} of {asked}; give the same options, or another folder as --out");
    }
}
