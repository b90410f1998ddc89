using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Host.Sweeps;

namespace Naf.Cli.Commands;

/// <summary><c>naf sweep</c>: trains every candidate of a sweep's file and ranks them.</summary>
internal static class SweepCommand
{
    public static Command Create(Terminal terminal) => new ExampleCommand(
        "sweep", "Trains with every combination of settings in a file (docs/sweeps.md), and ranks them. Run again, it "
            + "goes on where it stopped.",
        "naf sweep docs/examples/sweeps/paper-grid.yaml      the paper's learning rates and noises",
        parsed => Run(terminal, parsed))
    {
        new Argument<string>("FILE") { Description = "a sweep's .yaml file" },
        CliOption.Text("--out", "DIR", "the folder of the sweep, a run in it for each candidate [runs/FILE]"),
        CliOption.Device(),
        CliOption.Text("--threads", "N", "threads of the CPU, with --slurm of each candidate; 0: one per core [0]"),
        CliOption.Flag("--slurm", "submit the candidates that have not ended to Slurm, as one array of jobs"),
        CliOption.Text("--sbatch", "OPTIONS", "with --slurm: further options of sbatch, such as '--time=4:00:00'"),
        CliOption.Flag("--collect", "rank the candidates that have ended, and train none"),
        CliOption.Text("--candidate", "N", "train only this one, in a sweep that is begun; what --slurm submits"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        string file = parsed.Given("FILE")!;
        string folder = Path.TrimEndingDirectorySeparator(
            parsed.Folder("--out") ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(file)));
        int threads = parsed.Integer("--threads", 0, 0, 256);
        bool json = parsed.IsJson();
        SweepPlan plan = SweepFile.Read(file);
        if (plan.LeftOut > 0)
            terminal.Warn($"{plan.LeftOut} of {plan.LeftOut + plan.Candidates.Count} combinations are left out, the "
                + $"first because: {plan.Reason}");
        (bool submits, bool collects) = (parsed.GetValue<bool>("--slurm"), parsed.GetValue<bool>("--collect"));
        int number = parsed.Integer("--candidate", 0, 1, plan.Candidates.Count);
        Check(parsed, submits, collects, number);
        string device = parsed.Given("--device") ?? "auto",
            again = $"naf sweep {TrainCommandLine.Quoted(file)} --out {TrainCommandLine.Quoted(folder)}";
        // where jobs are submitted, the device of the nodes may be missing
        using Sweep sweep = Sweep.Open(plan, folder, submits || collects ? "cpu" : device, threads, terminal.Warn,
            parsed.IsQuiet() ? _ => { } : Say, shared: number > 0);
        if (submits)
        {
            var job = new SlurmJob(
                file, folder, SweepSubmission.ThisProgram, device, threads, parsed.Given("--sbatch") ?? "");
            return SweepSubmission.Submit(terminal, plan, sweep, job, again, json);
        }
        using var stop = new StopSignals();
        var warnings = new MujocoWarningReport();
        (IReadOnlyList<Candidate> Candidates, int Episodes) missing = ([], 0);
        bool finished;
        using (ProgressDisplay.Show(terminal, parsed.IsQuiet() || collects || number > 0, () => sweep.Progress))
            finished = collects ? (missing = sweep.Collect()).Candidates.Count == 0
                : number > 0 ? sweep.Run(plan.Candidates[number - 1], stop.Token) : sweep.Run(stop.Token);
        warnings.Give(terminal);

        IReadOnlyList<CandidateResult> ranking = sweep.Ranking;
        string? best = finished && number == 0 && double.IsFinite(ranking[0].VerifiedBest)
            ? plan.CommandOf(ranking[0].Candidate) : null;
        if (json) Json.Write(terminal.Out, Describe(plan, sweep.Folder, finished, ranking, best));
        else Report(terminal, plan, sweep.Folder, ranking, best);
        if (!finished)
        {
            terminal.Warn(!collects ? $"stopped; go on with {again}{(number > 0 ? $" --candidate {number}" : "")}"
                : $"{missing.Candidates.Count} of {plan.Candidates.Count} candidates are missing "
                    + $"({SlurmJob.Numbers(missing.Candidates)}, until episode {missing.Episodes}); {again} --slurm "
                    + $"submits those that are not queued, and {folder}/slurm-N.txt has what candidate N printed");
            return stop.Token.IsCancellationRequested ? stop.ExitCode : ExitCode.Failed;
        }
        if (best is not null || number > 0) return 0;
        terminal.Warn("no candidate has a score, since half of its learners or more stopped before their time");
        return ExitCode.Failed;

        void Say(CandidateResult r) => terminal.Log($"candidate {r.Candidate.Number}, "
            + $"{string.Join(' ', r.Candidate.Assignments)}, {Texts.Count(r.Episodes, "episode")}: "
            + $"verified {Score(r.VerifiedBest)}, {Duration(r)}");
    }

