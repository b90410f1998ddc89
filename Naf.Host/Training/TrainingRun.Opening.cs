using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Imagination;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.TensorBoard;
using Naf.Host.Trajectories;
using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Training;

/// <summary>Begins and resumes runs.</summary>
public sealed partial class TrainingRun
{
    // no column depends on the clock, so that equal runs give equal bytes; what was not measured is empty
    private const string MetricsHeader =
        "episode,learner,seed,step,train_score,test_score,loss,success_rate,gradient_norm,mean_q,updates,replay,"
        + "test_deviation,planned,imagined,cut,model_error,model_error_ahead,diverges,unstable,stopped";

    // wall-clock seconds of the run, then of each part of its steps; all since its beginning
    private static readonly string TimingHeader =
        $"episode,learner,seconds,updates,{string.Join(',', TrainingTimes.Columns)}";

    /// <summary>Begins a run on a simulated task, in a new folder.</summary>
    /// <param name="taskName">The name of a built-in task or of a suite's, or the path of a task's file.</param>
    /// <param name="settings">
    /// Changes the task's settings. It receives those for NAF; if it chooses another algorithm, it is called once more
    /// with that algorithm's, so it must not have side effects.
    /// </param>
    /// <param name="folder">Its folder; null: runs/TASK-ALGORITHM-N.</param>
    /// <param name="warmStart">
    /// A log of transitions (.csv or .safetensors), which are in every replay before the first episode; null: none are.
    /// </param>
    /// <param name="models">The folder of a suite's models, as <see cref="ControlTask.Load"/> takes it.</param>
    /// <exception cref="UserException">
    /// The settings or the log are invalid, or the folder is not available.
    /// </exception>
    /// <exception cref="DeviceException">The device is not available.</exception>
    public static TrainingRun Begin(
        string taskName, Func<TrainingSettings, TrainingSettings> settings, string? folder = null,
        string? warmStart = null, string? models = null) =>
        DisposeScope.Open(opened =>
    {
        ArgumentNullException.ThrowIfNull(settings);
        ControlTask task = opened.Add(ControlTask.Load(taskName, models));
        return Begin(
            opened, task, RunTask.StoredName(taskName), SettingsResolver.OfTask(task, settings), folder, warmStart);
    });

    /// <summary>Begins a run on a user-defined environment, in a new folder.</summary>
    /// <param name="task">The task; must outlive the run.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="folder">Its folder; null: runs/TASK-ALGORITHM-N.</param>
    /// <param name="warmStart">As above.</param>
    /// <exception cref="UserException">
    /// The settings or the log are invalid, or the folder is not available.
    /// </exception>
    /// <exception cref="ArgumentException">
    /// A short simulation contradicts the environment's spaces or reward.
    /// </exception>
    /// <exception cref="DeviceException">The device is not available.</exception>
    public static TrainingRun Begin(
        EnvironmentTask task, TrainingSettings settings, string? folder = null, string? warmStart = null)
    {
        ArgumentNullException.ThrowIfNull(task);
        return DisposeScope.Open(opened =>
            Begin(opened, task, task.StoredName, settings, folder, warmStart, task.Command));
    }

    private static TrainingRun Begin(
        DisposeScope opened, IControlTask task, string lasting, TrainingSettings settings, string? folder,
        string? warmStart, string? command = null)
    {
        TrainingSettings resolved = SettingsResolver.Resolve(settings);
        if (resolved.Imagination.Kind != ImaginationKind.Off || resolved.Plan.Kind != PlanKind.None)
            DynamicsSpace.Require(task, mpc: resolved.Plan.Kind == PlanKind.Mpc);
        Transitions? log = warmStart is null ? null : TransitionFile.Read(warmStart, task);
        if (log?.Rows.Count > resolved.Learner.ReplayCapacity)
            throw new UserException($"{warmStart} has {log.Rows.Count} transitions, and replay_capacity = "
                + $"{resolved.Learner.ReplayCapacity}; raise that, or give fewer");
        Device device = opened.Add(DeviceList.Select(resolved.Device, resolved.Threads));
        var config = new RunConfig(lasting, resolved, Versions.Now(task, device.Info))
        {
            Command = command,
            Actions = task is not EnvironmentTask ? []
                : [.. Enumerable.Range(0, task.ActionSize).Select(((IControlTask)task).ActionRange)],
            WarmStart = log is null ? null : (Path.GetFullPath(log.Path), log.Sha256),
        };
        if (task is EnvironmentTask && SimulationChecksum.Of(task) != config.Versions.Simulation)
            throw new UserException(
                $"{task.Name}: two resets with one seed and the same actions gave other numbers, so that no run "
                + "could be resumed; draw all random numbers from the seed of the reset");
        RunFolder held = opened.Add(
            RunFolder.Create(folder, $"{task.Name}-{resolved.Algorithm.ToString().ToLowerInvariant()}"));
        var run = new TrainingRun(held, config, task, device, opened);
        run.Guarded(() =>
        {
            if (task is ControlTask) run.KeepTask();
            run._config.Write(RunFolder.ConfigOf(held.FullPath));
            run.StartFiles();
            if (log is null) return;
            // the checkpoint has the transitions from now on, and the run needs the file no more
            run._agent.Store(log.Rows);
            run.SaveCheckpoint();
        }, isBegun: false);
        return run;
    }

