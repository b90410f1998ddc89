using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.TensorBoard;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Update;
using Naf.Sim.Control;
using Naf.Sim.Processes;

namespace Naf.Host.Training;

/// <summary>
/// A training run in its folder: begins or resumes it, trains, and writes its metrics and checkpoints. However a run
/// ends, even by SIGKILL, after resumption its metrics.csv is byte for byte that of an uninterrupted run.
/// </summary>
public sealed partial class TrainingRun : IDisposable
{
    private const long MetricsCopy = 1 << 26; // bytes

    private readonly RunFolder _folder;
    private readonly IControlTask _task;
    private readonly Device _device;
    private readonly DisposeScope _opened;
    private readonly WorkTeam _team;
    private readonly TrainingAgent _agent;
    private readonly Stopwatch _clock = new();
    private RunConfig _config;
    private CsvFile? _metrics, _timing;
    private TrainingEvents? _events;
    private double _secondsBefore;
    private long _updatesBefore;
    private int _episodesBefore, _saved;
    private TrainingProgress? _progress;
    private PolicyVerification? _verification;
    private IReadOnlyList<VerifiedPolicy> _verified = [];
    private Action<TrainingProgress>? _onProgress;
    private bool _training;

    private TrainingRun(RunFolder folder, RunConfig config, IControlTask task, Device device, DisposeScope opened)
    {
        (_folder, _task, _device, _opened) = (folder, task, device, opened);
        int threads = config.Settings.Threads == 0 ? Environment.ProcessorCount : config.Settings.Threads;
        _team = device is CpuDevice cpu ? cpu.Team : opened.Add(new WorkTeam(threads));
        _agent = opened.Add(
            new TrainingAgent(task, config.Settings, device, _team)
            {
                EpisodeEnded = Record, Warn = text => Warn(text),
            });
        _config = config with { Versions = config.Versions with { Plan = _agent.Plan } };
    }

    /// <summary>The run's folder.</summary>
    public string Folder => _folder.FullPath;

    /// <summary>The command that resumes it.</summary>
    internal string ResumeCommand => EnvironmentCommand.Resume(Folder, _config);

    /// <summary>Which devices were skipped in the choice of its device, in one sentence; otherwise empty.</summary>
    public string DeviceNote => _device.Note;

    /// <summary>Its settings.</summary>
    public TrainingSettings Settings => _config.Settings;

    /// <summary>Its progress; may be read from another thread.</summary>
    public TrainingProgress Progress
    {
        get
        {
            TrainingProgress trained =
                Volatile.Read(ref _progress) ?? new TrainingProgress(0, Settings.Episodes, null, null, 0, 0, 0);
            return Volatile.Read(ref _verification)?.Progress is var (ended, all)
                ? trained with { VerificationsEnded = ended, Verifications = all } : trained;
        }
    }

