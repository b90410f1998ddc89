using Naf.Host;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A run that was stopped and resumed has the metrics of one that was not, byte for byte.</summary>
public sealed class ResumeTests
{
    private const int Episodes = 7;
    private TemporaryFolder _folder = null!;
    private byte[] _straight = null!;

    [OneTimeSetUp]
    public void TrainStraight()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["straight"], Episodes);
        _straight = TinyRun.Metrics(folder["straight"]);
    }

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void StoppedAmidAnEpisode([Values(0, 1, 4)] int stopInEpisode)
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, stopInEpisode);
        TrainingResult result = TinyRun.Resume(_folder["run"]);
        Assert.That(result.Finished, Is.True);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void StoppedManyTimes()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 1);
        for (int i = 0; i < 20; i++)
        {
            using TrainingRun run = TrainingRun.Resume(_folder["run"], false, [], false, static _ => { });
            using var stop = StopRequest.Manual();
            using var timer = new Timer(_ => stop.Request(130), null, 20, Timeout.Infinite);
            if (run.Train(stop).Finished) break;
        }
        TinyRun.Resume(_folder["run"]);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void RowsAfterTheCheckpoint_AreMadeAgain()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 3);
        File.AppendAllText(_folder["run/metrics.csv"], "5,0,0,750,-1,,0.1\n6,0,0,9");
        TinyRun.Resume(_folder["run"]);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void WithoutACheckpoint_ItBeginsAnew()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 1);
        Directory.Delete(_folder["run/checkpoint"], recursive: true);
        TinyRun.Resume(_folder["run"]);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void ADamagedCheckpoint_IsRefused_AndThePreviousServes()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 5);
        string newest = RunFolder.CheckpointsOf(_folder["run"]).Files[0];
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(newest, bytes);

        (int exitCode, _, string error) = TinyRun.Cli("train", "--resume", _folder["run"]);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(error, Does.Contain("its checksum does not match: the file is damaged").And.Contain("adding --checkpoint previous"));

        (exitCode, _, error) = TinyRun.Cli("train", "--resume", _folder["run"], "--checkpoint", "previous");
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void ChangedMetrics_AreRefused()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 3);
        byte[] bytes = TinyRun.Metrics(_folder["run"]);
        bytes[^3]++;
        File.WriteAllBytes(_folder["run/metrics.csv"], bytes);
        Assert.That(() => TinyRun.Resume(_folder["run"]), Throws.TypeOf<UserException>()
            .With.Message.Contains("metrics.csv was changed since it was made"));
    }

    [Test]
    public void ShortMetrics_AreRefused()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 3);
        File.WriteAllText(_folder["run/metrics.csv"], "episode\n");
        Assert.That(() => TinyRun.Resume(_folder["run"]), Throws.TypeOf<UserException>()
            .With.Message.Contains("metrics.csv has 8 bytes where there were"));
    }

    [Test]
    public void AFinishedRun_GoesOnForMoreEpisodes()
    {
        // tests fall on the same episodes as in the straight run
        TinyRun.Train(_folder["run"], 4);
        TinyRun.Resume(_folder["run"], changes: $"episodes={Episodes}");
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
        Assert.That(() => TinyRun.Resume(_folder["run"], changes: "episodes=3"), Throws.TypeOf<UserException>()
            .With.Message.Contains("give --episodes 7 or more"));
    }

    [Test]
    public void ASettingThatWasLearnedWith_Stays()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 1);
        Assert.That(() => TinyRun.Resume(_folder["run"], changes: "tau=0.5"), Throws.TypeOf<UserException>()
            .With.Message.Contains("a resumed run keeps tau = 0.01").And.Message.Contains("config.yaml --set tau=0.5"));
        TinyRun.Resume(_folder["run"], changes: ["tau=0.010", "threads=2", "checkpoint_every=3"]);
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void AnotherSimulation_IsRefused()
    {
        TinyRun.TrainPartly(_folder["run"], Episodes, 1);
        string config = File.ReadAllText(_folder["run/config.yaml"]);
        File.WriteAllText(_folder["run/config.yaml"], config.Replace("mujoco: \"", "mujoco: \"0."));
        Assert.That(() => TinyRun.Resume(_folder["run"]), Throws.TypeOf<UserException>()
            .With.Message.Contains("go on with --accept-changes"));
        (int exitCode, _, string error) = TinyRun.Cli("train", "--resume", _folder["run"], "--accept-changes");
        Assert.That(exitCode, Is.Zero);
        Assert.That(error, Does.Contain("the metrics are not those of an uninterrupted run"));
    }

    [Test]
    public void ARunInUse_IsLeftAlone()
    {
        using TrainingRun run = TinyRun.Begin(_folder["run"], Episodes);
        Assert.That(() => TinyRun.Resume(_folder["run"]), Throws.TypeOf<UserException>()
            .With.Message.Contains("is in use by another naf"));
    }

    [Test]
    public void APopulation_Too()
    {
        TinyRun.Train(_folder["straight"], 4, "learners=3");
        TinyRun.TrainPartly(_folder["run"], 4, 2, "learners=3");
        TinyRun.Resume(_folder["run"], changes: "threads=2");
        Assert.That(TinyRun.Metrics(_folder["run"]), Is.EqualTo(TinyRun.Metrics(_folder["straight"])));
    }
}
