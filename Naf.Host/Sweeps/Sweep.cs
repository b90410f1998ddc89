using System.Collections.Concurrent;
using Naf.Gpu;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Host.Sweeps;

/// <summary>
/// Trains the candidates of a sweep, each a run in a folder of its own below the sweep's. Everything that a
/// continuation needs is in the folder: a run's metrics and verification say whether it has ended, and
/// <see cref="RankingFile"/> which candidates continue.
/// </summary>
internal sealed class Sweep : IDisposable
{
    private readonly SweepPlan _plan;
    private readonly RunFolder _held;
    private readonly string _device;
    private readonly int _threads;
    private readonly bool _onCpu;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<TrainingRun, int> _running = [];
    private readonly Dictionary<Candidate, CandidateResult> _results = [];
    private long _ended, _found; // episodes; those found in the folder
    private int _rung, _done, _count;

    private Sweep(SweepPlan plan, RunFolder held, Device device, int threads)
    {
        (_plan, _held, _device, _onCpu) = (plan, held, device.Info.Name, device is CpuDevice);
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
    }

    /// <summary>The sweep's folder.</summary>
    public string Folder => _held.FullPath;

    /// <summary>Receives warnings of the runs.</summary>
    public required Action<string> Warn { get; init; }

    /// <summary>Called with each result of a rung.</summary>
    public required Action<CandidateResult> Ended { get; init; }

    /// <summary>The results so far, the best first.</summary>
    public IReadOnlyList<CandidateResult> Ranking => CandidateResult.Rank(_results.Values);

    /// <summary>Opens a new folder, or one of this sweep, to continue.</summary>
    /// <param name="threads">Threads of the CPU; 0: one per core.</param>
    /// <exception cref="UserException">The folder is of something else, of another sweep, or in use.</exception>
    public static Sweep Open(
        SweepPlan plan, string folder, string device, int threads, Action<string> warn, Action<CandidateResult> ended)
    {
        using Device chosen = DeviceList.Select(device, 1);
        if (chosen.Note.Length > 0) warn(chosen.Note);
        return new Sweep(plan, SweepFolder.Hold(folder, plan.File), chosen, threads) { Warn = warn, Ended = ended };
    }

    /// <summary>Episodes of all candidates that have ended, those of the whole sweep, and a text.</summary>
    public (double Done, double Most, string Text) Progress
    {
        get
        {
            double most = 0;
            (int count, int before) = (_plan.Candidates.Count, 0);
            foreach (int episodes in _plan.Rungs)
            {
                most += (double)count * (episodes - before);
                (count, before) = (_plan.Kept(count), episodes);
            }
            double done = Volatile.Read(ref _ended)
                + _running.Sum(run => Math.Max(0, run.Key.Progress.EpisodesEnded - run.Value));
            double now = done - Volatile.Read(ref _found);
            string left = now > 0
                ? $"  {Texts.Duration(_clock.Elapsed * ((most - done) / now))} left" : "";
            string rung = _plan.Rungs.Length > 1 ? $"rung {_rung + 1}/{_plan.Rungs.Length}: " : "";
            return (done, most, $"{rung}candidates {_done}/{_count}{left}");
        }
    }

    /// <summary>Trains what has not been trained yet.</summary>
    /// <returns>Whether all is done; false after a stop, which saves every run.</returns>
    public bool Run(CancellationToken stop)
    {
        IReadOnlyList<Candidate> remaining = _plan.Candidates;
        int before = 0;
        foreach ((int rung, int episodes) in _plan.Rungs.Index())
        {
            bool last = rung == _plan.Rungs.Length - 1;
            string file = Path.Combine(Folder, $"ranking-{episodes}.csv");
            int kept = _plan.Kept(remaining.Count);
            IReadOnlyList<Candidate>? order = last ? null : RankingFile.ReadOrder(file, remaining);
            // after a rung that has ended, the results of those that continued are in their later rungs
            (_rung, _done, _count) = (rung, order is null ? 0 : kept, remaining.Count);
            if (order is not null) Found(kept * (episodes - before));
            if (!Train(order?.Skip(kept) ?? remaining, before, episodes, stop)) return false;
            if (last) break;
            if (order is null)
            {
                IReadOnlyList<CandidateResult> ranking =
                    CandidateResult.Rank(remaining.Select(candidate => _results[candidate]));
                RankingFile.Write(file, _plan.Keys, ranking);
                order = [.. ranking.Select(result => result.Candidate)];
            }
            (remaining, before) = ([.. order.Take(kept)], episodes);
        }
        RankingFile.Write(Path.Combine(Folder, "ranking.csv"), _plan.Keys, Ranking);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _held.Dispose();

    // trains side by side as many as there are threads for, one for each learner; on a GPU one after another
    private bool Train(IEnumerable<Candidate> candidates, int before, int episodes, CancellationToken stop)
    {
        var open = new List<Candidate>();
        foreach (Candidate candidate in candidates)
            if (CandidateResult.Read(candidate, candidate.RunIn(Folder), episodes) is { } result)
            {
                RunConfig stored = RunConfig.Read(RunFolder.ConfigOf(result.Run));
                ResumeCheck.Apply(stored.Settings, candidate.Settings, result.Run);
                Found(episodes - before);
                (_results[candidate], _done) = (result, _done + 1);
            }
            else open.Add(candidate);
        int sideBySide = _onCpu ? Math.Clamp(_threads / _plan.Seeds.Count, 1, Math.Max(1, open.Count)) : 1;
        using var failed = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop, failed.Token);
        using var team = new WorkTeam(sideBySide);
        team.Each(open.Count, (i, _) =>
        {
            if (ending.IsCancellationRequested) return;
            try
            {
                Train(open[i], before, episodes, _threads / sideBySide, ending.Token);
            }
            catch
            {
                failed.Cancel(); // the other runs are saved
                throw;
            }
        });
        return open.TrueForAll(c => _results.TryGetValue(c, out CandidateResult? r) && r.Episodes == episodes);
    }

    private void Train(Candidate candidate, int before, int episodes, int threads, CancellationToken stop)
    {
        string folder = candidate.RunIn(Folder);
        TrainingSettings settings =
            candidate.Settings with { Episodes = episodes, Device = _device, Threads = threads };
        try
        {
            using TrainingRun run = RunFolder.IsRun(folder)
                ? TrainingRun.Resume(folder, _ => settings, warn: WarnOf)
                : TrainingRun.Begin(_plan.Task, _ => settings, folder);
            run.Warn = WarnOf;
            _running[run] = before;
            run.Train(stop);
            _running.TryRemove(run, out _);
        }
        catch (UserException e) when (e.Option is ['-', ..] option)
        {
            throw new UserException(e.Message, e)
            {
                Option = $"naf train --resume {folder} --device {_device} {option}",
            };
        }
        if (CandidateResult.Read(candidate, folder, episodes) is not { } result) return;
        lock (_results)
        {
            (_results[candidate], _done) = (result, _done + 1);
            _ended += episodes - before;
            Ended(result);
        }

        void WarnOf(string text) => Warn($"candidate {candidate.Number}: {text}");
    }

    private void Found(int episodes) => (_ended, _found) = (_ended + episodes, _found + episodes);
}
