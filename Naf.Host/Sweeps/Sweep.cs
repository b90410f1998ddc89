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
    private readonly RunFolder? _held;
    private readonly string _device;
    private readonly int _threads;
    private readonly bool _onCpu;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<TrainingRun, int> _running = [];
    private readonly Dictionary<Candidate, CandidateResult> _results = [];
    private long _ended, _found; // episodes; those found in the folder
    private int _rung, _done, _count;

    private Sweep(SweepPlan plan, string folder, RunFolder? held, Device device, int threads)
    {
        (_plan, Folder, _held, _device, _onCpu) = (plan, folder, held, device.Info.Name, device is CpuDevice);
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
    }

    /// <summary>The sweep's folder.</summary>
    public string Folder { get; }

    /// <summary>Receives warnings of the runs.</summary>
    public required Action<string> Warn { get; init; }

    /// <summary>Called with each result of a rung.</summary>
    public required Action<CandidateResult> Ended { get; init; }

    /// <summary>The results so far, the best first.</summary>
    public IReadOnlyList<CandidateResult> Ranking => CandidateResult.Rank(_results.Values);

    /// <summary>Opens a new folder, or one of this sweep, to continue.</summary>
    /// <param name="threads">Threads of the CPU; 0: one per core.</param>
    /// <param name="shared">
    /// Whether the folder exists and is not held, so that other processes can train its other candidates.
    /// </param>
    /// <exception cref="UserException">The folder is of something else, of another sweep, or in use.</exception>
    public static Sweep Open(
        SweepPlan plan, string folder, string device, int threads, Action<string> warn, Action<CandidateResult> ended,
        bool shared = false)
    {
        using Device chosen = DeviceList.Select(device, 1);
        if (chosen.Note.Length > 0) warn(chosen.Note);
        if (shared) SweepFolder.Check(folder, plan.File);
        RunFolder? held = shared ? null : SweepFolder.Hold(folder, plan.File);
        return new Sweep(plan, folder, held, chosen, threads) { Warn = warn, Ended = ended };
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
    public bool Run(CancellationToken stop) =>
        RunRungs((candidates, before, episodes) => Train(candidates, before, episodes, stop));

    /// <summary>Trains a candidate until the end of the present rung, if it has come that far.</summary>
    /// <returns>Whether it is done; false after a stop, which saves the run.</returns>
    public bool Run(Candidate candidate, CancellationToken stop)
    {
        Rung present = Rungs().Last();
        return !present.Candidates.Contains(candidate)
            || Train(Find([candidate], present.Before, present.Episodes), present.Before, present.Episodes, stop);
    }

    /// <summary>Reads the results that are there, and ranks the rungs that have ended.</summary>
    /// <returns>The candidates that the present rung lacks, and its episodes; none: all is done.</returns>
    public (IReadOnlyList<Candidate> Candidates, int Episodes) Collect()
    {
        (IReadOnlyList<Candidate> Candidates, int Episodes) missing = ([], 0);
        RunRungs((candidates, _, episodes) => (missing = (candidates, episodes)).Candidates.Count == 0);
        return missing;
    }

    // a rung after the other; `train` receives the candidates without a result, and tells whether they have one now
    private bool RunRungs(Func<IReadOnlyList<Candidate>, int, int, bool> train)
    {
        foreach (Rung rung in Rungs())
        {
            int kept = rung.Order is null ? 0 : _plan.Kept(rung.Candidates.Count);
            // after a rung that has ended, the results of those that continued are in their later rungs
            (_rung, _done, _count) = (rung.Number, kept, rung.Candidates.Count);
            Found(kept * (rung.Episodes - rung.Before));
            IReadOnlyList<Candidate> open =
                Find(rung.Order?.Skip(kept) ?? rung.Candidates, rung.Before, rung.Episodes);
            if (!train(open, rung.Before, rung.Episodes)) return false;
            if (rung is { Order: null, File: { } file })
                RankingFile.Write(file, _plan.Keys, CandidateResult.Rank(rung.Candidates.Select(c => _results[c])));
        }
        RankingFile.Write(Path.Combine(Folder, "ranking.csv"), _plan.Keys, Ranking);
        return true;
    }

    // the rungs until the first whose ranking is not there when the next is asked for
    private IEnumerable<Rung> Rungs()
    {
        (IReadOnlyList<Candidate> remaining, int before) = (_plan.Candidates, 0);
        foreach ((int number, int episodes) in _plan.Rungs.Index())
        {
            string? file = episodes == _plan.Episodes ? null : Path.Combine(Folder, $"ranking-{episodes}.csv");
            yield return new Rung(number, before, episodes, remaining, file, Order());
            if (Order() is not { } order) yield break;
            (remaining, before) = ([.. order.Take(_plan.Kept(remaining.Count))], episodes);

            IReadOnlyList<Candidate>? Order() => file is null ? null : RankingFile.ReadOrder(file, remaining);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held?.Dispose();

    // reads the results that are there; returns the candidates that have none
    private List<Candidate> Find(IEnumerable<Candidate> candidates, int before, int episodes)
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
        return open;
    }

    // trains side by side as many as there are threads for, one for each learner; on a GPU one after another
    private bool Train(IReadOnlyList<Candidate> open, int before, int episodes, CancellationToken stop)
    {
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
        return open.All(c => _results.TryGetValue(c, out CandidateResult? r) && r.Episodes == episodes);
    }

    private void Train(Candidate candidate, int before, int episodes, int threads, CancellationToken stop)
    {
        string folder = candidate.RunIn(Folder);
        TrainingSettings settings =
            candidate.Settings with { Episodes = episodes, Device = _device, Threads = threads };
        try
        {
            if (!RunFolder.IsRun(folder)) SweepFolder.Clear(folder);
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

    /// <param name="File">Its ranking's path, which determines the next rung; null: it is the last rung.</param>
    /// <param name="Order">The candidates in the order of that ranking; null: there is none yet.</param>
    private sealed record Rung(
        int Number, int Before, int Episodes, IReadOnlyList<Candidate> Candidates, string? File,
        IReadOnlyList<Candidate>? Order);
}
