using Naf.Host.Common;
using Naf.Host.Reports;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Host.Reproduction;

/// <summary>How experiments are run.</summary>
/// <param name="Quick">Few episodes and tests, to see that everything works; the scores say nothing.</param>
/// <param name="Seeds">The learners of every experiment.</param>
internal sealed record ReproductionOptions(bool Quick, SeedRange Seeds, string Device, int Threads);

/// <summary>
/// Runs experiments into a folder: runs/NAME while it trains, and results/NAME.json when it is done. A result that is
/// there is kept, and a run that was stopped goes on from its checkpoint.
/// </summary>
internal sealed class Reproduction(string folder, IReadOnlyList<Experiment> experiments, ReproductionOptions options)
{
    private const int QuickEpisodes = 10;

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
            double part = Volatile.Read(ref _run)?.Progress is { } p ? (double)p.EpisodesEnded / p.Episodes : 0;
            double done = _done + part, ran = done - _kept;
            string left = ran > 0
                ? $", {Texts.Duration(_clock.Elapsed / ran * (experiments.Count - done))} left" : "";
            return (done, experiments.Count, $"{_name} ({_done + 1}/{experiments.Count}{left})");
        }
    }

    /// <summary>Runs what is missing.</summary>
    /// <returns>Whether all results are there; false after a stop.</returns>
    /// <exception cref="UserException">The folder holds results of other seeds or episodes.</exception>
    public bool Run(Action<string> warn, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.Combine(folder, "results"));
        foreach (Experiment experiment in experiments)
            if (File.Exists(ResultOf(experiment)))
            {
                _results[experiment.Name] = Checked(experiment, RunResult.Read(ResultOf(experiment)));
                _done = ++_kept;
            }
        foreach (Experiment experiment in experiments.Where(e => !_results.ContainsKey(e.Name)))
        {
            _name = experiment.Name;
            string run = Path.Combine(folder, "runs", experiment.Name);
            using (TrainingRun training = Open(experiment, run, warn))
            {
                training.Warn = sentence => warn($"{experiment.Name}: {sentence}");
                Volatile.Write(ref _run, training);
                TrainingResult trained = training.Train(stop);
                Volatile.Write(ref _run, null);
                if (stop.IsCancellationRequested || (!trained.Finished && trained.Learners.Any(l => l.Stopped is null)))
                    return false;
            }
            RunResult result = RunResult.Read(run);
            result.Write(ResultOf(experiment));
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
            return TrainingRun.Resume(run, settings => SettingsResolver.Apply(settings, Where()), warn: warn);
        }
        GivenValue[] given =
        [
            .. experiment.Settings.Select(SettingsResolver.Split),
            .. options.Quick ? QuickSettings(experiment).Select(SettingsResolver.Split) : [],
            new("episodes", $"{EpisodesOf(experiment)}", "--quick"), .. options.Seeds.Values("--seeds"), .. Where(),
        ];
        return TrainingRun.Begin(experiment.Task, settings => SettingsResolver.Apply(settings, given), run);
    }

    private GivenValue[] Where() =>
        [new("device", options.Device, "--device"), new("threads", $"{options.Threads}", "--threads")];

    private int EpisodesOf(Experiment experiment) => options.Quick ? QuickEpisodes : experiment.Episodes;

    private string ResultOf(Experiment experiment) => Path.Combine(folder, "results", $"{experiment.Name}.json");

    private RunResult Checked(Experiment experiment, RunResult result)
    {
        int episodes = EpisodesOf(experiment);
        SeedRange seeds = new(result.Learners[0].Seed, result.Learners.Count);
        return (result.Episodes, seeds) == (episodes, options.Seeds) ? result : throw new UserException(
            $"{folder} holds {experiment.Name} with {result.Episodes} episodes of the seeds {seeds}, and here it is "
            + $"{episodes} of {options.Seeds}; give the same options, or another folder as --out");
    }
}
