using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>A stopped and resumed run has the same metrics as an uninterrupted one, byte for byte.</summary>
internal sealed class ResumeTests : FolderFixture
{
    private const int Episodes = 7;
    private byte[] _straight = null!;

    [OneTimeSetUp]
    public void TrainStraight()
    {
        using var folder = new TemporaryFolder();
        TinyRun.Train(folder["straight"], Episodes);
        _straight = TinyRun.Metrics(folder["straight"]);
    }

    [Test]
    public void Stopped_amid_an_episode([Values(0, 1, 4)] int stopInEpisode)
    {
        TrainPartly(stopInEpisode);
        Assert.That(AssertResumes().Finished, Is.True);
    }

    [Test]
    public void Stopped_many_times()
    {
        TrainPartly(1);
        for (int i = 0; i < 20; i++)
        {
            using TrainingRun run = TrainingRun.Resume(Folder["run"], warn: static _ => { });
            using var stop = new CancellationTokenSource(20);
            if (run.Train(stop.Token).Finished) break;
        }
        AssertResumes();
    }

    [Test]
    public void Rows_after_the_checkpoint_are_made_again()
    {
        TrainPartly(3);
        File.AppendAllText(Folder["run/metrics.csv"], "5,0,0,750,-1,,0.1\n6,0,0,9");
        AssertResumes();
    }

    [Test]
    public void Without_a_checkpoint_it_begins_anew()
    {
        TrainPartly(1);
        Directory.Delete(Folder["run/checkpoint"], recursive: true);
        AssertResumes();
    }