    private static void Check(ParseResult parsed, bool submits, bool collects, int number)
    {
        string[] given = [.. from option in ((bool IsGiven, string Name)[])
            [(submits, "--slurm"), (collects, "--collect"), (number > 0, "--candidate")]
            where option.IsGiven select option.Name];
        if (given.Length > 1)
            throw new UserException($"{given[0]} and {given[1]} exclude each other; give one of them");
        if (parsed.Given("--sbatch") is not null && !submits)
            throw new UserException("--sbatch has options of the job that --slurm submits; add --slurm");
    }

    private static void Report(
        Terminal terminal, SweepPlan plan, string folder, IReadOnlyList<CandidateResult> ranking, string? best)
    {
        terminal.Out.WriteLine($"{plan.Task}: {ranking.Count} of {Texts.Count(plan.Candidates.Count, "candidate")}, "
            + $"seeds {plan.Seeds}, {Texts.Count(plan.Episodes, "episode")}; medians over seeds");
        const string Settings = "settings", Best = "best test", Range = "lowest … highest", Learners = "learners";
        (string Name, Func<CandidateResult, string> Cell)[] columns =
        [
            ("#", r => $"{r.Candidate.Number}"), (Settings, r => string.Join(' ', r.Candidate.Assignments)),
            ("episodes", r => $"{r.Episodes}"), ("verified", r => Score(r.VerifiedBest)),
            (Best, r => Texts.Score(r.BestTestScore)),
            (Range, r => $"{Texts.Score(r.LowestBestTest)} … {Texts.Score(r.HighestBestTest)}"),
            ("last", r => Texts.Score(r.FinalTestScore)), (Learners, Notes), ("time", Duration),
        ];
        // nothing that is the same everywhere
        columns = [.. columns.Where(c => (c.Name != "episodes" || plan.Rungs.Length > 1)
            && (c.Name != Learners || ranking.Any(r => c.Cell(r).Length > 0)))];
        terminal.WriteTable([[.. columns.Select(c => c.Name)],
            .. ranking.Select(r => columns.Select(c => c.Cell(r)).ToArray())], [Settings, Best, Range, Learners]);
        terminal.Out.WriteLine($"sweep: {folder} (candidate 1 is the run {plan.Candidates[0].RunIn(folder)})");
        if (best is not null) terminal.Out.WriteLine($"the best: {best}");
    }

    private static object Describe(
        SweepPlan plan, string folder, bool finished, IReadOnlyList<CandidateResult> ranking, string? best) => new
        {
            Sweep = folder, plan.Task, Seeds = $"{plan.Seeds}", plan.Episodes, Candidates = plan.Candidates.Count,
            plan.LeftOut, Finished = finished,
            Ranking = ranking.Select(r => new
            {
                Candidate = r.Candidate.Number, r.Run,
                Settings = r.Candidate.Values.ToDictionary(value => value.Key, value => value.Value),
                r.Episodes, r.VerifiedBest, r.BestTestScore, r.LowestBestTest, r.HighestBestTest, r.FinalTestScore,
                r.Stopped, r.Diverged, r.Seconds,
            }),
            Best = best,
        };

    private static string Notes(CandidateResult r) => string.Join(' ', new[]
    {
        r.Stopped > 0 ? $"stopped={r.Stopped}" : "", r.Diverged > 0 ? $"diverged={r.Diverged}" : "",
    }.Where(note => note.Length > 0));

    private static string Score(double score) => double.IsFinite(score) ? Texts.Score(score) : "none";

    private static string Duration(CandidateResult r) => Texts.Duration(TimeSpan.FromSeconds(r.Seconds));
}
