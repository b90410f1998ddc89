namespace Naf.Tests;

/// <summary>A sweep on Slurm's real daemons, on which a node fails.</summary>
[Platform("Linux")]
[Needs(Need.Slurm)]
internal sealed class SlurmSweepTests : FolderFixture
{
    private const int First = 60; // episodes of the first rung: a second or more, in which the node fails

    private string MyFile => Folder["my.yaml"];

    private string MySweep => Folder["sweep"];

    [TearDown]
    public void LeaveCluster() => Environment.SetEnvironmentVariable(SlurmCluster.Variable, null);

    [Test]
    public void A_node_fails_and_the_ranking_is_that_of_a_sweep_without_Slurm()
    {
        File.WriteAllText(MyFile, SweepTests.TinyFile
            .Replace("episodes: 4", $"episodes: {2 * First}").Replace("first: 2", $"first: {First}"));
        Directory.CreateDirectory(Folder["cluster"]);
        using var cluster = new SlurmCluster(Folder["cluster"]);
        Environment.SetEnvironmentVariable(SlurmCluster.Variable, cluster.Config); // for sbatch and squeue

        // the first rung: two candidates train, a third waits, and the node of the second fails
        string submitted = Naf(0, "--slurm", "--sbatch", "--hold");
        Assert.That(submitted, Does.Match($@"^job \d+: candidates 1-3, until episode {First} \(.*job.sh\)"));
        Assert.That(Naf(0, "--slurm"), Does.StartWith("queued or running already: candidates 1-3\nwhen all"));
        cluster.Run("scontrol", "release", submitted.Split(' ', ':')[1]);
        string second = Folder["sweep/002"], timing = Path.Combine(second, "timing.csv"), node = "";
        cluster.WaitUntil(() => (node = cluster.NodeOf(2)).Length > 0, "second candidate");
        cluster.WaitUntil(() => Directory.Exists(Path.Combine(second, "checkpoint"))
            && Directory.GetFiles(Path.Combine(second, "checkpoint"), "*.naf").Length > 1, "checkpoint");
        cluster.KillNode(node);
        Assert.That(File.Exists(Path.Combine(second, "verification.csv")), Is.False, "it is killed before its end");
        string[] before = File.ReadAllLines(timing);
        Assert.That(Naf(1, "--collect"), Does.Contain("of 3 candidates are missing ("));
        cluster.WaitUntilEnded();
        Assert.That(File.ReadAllLines(timing)[..3], Is.EqualTo(before[..3]), "it went on from its checkpoint");

        // the second rung, of two candidates
        Assert.That(Naf(1, "--collect"), Does.Contain("2 of 3 candidates are missing (")
            .And.Contain("cartpole: 3 of 3 candidates"));
        Assert.That(Naf(0, "--slurm"),
            Does.Match($@"^job \d+: candidates [123][,-][123], until episode {2 * First} "));
        cluster.WaitUntilEnded();
        Assert.That(Naf(0, "--slurm"), Does.StartWith("every candidate has ended; naf sweep"));
        string collected = Naf(0, "--collect"), ranking = Ranking(MySweep);

        Directory.Move(MySweep, Folder["by-slurm"]);
        string alone = Naf(0);
        Assert.That(Ranking(MySweep), Is.EqualTo(ranking));
        Assert.That(collected.Split('\n')[^2], Is.EqualTo(alone.Split('\n')[^2]), "the best");
        foreach (string run in (string[])["001", "002", "003"])
            Assert.That(
                TinyRun.Metrics(Folder[$"by-slurm/{run}"]), Is.EqualTo(TinyRun.Metrics(Folder[$"sweep/{run}"])));
    }

    // all columns but the last, which is the duration
    private static string Ranking(string sweep) => string.Join('\n', File.ReadLines(Path.Combine(sweep, "ranking.csv"))
        .Select(line => line[..line.LastIndexOf(',')]));

    private string Naf(int exitCode, params string[] options)
    {
        (int code, string output, string error) =
            TinyRun.Cli(["sweep", MyFile, "--out", MySweep, "--device", "cpu", .. options]);
        Assert.That(code, Is.EqualTo(exitCode), error);
        return output + (exitCode == 0 ? "" : error);
    }
}
