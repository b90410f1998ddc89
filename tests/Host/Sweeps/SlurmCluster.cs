using System.Net;
using System.Net.Sockets;

namespace Naf.Tests;

/// <summary>
/// Slurm's own daemons with two nodes, n1 and n2, of one processor each, on this machine: munged, slurmctld and two
/// slurmd. Their files are in a folder, their ports are free ones, and <see cref="Dispose"/> ends all processes.
/// </summary>
internal sealed class SlurmCluster : IDisposable
{
    /// <summary>What has to be installed.</summary>
    public static readonly string[] Programs = ["sbatch", "squeue", "scontrol", "slurmctld", "slurmd", "munged"];

    /// <summary>The environment variable with the path of the configuration.</summary>
    public const string Variable = "SLURM_CONF";

    private readonly string _folder;

    public SlurmCluster(string folder)
    {
        (_folder, Config) = (folder, Path.Combine(folder, "slurm.conf"));
        foreach (string name in (string[])["state", "spool-n1", "spool-n2"])
            Directory.CreateDirectory(Path.Combine(folder, name));
        WriteConfig();
        try
        {
            Start("munged", $"--foreground --force --socket={folder}/munge --key-file={folder}/key "
                + $"--pid-file={folder}/munged.pid --log-file={folder}/munged.log --seed-file={folder}/seed");
            WaitUntil(() => File.Exists(Path.Combine(folder, "munge")), "munged");
            Start("slurmctld", "-D");
            foreach (string node in (string[])["n1", "n2"]) Start("slurmd", $"-D -N {node}");
            WaitUntil(() => TryRun("sinfo", "--noheader", "--Node", "--format=%t") == "idle\nidle\n", "two idle nodes");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The configuration's path.</summary>
    public string Config { get; }

    /// <summary>The node on which an element runs; empty: it does not run.</summary>
    public string NodeOf(int element) =>
        Run("squeue", "--array", "--noheader", "--states=RUNNING", "--format=%K %N").Split('\n')
            .FirstOrDefault(line => line.StartsWith($"{element} ", StringComparison.Ordinal))?.Split(' ')[1] ?? "";

    /// <summary>
    /// Kills a node's daemons and its job at once, as a power failure does, and reports it to Slurm, which would notice
    /// it by itself after SlurmdTimeout; the job is queued again.
    /// </summary>
    public void KillNode(string node)
    {
        // the daemon, and the one that watches the job, are before the job, whose death they would report
        int[] job = [.. Processes($"SLURMD_NODENAME={node}")];
        Kill([.. Processes(Config).Where(id => Command(id).EndsWith($" -N {node} ", StringComparison.Ordinal)),
            .. job.Select(ParentOf), .. job]);
        Run("scontrol", "update", $"NodeName={node}", "State=DOWN", "Reason=killed");
    }

    /// <summary>Waits until all elements have ended; those that were queued again are started at once.</summary>
    public void WaitUntilEnded() => WaitUntil(() =>
    {
        string[] delayed = [.. Run("squeue", "--array", "--noheader", "--states=PENDING", "--format=%F_%K %r")
            .Split('\n').Where(line => line.EndsWith(" BeginTime", StringComparison.Ordinal))];
        // Slurm itself waits two minutes
        foreach (string line in delayed) TryRun("scontrol", "update", $"JobId={line.Split(' ')[0]}", "StartTime=now");
        return Run("squeue", "--noheader").Length == 0;
    }, "end of the job");

    /// <summary>Waits until a condition holds.</summary>
    public void WaitUntil(Func<bool> holds, string what)
    {
        for (var watch = Stopwatch.StartNew(); !holds(); Thread.Sleep(20))
            if (watch.Elapsed.TotalMinutes > 2)
                Assert.Fail($"no {what} within two minutes; {Logs()}");
    }

    public void Dispose()
    {
        // processes that start meanwhile are found the next time
        for (int round = 0; round < 100 && Processes(Config) is { Count: > 0 } left; round++)
        {
            Kill(left);
            Thread.Sleep(20);
        }
    }

    /// <summary>Runs one of Slurm's commands.</summary>
    /// <returns>Its standard output.</returns>
    public string Run(string program, params string[] arguments) =>
        TryRun(program, arguments) ?? throw new AssertionException($"{program} failed; {Logs()}");

    private string? TryRun(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, Environment = { [Variable] = Config },
        })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : null;
    }

    // the variable marks the process as the cluster's, and jobs inherit it
    private void Start(string program, string arguments) => Process.Start(new ProcessStartInfo(
        "sh", ["-c", $"PATH=\"$PATH:/usr/sbin\" exec {program} {arguments} > '{_folder}/{program}.out' 2>&1"])
    {
        Environment = { [Variable] = Config },
    })!.Dispose();

    private void WriteConfig()
    {
        string user = Environment.UserName, host = Environment.MachineName;
        int[] ports = FreePorts(4);
        var key = new byte[128];
        Random.Shared.NextBytes(key);
        File.WriteAllBytes(Path.Combine(_folder, "key"), key);
        Process.Start("chmod", ["600", Path.Combine(_folder, "key")]).WaitForExit();
        // no control groups, which a container may not have; the plug-in is loaded but not used
        File.WriteAllText(Path.Combine(_folder, "cgroup.conf"), "CgroupPlugin=cgroup/v1\n");
        File.WriteAllText(Config, $"""
            ClusterName=naf
            SlurmctldHost={host}(127.0.0.1)
            SlurmUser={user}
            SlurmdUser={user}
            AuthType=auth/munge
            AuthInfo=socket={_folder}/munge
            SlurmctldPort={ports[0]}
            SlurmdPort={ports[1]}
            SlurmctldPidFile={_folder}/slurmctld.pid
            SlurmdPidFile={_folder}/slurmd-%n.pid
            SlurmdSpoolDir={_folder}/spool-%n
            StateSaveLocation={_folder}/state
            SlurmctldLogFile={_folder}/slurmctld.log
            SlurmdLogFile={_folder}/slurmd-%n.log
            ProctrackType=proctrack/linuxproc
            TaskPlugin=task/none
            MpiDefault=none
            AccountingStorageType=accounting_storage/none
            JobAcctGatherType=jobacct_gather/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_Core
            SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
            SlurmdParameters=config_overrides
            NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=1
            NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[3]} CPUs=1
            PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP

            """);
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners) listener.Dispose();
        return ports;
    }

    // the cluster's processes that have some text in their environment, but for this one
    private List<int> Processes(string text) =>
        [.. from folder in Directory.GetDirectories("/proc")
            let id = int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int number) ? number : 0
            where id > 0 && id != Environment.ProcessId
            let environment = TextOf(id, "environ")
            where environment.Contains(Config, StringComparison.Ordinal)
                && environment.Contains(text, StringComparison.Ordinal)
            select id];

    // its words, each with a space after it
    private static string Command(int id) => TextOf(id, "cmdline").Replace('\0', ' ');

    private static int ParentOf(int id) => int.Parse(
        TextOf(id, "status").Split('\n').First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..],
        CultureInfo.InvariantCulture);

    private static string TextOf(int id, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it has ended, or is another user's
        }
    }

    private static void Kill(IReadOnlyList<int> processes)
    {
        using Process kill = Process.Start(new ProcessStartInfo(
            "kill", ["-KILL", .. processes.Select(id => $"{id}")]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    private string Logs() => string.Join('\n', Directory.GetFiles(_folder, "*.log")
        .Concat(Directory.GetFiles(_folder, "*.out"))
        .Select(file => $"{Path.GetFileName(file)}: {string.Join('\n', File.ReadLines(file).TakeLast(10))}"));
}
