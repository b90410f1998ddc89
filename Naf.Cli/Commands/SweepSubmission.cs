using Naf.Cli.Common;
using Naf.Host.Sweeps;

namespace Naf.Cli.Commands;

/// <summary><c>naf sweep --slurm</c>: submits the candidates of the present rung that have not ended.</summary>
internal static class SweepSubmission
{
    /// <summary>The program that runs, and its first argument if that is dotnet.</summary>
    public static ImmutableArray<string> ThisProgram =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) != "dotnet" ? [path]
            : [Environment.ProcessPath ?? "dotnet", Path.Combine(AppContext.BaseDirectory, "naf.dll")];

    /// <param name="again">The command that goes on with the sweep.</param>
    /// <returns>The exit code.</returns>
    public static int Submit(Terminal terminal, SweepPlan plan, Sweep sweep, SlurmJob job, string again, bool json)
    {
        (IReadOnlyList<Candidate> missing, int episodes) = sweep.Collect();
        IReadOnlySet<int> here = missing.Count > 0 ? job.Queued() : ImmutableHashSet<int>.Empty;
        Candidate[] queued = [.. missing.Where(candidate => here.Contains(candidate.Number))];
        Candidate[] submitted = [.. missing.Except(queued)];
        string? number = submitted.Length > 0 ? job.Submit(submitted) : null;
        if (json)
        {
            Json.Write(terminal.Out, new
            {
                Sweep = sweep.Folder, Job = number, Episodes = episodes,
                Submitted = submitted.Select(candidate => candidate.Number),
                Queued = queued.Select(candidate => candidate.Number),
            });
            return 0;
        }
        if (missing.Count == 0)
            terminal.Out.WriteLine($"every candidate has ended; {again} --collect ranks them");
        if (queued.Length > 0)
            terminal.Out.WriteLine($"queued or running already: candidates {SlurmJob.Numbers(queued)}");
        if (number is not null)
            terminal.Out.WriteLine($"job {number}: candidates {SlurmJob.Numbers(submitted)}, until episode {episodes} "
                + $"({job.Script})");
        if (missing.Count > 0)
            terminal.Out.WriteLine(episodes < plan.Episodes
                ? $"when all have ended, {again} --slurm submits those that go on"
                : $"when all have ended, {again} --collect ranks them");
        return 0;
    }
}