    /// <summary>
    /// Called with the reason when a learner stops early or <see cref="Train"/> fails; default: standard error.
    /// </summary>
    public Action<string> Warn
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(value));
    } = Console.Error.WriteLine;

    /// <summary>
    /// Trains until the episodes are done, every learner has stopped or a stop is requested; then saves a checkpoint.
    /// Once the episodes are done, verifies the best and the last policy of every learner.
    /// </summary>
    /// <param name="stop">
    /// Ends training between two steps, and a verification between two episodes; test episodes under way are completed
    /// first.
    /// </param>
    /// <param name="progress">Called at the end of every episode of every learner.</param>
    /// <exception cref="UserException">The disk is full or read-only; what was saved is unchanged.</exception>
    /// <remarks>
    /// An exception of an environment or of <paramref name="progress"/> ends it; when resumed, the run continues from
    /// its newest checkpoint.
    /// </remarks>
    public TrainingResult Train(CancellationToken stop = default, Action<TrainingProgress>? progress = null)
    {
        if (_training)
            throw new InvalidOperationException(
                $"training in {Folder} broke off; dispose of the run and resume it from its newest checkpoint");
        _training = true;
        _clock.Start();
        _onProgress = progress;
        try
        {
            Guarded(() =>
            {
                if (_agent.Running) File.Delete(_folder.VerificationPath); // it was of fewer episodes
                _events?.AddMissing(CsvRows.Read(_folder.MetricsPath));
                _agent.Begin();
                while (_agent.Running && _agent.EnvironmentError is null && !stop.IsCancellationRequested)
                {
                    _agent.Step();
                    int ended = _agent.EpisodesEnded, every = Settings.CheckpointEvery;
                    if (ended / every != _saved / every && _agent.Running) SaveCheckpoint();
                }
                SaveCheckpoint();
                if (_agent.EnvironmentError is { IsFailure: true } error)
                    throw new UserException($"{error.Message}; the run is saved: put that right, then resume it", error)
                    {
                        Option = ResumeCommand,
                    };
            });
        }
        catch (Exception e) when (e is not UserException)
        {
            // within a step, the learners and their environments are inconsistent: no checkpoint can be saved
            Warn($"training broke off in episode {_agent.EpisodesBegun}; when it is resumed, {Folder} goes on after "
                + $"episode {_saved}");
            throw;
        }
        _training = false;
        _clock.Stop();
        if (IsFinished && Settings.VerificationEpisodes > 0)
            Guarded(() =>
            {
                try
                {
                    Verify(stop);
                }
                catch (EnvironmentException e) when (!e.IsFailure)
                {
                    // the run is left without a verification
                }
                catch (Exception e) when (e is IOException or UserException && !RunFolder.IsRun(Folder))
                {
                    throw Rescue();
                }
            });
        return Result();
    }

    /// <inheritdoc/>
    public void Dispose() => _opened.Dispose();

    private void Record(EpisodeResult result)
    {
        double seconds = _clock.Elapsed.TotalSeconds;
        LearnerReport report = result.Report;
        object?[] row =
        [
            result.Episode, result.Learner, result.Seed, result.Step, result.TrainScore, Measured(result.Test?.Mean),
            Measured(report.Loss), result.Test?.SuccessRate, Measured(report.GradientNorm), Measured(report.MeanQ),
            report.Updates, result.Replay, result.Test?.StandardDeviation, result.Planned ? 1 : 0,
            result.Imagination.Steps, result.Imagination.Cuts,
            Measured(result.Imagination.Error?.OneStep), Measured(result.Imagination.Error?.MultiStep),
            result.Diverges ? 1 : 0, result.Unstable, result.Stopped,
        ];
        _metrics!.Add(row);
        _events?.Add(result, row);
        _timing!.Add([
            result.Episode, result.Learner, Math.Round(_secondsBefore + seconds, 3), report.Updates,
            .. _agent.Times.All.Select(part => Math.Round(part, 3)),
        ]);
        if (result.Stopped is not null)
            Warn(
                $"learner {result.Learner} (seed {result.Seed}) stopped in episode {result.Episode}: {result.Stopped}");
        Publish(seconds);
        _onProgress?.Invoke(Progress);

        // the learner's means are NaN where there was no update
        static double? Measured(double? value) => value is { } v && double.IsFinite(v) ? v : null;
    }

    private void Publish(double seconds)
    {
        IReadOnlyList<LearnerSummary> learners = _agent.Summaries;
        Volatile.Write(ref _progress, new TrainingProgress(
            _agent.EpisodesEnded, Settings.Episodes, TrainingResult.Median(learners.Select(l => l.FinalTestScore)),
            TrainingResult.Median(learners.Select(l => l.BestTestScore)), learners.Sum(l => l.Updates) - _updatesBefore,
            seconds, _episodesBefore));
    }

    // the verification in the folder, if it is of this run's end, or a new one
    private void Verify(CancellationToken stop)
    {
        int episodes = Settings.VerificationEpisodes;
        if (VerifiedPolicy.Read(_folder.VerificationPath) is { } stored && stored.All(p => p.Episodes == episodes)
            && _agent.Summaries.All(l => IsOf(stored, l)))
        {
            _verified = stored;
            return;
        }
        var verification = new PolicyVerification(_task, Folder, _config, episodes);
        Volatile.Write(ref _verification, verification);
        if (verification.Run(_team, Warn, stop) is not { } verified) return;
        VerifiedPolicy.Write(_folder.VerificationPath, verified);
        _verified = verified;
    }

    private bool IsFinished => !_agent.Running && _agent.Summaries.Any(l => l.Stopped is null);

    // whether the rows are of the learner's policies now: those of a later checkpoint, set aside since, are not
    private static bool IsOf(IReadOnlyList<VerifiedPolicy> rows, LearnerSummary learner) =>
        rows.Any(p => Is(p, learner, VerifiedPolicy.LastName) && p.Episode == learner.Episodes)
        && rows.All(p => !Is(p, learner, VerifiedPolicy.BestName) || p.Episode == learner.BestEpisode);

    private static bool Is(VerifiedPolicy policy, LearnerSummary learner, string name) =>
        policy.Learner == learner.Learner && policy.Policy == name;

    private LearnerSummary WithVerification(LearnerSummary learner)
    {
        VerifiedPolicy? best = _verified.FirstOrDefault(p => Is(p, learner, VerifiedPolicy.BestName)),
            last = _verified.FirstOrDefault(p => Is(p, learner, VerifiedPolicy.LastName));
        return learner with
        {
            VerifiedBest = best?.Score, VerifiedBestError = best?.StandardError,
            VerifiedLast = last?.Score, VerifiedLastError = last?.StandardError,
        };
    }

    private TrainingResult Result()
    {
        IReadOnlyList<LearnerSummary> learners = [.. _agent.Summaries.Select(WithVerification)];
        double seconds = _secondsBefore + _clock.Elapsed.TotalSeconds;
        long updates = learners.Sum(l => l.Updates);
        return new TrainingResult(
            Folder, _task.Name, Settings.Algorithm.ToString().ToLowerInvariant(), _device.Info.Name,
            _agent.EpisodesEnded, IsFinished,
            TrainingResult.Median(learners.Select(l => l.BestTestScore)),
            TrainingResult.Median(learners.Select(l => l.FinalTestScore)),
            TrainingResult.Median(learners.Select(l => l.VerifiedBest)),
            TrainingResult.Median(learners.Select(l => l.VerifiedLast)),
            updates, seconds > 0 ? updates / seconds : 0, seconds, learners);
    }

    private void SaveCheckpoint()
    {
        if (!RunFolder.IsRun(Folder)) throw Rescue();
        _metrics!.FlushToDisk();
        _timing!.FlushToDisk();
        _folder.Checkpoints.Save(_agent.StepCount, Checkpoint());
        _saved = _agent.EpisodesEnded;
    }

    private CheckpointWriter Checkpoint()
    {
        var checkpoint = new CheckpointWriter();
        CheckpointScope run = checkpoint.Scope.Scope("run");
        run.Text("settings", _config.SettingsText);
        // a copy to repair metrics.csv with, as long as it is small beside the networks
        if (_metrics!.Length <= MetricsCopy) run.Text("metrics", _metrics.Text);
        run.Value("metrics_length", _metrics.Length);
        run.Text("metrics_sha256", _metrics.Digest);
        run.Value("timing_length", _timing!.Length);
        run.Value("seconds", _secondsBefore + _clock.Elapsed.TotalSeconds);
        run.Values("part_seconds", _agent.Times.All);
        _agent.Serialise(checkpoint.Scope);
        return checkpoint;
    }

    // the folder is gone or was moved: saves the run, as it is between two steps, in another one beside it
    private UserException Rescue()
    {
        string path = Enumerable.Range(1, int.MaxValue).Select(n => $"{Folder}-rescued{(n == 1 ? "" : $"-{n}")}")
            .First(path => !Path.Exists(path));
        try
        {
            using RunFolder rescued = RunFolder.Create(path, _task.Name);
            RunConfig config = _config with { Files = [] };
            try
            {
                if (_task is ControlTask task)
                    config = config with { Files = RunTask.Keep(task, path, config.Versions.Simulation) };
            }
            catch (Exception e) when (e is UserException || RunTask.IsBroken(e))
            {
                Warn($"{path} has no copy of its task: {e.Message}");
            }
            config.Write(RunFolder.ConfigOf(path));
            File.WriteAllText(rescued.MetricsPath, _metrics!.Text);
            File.WriteAllText(rescued.TimingPath, _timing!.Text);
            rescued.Checkpoints.Save(_agent.StepCount, Checkpoint());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserException)
        {
            return new UserException($"{Folder} vanished while it was trained, and the run can't be saved as {path}: "
                + $"{e.Message}; train it again", e);
        }
        return new UserException($"{Folder} vanished while it was trained; the run, after episode "
            + $"{_agent.EpisodesEnded}, was saved as {path}: resume it there")
        {
            Option = EnvironmentCommand.Resume(path, _config),
        };
    }

    // the user can correct a full disk, and a process that failed
    private void Guarded(Action work, bool isBegun = true)
    {
        try
        {
            work();
        }
        catch (EnvironmentException e) when (isBegun)
        {
            throw new UserException($"{e.Message}; put that right, then resume the run from its last checkpoint", e)
            {
                Option = ResumeCommand,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string problem = $"{Folder} can't be written: {e.Message.TrimEnd('.')}";
            if (!isBegun) throw new UserException($"{problem}; put that right, or choose another folder", e);
            throw new UserException($"{problem}; nothing saved is lost: put that right, then resume", e)
            {
                Option = ResumeCommand,
            };
        }
    }
}