    [Test]
    public void A_damaged_checkpoint_is_refused_and_the_previous_serves()
    {
        TrainPartly(5);
        string newest = RunFolder.CheckpointsOf(Folder["run"]).Files[0];
        byte[] bytes = File.ReadAllBytes(newest);
        bytes[^1] ^= 1;
        File.WriteAllBytes(newest, bytes);

        Assert.That(TinyRun.CliError(1, "train", "--resume", Folder["run"]),
            Does.Contain("its checksum does not match: the file is damaged").And.Contain("resume from the previous one")
                .And.Contain(" (--checkpoint previous)"));
        TinyRun.CliError(0, "train", "--resume", Folder["run"], "--checkpoint", "previous");
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(_straight));
    }

    [TestCase("changed", "metrics.csv was changed since it was made")]
    [TestCase("short", "metrics.csv has 8 bytes where there were")]
    [TestCase("missing", "metrics.csv is missing")]
    public void Metrics_that_are_not_those_of_the_checkpoint_are_refused(string how, string message)
    {
        TrainPartly(3);
        string path = Folder["run/metrics.csv"];
        byte[] bytes = TinyRun.Metrics(Folder["run"]);
        bytes[^3]++;
        if (how == "missing") File.Delete(path);
        else File.WriteAllBytes(path, how == "short" ? "episode\n"u8.ToArray() : bytes);
        AssertRefused(message);
        Assert.That(File.Exists(path), Is.EqualTo(how != "missing"));
    }

    [Test]
    public void Lost_checkpoints_are_not_taken_for_none()
    {
        TrainPartly(5);
        Directory.Delete(Folder["run/checkpoint"], recursive: true);
        byte[] metrics = TinyRun.Metrics(Folder["run"]);
        AssertRefused("episodes in metrics.csv and no checkpoint; bring its checkpoint folder back");
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(metrics));
        foreach (string policy in (string[])["best", "last"])
            Assert.That(TinyRun.CliError(1, "evaluate", Folder["run"], "--policy", policy),
                Does.Contain($"there is no checkpoint in {Folder["run/checkpoint"]}; bring it back if it was lost"));
    }

    [Test]
    public void A_checkpoint_that_was_set_aside_is_named_where_it_is_the_only_one()
    {
        TrainPartly(2);
        string path = RunFolder.CheckpointsOf(Folder["run"]).Files[0], name = Path.GetFileName(path);
        foreach (string file in RunFolder.CheckpointsOf(Folder["run"]).Files.Skip(1)) File.Delete(file);
        File.Move(path, path + ".aside");
        string message = $"were set aside when the run went on from an earlier one; to use the newest, remove .aside "
            + $"from the name of {name}.aside";
        foreach (string option in (string[])["latest", "previous"])
            Assert.That(TinyRun.CliError(1, "train", "--resume", Folder["run"], "--checkpoint", option),
                Does.Contain(message));
        Assert.That(TinyRun.CliError(1, "evaluate", Folder["run"]), Does.Contain(message));
        File.Move(path + ".aside", path);
        AssertResumes();
    }

    [Test]
    public void A_refused_resume_changes_nothing()
    {
        TrainPartly(5);
        Dictionary<string, byte[]> before = Contents();
        foreach (bool previous in (bool[])[true, false])
            Assert.That(() => TinyRun.Resume(Folder["run"], previous, "episodes=3"), Throws.TypeOf<UserException>()
                .With.Message.Contains("or more"));
        Assert.That(Contents(), Is.EqualTo(before));
        AssertResumes();
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("epis")]
    [TestCase("episode,learner,seconds,updates\n0,0,0.1,0\n1,0")]
    public void A_short_timing_is_no_hindrance(string? left)
    {
        TrainPartly(3);
        if (left is null) File.Delete(Folder["run/timing.csv"]);
        else File.WriteAllText(Folder["run/timing.csv"], left);
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"]),
            Does.Contain($"timing.csv has {left?.Length ?? 0} bytes where there were"));
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(_straight));
        string[] rows = File.ReadAllLines(Folder["run/timing.csv"]);
        Assert.That(rows[0], Is.EqualTo("episode,learner,seconds,updates"));
        Assert.That(rows.Select(row => row.Split(',').Length), Is.All.EqualTo(4));
    }

    [Test]
    public void Progress_begins_where_the_run_stood()
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 4);
        using TrainingRun run = TrainingRun.Resume(
            Folder["run"], settings => settings with { Episodes = Episodes }, warn: static _ => { });
        Assert.That(run.Progress,
            Is.EqualTo(new TrainingProgress(4, Episodes, trained.FinalTestScore, trained.BestTestScore, 0, 0, 4)));
    }

    [Test]
    public void The_config_is_written_only_when_it_changes()
    {
        TrainPartly(1);
        File.AppendAllText(Folder["run/config.yaml"], "# a note\n");
        TinyRun.Resume(Folder["run"]);
        Assert.That(File.ReadAllText(Folder["run/config.yaml"]), Does.EndWith("# a note\n"));
        TinyRun.Resume(Folder["run"], changes: $"episodes={Episodes + 1}");
        Assert.That(File.ReadAllText(Folder["run/config.yaml"]),
            Does.Not.Contain("note").And.Contain($"episodes: {Episodes + 1}"));
    }

    [Test]
    public void A_full_disk_loses_nothing()
    {
        TrainPartly(3);
        PlaceFullDisk("run/checkpoint/writing.partial");
        AssertRefused("can't be written", "put that right, then resume");
        AssertResumes();
    }

    [Test]
    public void A_finished_run_goes_on_for_more_episodes()
    {
        // tests are at the same episodes as in the uninterrupted run
        TinyRun.Train(Folder["run"], 4);
        AssertResumes($"episodes={Episodes}");
        Assert.That(() => TinyRun.Resume(Folder["run"], changes: "episodes=3"), Throws.TypeOf<UserException>()
            .With.Message.Contains("set episodes to 7 or more"));
    }

    [Test]
    public void A_setting_that_was_learned_with_stays()
    {
        TrainPartly(1);
        Assert.That(() => TinyRun.Resume(Folder["run"], changes: "tau=0.5"), Throws.TypeOf<UserException>()
            .With.Message.EqualTo("a resumed run keeps tau = 0.01; begin a new run for tau = 0.5"));
        Assert.That(TinyRun.CliError(1, "train", "--resume", Folder["run"], "--set", "tau=0.5"),
            Does.Contain("config.yaml --set tau=0.5)"));
        AssertResumes("tau=0.010", "threads=2", "checkpoint_every=3");
    }

    [Test]
    public void Another_simulation_is_refused()
    {
        TrainPartly(1);
        string config = File.ReadAllText(Folder["run/config.yaml"]);
        File.WriteAllText(Folder["run/config.yaml"], config.Replace("mujoco: \"", "mujoco: \"0."));
        AssertRefused("or accept the change");
        Assert.That(TinyRun.CliError(1, "train", "--resume", Folder["run"]),
            Does.Contain("or accept the change (--accept-changes)"));
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"], "--accept-changes"),
            Does.Contain("the metrics are not those of an uninterrupted run"));
    }

    [Test]
    public void A_run_in_use_is_left_alone()
    {
        using TrainingRun run = TinyRun.Begin(Folder["run"], Episodes);
        AssertRefused("is in use by another process or run");
    }

    [Test]
    public void A_population_too()
    {
        TinyRun.Train(Folder["straight"], 4, "learners=3");
        TinyRun.TrainPartly(Folder["run"], 4, 2, "learners=3");
        TinyRun.Resume(Folder["run"], changes: "threads=2");
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
    }

    private void TrainPartly(int stopInEpisode) => TinyRun.TrainPartly(Folder["run"], Episodes, stopInEpisode);

    private TrainingResult AssertResumes(params string[] changes)
    {
        TrainingResult result = TinyRun.Resume(Folder["run"], changes: changes);
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(_straight));
        return result;
    }

    private void AssertRefused(params string[] messages)
    {
        string message = Assert.Throws<UserException>(() => TinyRun.Resume(Folder["run"]))!.Message;
        foreach (string part in messages) Assert.That(message, Does.Contain(part));
    }

    private Dictionary<string, byte[]> Contents() =>
        Directory.GetFiles(Folder["run"], "*", SearchOption.AllDirectories)
            .ToDictionary(file => file, File.ReadAllBytes);
}
