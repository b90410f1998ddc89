namespace Naf.Tests;

/// <summary>A run terminated or killed by a signal resumes bitwise identically. Uses child processes.</summary>
[Platform(Exclude = "Win", Reason = "signals are sent by kill, which Windows has not")]
internal sealed class SignalTests : FolderFixture
{
    private string Run => Folder["run"];

    [TestCase("INT", 130)]
    [TestCase("TERM", 143)]
    [TestCase("HUP", 129)]
    public void A_signal_saves_and_says_how_to_go_on(string signal, int exitCode)
    {
        using (var child = new ChildProcess(TinyRun.Arguments(Run, 1_000_000)))
        {
            child.WaitUntil(() => Rows >= 3);
            child.Signal(signal);
            Assert.That(child.Wait(), Is.EqualTo(exitCode), child.Error.Result);
            Assert.That(child.Error.Result, Does.Contain($"go on with naf train --resume {Run}"));
            Assert.That(child.Output.Result, Does.Contain($"run: {Run}"));
        }
        AssertResumesAsIfNeverStopped();
    }

    [Test]
    public void Kill_loses_nothing()
    {
        var random = new Random(1); // only the times of the kills depend on it
        using (var child = new ChildProcess(TinyRun.Arguments(Run, 1_000_000)))
        {
            child.WaitUntil(() => Rows >= 2);
            child.Kill();
            child.Wait();
        }
        for (int i = 0; i < 3; i++)
        {
            using var child = new ChildProcess("train", "--resume", Run);
            int rows = Rows;
            child.WaitUntil(() => Rows != rows);
            Thread.Sleep(random.Next(300));
            child.Kill();
            child.Wait();
        }
        AssertResumesAsIfNeverStopped();
    }

    private int Rows
    {
        get
        {
            string metrics = Path.Combine(Run, "metrics.csv");
            if (!File.Exists(metrics)) return 0;
            using var file = new FileStream(metrics, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            return reader.ReadToEnd().Count(c => c == '\n');
        }
    }

    // trains a few episodes more, and compares with an uninterrupted run of equal length
    private void AssertResumesAsIfNeverStopped()
    {
        int episodes = (Rows + 3) / 2 * 2;
        TinyRun.Resume(Run, changes: $"episodes={episodes}");
        Assert.That(TinyRun.Cli(TinyRun.Arguments(Folder["straight"], episodes)).ExitCode, Is.Zero);
        Assert.That(TinyRun.Metrics(Run), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
    }
}
