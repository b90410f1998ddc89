namespace Naf.Tests;

/// <summary>naf sweep --slurm, --collect and --candidate with stand-ins for Slurm's commands.</summary>
[Platform(Exclude = "Win", Reason = "the stand-ins are shell scripts")]
internal sealed class SlurmCommandTests : FolderFixture
{
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");

    private string MyFile => Folder["my.yaml"];

    private string MySweep => Folder["sweep"];

    private string[] Command => ["sweep", MyFile, "--out", MySweep, "--device", "cpu"];

    [SetUp]
    public void WriteFile() => File.WriteAllText(
        MyFile, SweepTests.TinyFile.Replace("halving", "# halving").Replace("episodes: 4", "episodes: 2"));

    [TearDown]
    public void RestorePath() => Environment.SetEnvironmentVariable("PATH", _path);

    [Test]
    public void What_has_neither_ended_nor_is_queued_is_submitted()
    {
        Assert.That(Naf(0, ["--slurm", "--threads", "2", "--sbatch", "--time=10"]).Output, Is.EqualTo(
            $"job 71: candidates 1-3, until episode 2 ({MySweep}/job.sh)\n"
            + $"when all have ended, naf sweep {MyFile} --out {MySweep} --collect ranks them\n"));
        Assert.That(Script, Does.Contain("#SBATCH --array=1-3\n").And.Contain("\n#SBATCH --cpus-per-task=2\n")
            .And.Contain("\n#SBATCH --time=10\n"));
        Assert.That(File.ReadAllText(Folder["sbatch.txt"]), Is.EqualTo($"--parsable {MySweep}/job.sh\n"));

        // an element, as the script starts it, beside a process that holds the folder
        string[] lines = Script.TrimEnd().Split('\n');
        File.WriteAllText(Folder["element.sh"], string.Join('\n', lines.Where(line => line[0] != '#')));
        using (new FileStream(Path.Combine(MySweep, ".lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            foreach (string element in (string[])["2", "2"])
                Assert.That(Shell("element.sh", ("SLURM_ARRAY_TASK_ID", element)), Does.Contain("1 of 3 candidates"));
        Assert.That(Directory.GetDirectories(MySweep), Is.EqualTo(new[] { Folder["sweep/002"] }));
        Assert.That(File.Exists(Folder["sweep/ranking.csv"]), Is.False);

        (string output, string error) = Naf(1, ["--collect"]);
        Assert.That(output, Does.StartWith("cartpole: 1 of 3 candidates"));
        Assert.That(error, Is.EqualTo($"naf: 2 of 3 candidates are missing (1,3, until episode 2); naf sweep {MyFile} "
            + $"--out {MySweep} --slurm submits those that are not queued, and {MySweep}/slurm-N.txt has what "
            + "candidate N printed\n"));
        // others' jobs are in the queue too
        WriteProgram("squeue", $"echo '1 /other/job.sh'; echo 'N/A {MySweep}/job.sh'; echo '3 {MySweep}/job.sh'");
        JsonElement json = JsonDocument.Parse(Naf(0, ["--slurm", "--json"]).Output).RootElement;
        Assert.That(json.Text("job"), Is.EqualTo("71"));
        Assert.That(json.GetProperty("submitted").EnumerateArray().Single().GetInt32(), Is.EqualTo(1));
        Assert.That(json.GetProperty("queued").EnumerateArray().Single().GetInt32(), Is.EqualTo(3));
        Assert.That(Script, Does.Contain("#SBATCH --array=1\n").And.Not.Contain("cpus"));

        // the rest without Slurm
        Assert.That(TinyRun.Cli(Command).ExitCode, Is.Zero);
        Assert.That(Naf(0, ["--slurm"]).Output, Is.EqualTo(
            $"every candidate has ended; naf sweep {MyFile} --out {MySweep} --collect ranks them\n"));
        Assert.That(Naf(0, ["--collect"]).Output, Does.Contain("the best: naf train cartpole"));
    }

    [Test]
    public void Slurms_refusal_is_shown()
    {
        WriteProgram("sbatch", "echo 'sbatch: error: invalid partition specified: x' >&2; "
            + "echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2; exit 1");
        Assert.That(Naf(1, ["--slurm"]), Is.EqualTo(("", $"naf: sbatch refuses {MySweep}/job.sh: invalid partition "
            + "specified: x; Batch job submission failed: Invalid partition name specified; change the options of the "
            + "job, or ask the cluster's administrators (--sbatch OPTIONS)\n")));
    }

    [Test]
    public void Without_Slurm_that_is_said()
    {
        Environment.SetEnvironmentVariable("PATH", Folder.Path);
        Assert.That(TinyRun.CliError(1, [.. Command, "--slurm"]), Is.EqualTo("naf: Slurm's sbatch and squeue are not "
            + "on the PATH; submit the sweep where they are, such as a cluster's login node, or train it here "
            + $"(naf sweep {MyFile} --out {MySweep})\n"));
    }

    [TestCase("--slurm --collect", "--slurm and --collect exclude each other; give one of them")]
    [TestCase("--collect --candidate 1", "--collect and --candidate exclude each other; give one of them")]
    [TestCase("--sbatch -n1", "--sbatch has options of the job that --slurm submits; add --slurm")]
    [TestCase("--candidate 4", "--candidate 4: expected a whole number from 1 to 3")]
    [TestCase("--candidate 1",
        "SWEEP holds no sweep yet; submit it first, or choose its folder (--slurm, or --out DIR)")]
    public void Options_that_do_not_fit_are_refused(string options, string message) => Assert.That(
        TinyRun.CliError(1, [.. Command, .. options.Split(' ')]),
        Is.EqualTo($"naf: {message.Replace("SWEEP", MySweep)}\n"));

    [Test]
    public void What_a_process_left_that_was_killed_at_its_start_is_no_obstacle()
    {
        Directory.CreateDirectory(Folder["sweep/002/task"]);
        File.Copy(MyFile, Folder["sweep/sweep.yaml"]);
        File.WriteAllText(Folder["sweep/002/task/cartpole.yaml"], "half");
        File.WriteAllText(Folder["sweep/002/config.yaml.partial"], "half");
        Assert.That(TinyRun.Cli([.. Command, "--candidate", "2"]).ExitCode, Is.Zero);
        Assert.That(File.ReadAllText(Folder["sweep/002/task/cartpole.yaml"]), Is.Not.EqualTo("half"));
    }

    private string Script => File.ReadAllText(Folder["sweep/job.sh"]);

    private (string Output, string Error) Naf(int exitCode, string[] options)
    {
        if (!File.Exists(Folder["bin/squeue"])) WriteProgram("squeue", "");
        if (!File.Exists(Folder["bin/sbatch"]))
            WriteProgram("sbatch", $"echo \"$@\" > '{Folder["sbatch.txt"]}'; echo 71");
        Environment.SetEnvironmentVariable("PATH", $"{Folder["bin"]}:{_path}");
        (int code, string output, string error) = TinyRun.Cli([.. Command, .. options]);
        Assert.That(code, Is.EqualTo(exitCode), error);
        return (output, error);
    }

    private string Shell(string script, (string Name, string Value) variable)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", Folder[script])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            Environment = { [variable.Name] = variable.Value },
        })!;
        string output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.That(shell.ExitCode, Is.Zero, output);
        return output;
    }

    private void WriteProgram(string name, string body)
    {
        Directory.CreateDirectory(Folder["bin"]);
        File.WriteAllText(Folder[$"bin/{name}"], $"#!/bin/sh\n{body}\n");
        Process.Start("chmod", ["+x", Folder[$"bin/{name}"]]).WaitForExit();
    }
}