    /// <summary>Resumes a run from its checkpoint; a run without one begins anew.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="settings">
    /// Changes its settings; only <c>Episodes</c>, <c>VerificationEpisodes</c>, <c>CheckpointEvery</c>, <c>Threads</c>,
    /// <c>Device</c> and <c>Tensorboard</c> may change.
    /// </param>
    /// <param name="previous">Whether to resume from the checkpoint before the newest.</param>
    /// <param name="accept">
    /// Whether to continue although the simulator, the device or a setting in config.yaml is not what it was.
    /// </param>
    /// <param name="warn">
    /// Receives a sentence on what may keep the result from being bitwise that of an uninterrupted run; null: standard
    /// error.
    /// </param>
    /// <param name="task">The user-defined environment that the run was begun with, if any.</param>
    /// <param name="otherTask">
    /// Name or path of a task to go on with, which has the same observations and actions; null: the run's own copy.
    /// </param>
    /// <exception cref="UserException">It can't be resumed; the message states the reason and the remedy.</exception>
    public static TrainingRun Resume(
        string folder, Func<TrainingSettings, TrainingSettings>? settings = null, bool previous = false,
        bool accept = false, Action<string>? warn = null, EnvironmentTask? task = null,
        string? otherTask = null) => DisposeScope.Open(opened =>
    {
        ArgumentNullException.ThrowIfNull(folder);
        warn ??= Console.Error.WriteLine;
        RunFolder held = opened.Add(RunFolder.Open(folder));
        RunConfig stored = RunConfig.Read(RunFolder.ConfigOf(held.FullPath));
        TrainingSettings resolved = ResumeCheck.Apply(
            stored.Settings, settings is null ? stored.Settings : settings(stored.Settings), folder);
        if (task is not null && task.StoredName != stored.Task)
            throw new UserException(
                $"the run trains {stored.Task}, not {task.StoredName}; give the environment that it was begun with");
        IControlTask trained = task is not null ? task
            : opened.Add(RunTask.Load(held.FullPath, stored, otherTask, warn));
        Device device = opened.Add(DeviceList.Select(resolved.Device, resolved.Threads));
        Versions now = Versions.Now(trained, device.Info);
        var run = new TrainingRun(held, stored with { Settings = resolved, Versions = now }, trained, device, opened);
        Versions then = otherTask is null ? stored.Versions : stored.Versions with { Simulation = now.Simulation };
        List<string> changes = [.. ResumeCheck.Compare(then, run._config.Versions, accept, warn)];
        run.Guarded(() =>
        {
            if (held.Checkpoints.Open(previous) is var (checkpoint, path))
                changes.AddRange(run.Restore(checkpoint, path, accept, warn));
            else
                run.StartAgain();
            if (otherTask is not null)
            {
                run._config = run._config with { Task = RunTask.StoredName(otherTask) };
                run.KeepTask();
                changes.Add($"the task is {run._config.Task}, kept as {run._config.Files[0].Name}");
            }
            IEnumerable<string> entries = changes.Select(c => $"after episode {run._agent.EpisodesEnded}: {c}");
            run._config = run._config with { History = [.. stored.History, .. entries] };
            if (task?.Command is { } command && command != stored.Command)
                run._config = run._config with { Command = command };
            if (run._config.Text != stored.Text) run._config.Write(RunFolder.ConfigOf(held.FullPath));
        });
        return run;
    });

    private void KeepTask() => _config = _config with
    {
        Files = RunTask.Keep((ControlTask)_task, Folder, _config.Versions.Simulation),
    };

    // a run that stopped before its first checkpoint; episodes beyond that mean that checkpoints were lost
    private void StartAgain()
    {
        if (_config.WarmStart is var (log, _))
            throw new UserException($"{Folder} has no checkpoint, which had the transitions of {log}; bring its "
                + "checkpoint folder back, or begin a new run in another folder");
        if (File.Exists(_folder.MetricsPath))
        {
            string[] header = MetricsHeader.Split(',');
            int episode = Array.IndexOf(header, "episode"), learner = Array.IndexOf(header, "learner");
            int ended = File.ReadLines(_folder.MetricsPath).Skip(1).Select(line => line.Split(','))
                .Where(row => row.Length > learner && int.TryParse(row[episode], out _))
                .GroupBy(row => row[learner], row => int.Parse(row[episode], CultureInfo.InvariantCulture))
                .Select(learnerRows => learnerRows.Max()).DefaultIfEmpty(0).Min();
            if (ended > Settings.CheckpointEvery)
                throw new UserException($"{Folder} holds {ended} episodes in metrics.csv and no checkpoint; "
                    + "bring its checkpoint folder back, or begin a new run in another folder");
        }
        StartFiles();
    }

