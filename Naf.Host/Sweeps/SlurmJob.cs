using System.ComponentModel;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Settings;

namespace Naf.Host.Sweeps;

/// <summary>
/// A Slurm job whose array has an element for each candidate to be trained: <c>job.sh</c> in the sweep's folder, and
/// its submission. Slurm queues the elements and starts them again after a node has failed.
/// </summary>
/// <param name="File">The sweep's file.</param>
/// <param name="Folder">The sweep's folder.</param>
/// <param name="Program">The program, with its first arguments, that is this naf.</param>
/// <param name="Device">The device of each element.</param>
/// <param name="Threads">CPUs of each element; 0: as the options or the cluster say.</param>
/// <param name="Options">Further options of sbatch, such as <c>--partition=long --time=4:00:00</c>.</param>
internal sealed record SlurmJob(
    string File, string Folder, ImmutableArray<string> Program, string Device, int Threads, string Options)
{
    /// <summary>The script's path.</summary>
    public string Script => Path.Combine(Path.GetFullPath(Folder), "job.sh");

    /// <summary>Writes the script and submits it.</summary>
    /// <returns>The job's number.</returns>
    /// <exception cref="UserException">There is no sbatch, or it refuses the job.</exception>
    public string Submit(IReadOnlyList<Candidate> candidates)
    {
        AtomicFile.Write(Script, Encoding.UTF8.GetBytes(TextOf(candidates)));
        return Run("sbatch", "--parsable", Script).Split(';')[0].Trim(); // NUMBER, or NUMBER;CLUSTER
    }

    /// <summary>The numbers of the candidates that earlier jobs of this script train or will train.</summary>
    /// <exception cref="UserException">There is no squeue, or it fails.</exception>
    public IReadOnlySet<int> Queued() => (
        from line in Run("squeue", "--me", "--array", "--noheader",
            "--states=PENDING,CONFIGURING,RUNNING,SUSPENDED,COMPLETING,REQUEUED",
            "--format=%K %o").Split('\n')
        let element = line.Trim().Split(' ', 2)
        where element.Length == 2 && element[1] == Script
            && int.TryParse(element[0], CultureInfo.InvariantCulture, out _)
        select int.Parse(element[0], CultureInfo.InvariantCulture)).ToHashSet();

    /// <summary>Numbers of candidates, such as 1-3,7.</summary>
    public static string Numbers(IEnumerable<Candidate> candidates) => string.Join(',', candidates
        .Select(candidate => candidate.Number).Order().Index()
        .GroupBy(number => number.Item - number.Index, number => number.Item)
        .Select(range => range.Count() == 1 ? $"{range.First()}" : $"{range.First()}-{range.Last()}"));

    /// <summary>The script's text. The element becomes naf, so that a signal to the script reaches it.</summary>
    public string TextOf(IEnumerable<Candidate> candidates)
    {
        string folder = Path.GetFullPath(Folder);
        string[] words = [.. Program, "sweep", Path.GetFullPath(File), "--out", folder, "--device", Device];
        string[] options =
        [
            $"--job-name=\"{Path.GetFileName(folder)}\"", $"--array={Numbers(candidates)}",
            // % stands for a part of the name
            $"--output=\"{folder.Replace("%", "%%")}/slurm-%a.txt\"", "--open-mode=append",
            // a minute before the time limit, naf is asked to save its run
            "--requeue", "--signal=B:TERM@60", .. Threads > 0 ? [$"--cpus-per-task={Threads}"] : Array.Empty<string>(),
            .. Options.Length > 0 ? [Options.ReplaceLineEndings(" ")] : Array.Empty<string>(),
        ];
        return $$"""
            #!/bin/sh
            # written by naf sweep --slurm: each element of the array trains a candidate, or resumes it
            {{string.Join('\n', options.Select(option => $"#SBATCH {option}"))}}
            exec {{string.Join(' ', words.Select(TrainCommandLine.Quoted))}} \
                --candidate "$SLURM_ARRAY_TASK_ID" --threads "${SLURM_CPUS_PER_TASK:-1}"

            """.ReplaceLineEndings("\n");
    }

    private string Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? output
                : throw new UserException($"{program} {(program == "sbatch" ? $"refuses {Script}" : "fails")}: "
                    + $"{Sentence(error.Result)}; change the options of the job, or ask the cluster's administrators")
                {
                    Option = "--sbatch OPTIONS",
                };
        }
        catch (Win32Exception e)
        {
            throw new UserException("Slurm's sbatch and squeue are not on the PATH; submit the sweep where they are, "
                + "such as a cluster's login node, or train it here", e)
            {
                Option = $"naf sweep {TrainCommandLine.Quoted(File)} --out {TrainCommandLine.Quoted(Folder)}",
            };
        }

        // lines such as "sbatch: error: REASON"
        string Sentence(string words) => string.Join("; ", words
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => line.Replace($"{program}: ", "").Replace("error: ", "")));
    }
}