    private void StartFiles()
    {
        _metrics = _opened.Add(CsvFile.Create(_folder.MetricsPath, MetricsHeader));
        _timing = _opened.Add(CsvFile.Create(_folder.TimingPath, TimingHeader));
        OpenEvents();
    }

    // the next row of a learner is of the test before training, or of the episode after those that have ended
    private void OpenEvents()
    {
        if (!Settings.Tensorboard) return;
        _events = _opened.Add(new TrainingEvents(
            Folder, _task, Settings, MetricsHeader.Split(','),
            [.. _agent.Summaries.Select(l => _agent.EpisodesBegun == 0 ? 0 : l.Episodes + 1)], text => Warn(text)));
    }

    // returns what was accepted, for the run's history
    private IEnumerable<string> Restore(CheckpointReader checkpoint, string path, bool accept, Action<string> warn)
    {
        string? accepted = null;
        try
        {
            // check everything; until then no file is changed; earlier versions saved neither settings nor metrics
            using CheckpointReader whole = checkpoint;
            CheckpointScope saved = whole.Scope.Scope("run");
            if (saved.Contains("settings"))
                accepted = ResumeCheck.Compare(saved.Text("settings"), _config, accept, warn);
            _agent.Serialise(whole.Scope);
            int begun = _agent.EpisodesBegun;
            if (_agent.EpisodeRestarted)
                warn($"an episode of {_task.Name} can't be repeated, so that episode {begun} begins anew: the metrics "
                    + "are not those of an uninterrupted run");
            if (begun > Settings.Episodes)
                throw new UserException(
                    $"episodes = {Settings.Episodes}, but episode {begun} has begun already in {Folder}; "
                    + $"set episodes to {begun} or more");
            _metrics = _opened.Add(CsvFile.Continue(_folder.MetricsPath, Kept(
                _folder.MetricsPath, MetricsHeader, saved.Value<long>("metrics_length"), saved.Text("metrics_sha256"),
                saved.Contains("metrics") ? saved.Text("metrics") : null, warn)));
            _timing = _opened.Add(CsvFile.Continue(_folder.TimingPath, Kept(
                _folder.TimingPath, TimingHeader, saved.Value<long>("timing_length"), null, null, warn)));
            _secondsBefore = saved.Value<double>("seconds");
            if (saved.Contains("part_seconds")) _agent.Times.ContinueFrom(saved.Values<double>("part_seconds", []));
        }
        catch (InvalidDataException e)
        {
            throw _folder.Checkpoints.Refusal(path, e);
        }

        // what follows the checkpoint is made again; a crash between these lines leaves a folder that can be resumed
        _folder.Checkpoints.SetAsideNewerThan(path);
        _metrics.CutHere();
        _timing.CutHere();
        _updatesBefore = _agent.Summaries.Sum(l => l.Updates);
        foreach (LearnerSummary l in _agent.Summaries.Where(l => l.Stopped is not null))
            warn($"learner {l.Learner} (seed {l.Seed}) does not go on: it stopped after "
                + $"episode {l.Episodes}: {l.Stopped}");
        _episodesBefore = _saved = _agent.EpisodesEnded;
        Publish(0);
        OpenEvents();
        return accepted is null ? [] : [accepted];
    }

    // what a file held at the checkpoint; null digest: not checked, null copy: the checkpoint has none
    private static string Kept(
        string path, string header, long length, string? digest, string? copy, Action<string> warn)
    {
        string name = Path.GetFileName(path);
        byte[] there = Encoding.UTF8.GetBytes(CsvFile.Read(path));
        if (there.Length >= length)
        {
            string kept = Encoding.UTF8.GetString(there.AsSpan(0, (int)length));
            if (digest is null) return Rows(kept);
            if (CsvFile.DigestOf(kept) == digest) return OfThisVersion(kept);
            throw new InvalidDataException($"{name} was changed since it was made"
                + (copy is null ? "" : "; move it away, and it is written again from the checkpoint"));
        }
        string loss = $"{name} has {there.Length} bytes where there were {length}";
        warn($"{loss}: the run goes on with {(copy is null ? "what is there" : "the checkpoint's copy")}");
        if (copy is not null) return OfThisVersion(copy);
        return Rows(Encoding.UTF8.GetString(there));

        // the complete rows; none of another version's
        string Rows(string text) => text.StartsWith(header + "\n", StringComparison.Ordinal)
            ? text[..(text.LastIndexOf('\n') + 1)] : header + "\n";

        string OfThisVersion(string text) => text.StartsWith(header + "\n", StringComparison.Ordinal) ? text
            : throw new UserException($"{name} has other columns than this version of naf writes; go on with the "
                + "version that made the run (config.yaml names it)");
    }
}
