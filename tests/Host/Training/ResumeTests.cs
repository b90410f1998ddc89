using System.Security.Cryptography;
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
    public void A_run_that_has_all_its_episodes_says_so()
    {
        TinyRun.Train(Folder["run"], 2);
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"]),
            Does.StartWith("naf: this run has all its 2 episodes; --episodes N trains it for longer"));
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

    [Test]
    public void Metrics_that_were_changed_are_refused()
    {
        TrainPartly(3);
        byte[] bytes = TinyRun.Metrics(Folder["run"]);
        bytes[^3]++;
        File.WriteAllBytes(Folder["run/metrics.csv"], bytes);
        AssertRefused("metrics.csv was changed since it was made; move it away, and it is written again");
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(bytes));
        File.Delete(Folder["run/metrics.csv"]);
        AssertResumes();
    }

    [TestCase("\r\n", "")]
    [TestCase("\n", "\n\n")]
    [TestCase("\r\n", "\r\n")]
    public void Metrics_saved_by_a_spreadsheet_are_no_hindrance(string lineEnd, string after)
    {
        TrainPartly(3);
        foreach (string name in (string[])["run/metrics.csv", "run/timing.csv"])
            File.WriteAllText(Folder[name], File.ReadAllText(Folder[name]).Replace("\n", lineEnd) + after);
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"]), Is.Empty);
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(_straight));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("episode,learner\n0,0\n1")]
    public void Missing_metrics_are_written_again(string? left)
    {
        TrainPartly(3);
        if (left is null) File.Delete(Folder["run/metrics.csv"]);
        else File.WriteAllText(Folder["run/metrics.csv"], left);
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"]), Does.Match(
            $"metrics.csv has {left?.Length ?? 0} bytes where there were [0-9]+: the run goes on with the "
            + "checkpoint's copy"));
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(_straight));
    }

    [Test]
    public void A_checkpoint_of_an_earlier_version_has_neither_settings_nor_metrics()
    {
        TrainPartly(3);
        foreach (string path in RunFolder.CheckpointsOf(Folder["run"]).Files)
        {
            string zeros = new('0', 64), file = Encoding.Latin1.GetString(File.ReadAllBytes(path));
            string sha256 = file[(file.IndexOf("\"sha256\":\"", StringComparison.Ordinal) + 10)..][..64];
            file = file.Replace(sha256, zeros).Replace("\"run.metrics\"", "\"no.metrics\" ")
                .Replace("\"run.settings\"", "\"no.settings\" ");
            string now = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(file)));
            File.WriteAllBytes(path, Encoding.Latin1.GetBytes(file.Replace(zeros, now)));
        }
        string header = File.ReadLines(Folder["run/metrics.csv"]).First();
        File.WriteAllText(Folder["run/metrics.csv"], $"{header}\n0,0,");
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"]),
            Does.Contain("bytes where there were").And.Contain("the run goes on with what is there"));
        string[] episodes = [.. TinyRun.Rows(Folder["run"]).Select(row => row["episode"])];
        Assert.That(episodes, Is.Not.Empty.And.EqualTo(
            Enumerable.Range(Episodes - episodes.Length + 1, episodes.Length).Select(e => $"{e}")));
    }

    [Test]
    public void An_edited_config_is_refused_or_taken_on_purpose()
    {
        TrainPartly(3);
        string config = Folder["run/config.yaml"], text = File.ReadAllText(config);
        File.WriteAllText(config, text.Replace("tau: 0.01\n", "tau: 0.5\n").Replace("test_every: 2", "test_every: 3")
            .Replace("checkpoint_every: 2", "checkpoint_every: 4"));
        const string Change = "config.yaml was edited: tau was 0.01 and is 0.5, test_every was 2 and is 3";
        Assert.That(TinyRun.CliError(1, "train", "--resume", Folder["run"]), Does.Contain($"{Change}; bring back what "
            + "the run was trained with, or accept the change (--accept-changes)"));
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"], "--accept-changes"),
            Does.Contain($"{Change}: the metrics are not those of an uninterrupted run"));
        Assert.That(RunConfig.Read(config).History,
            Has.Length.EqualTo(1).And.All.Match($"^after episode [34]: {Change}$"));
        Assert.That(TinyRun.CliError(0, "train", "--resume", Folder["run"], "--episodes", "8"), Is.Empty);
        Assert.That(RunConfig.Read(config).History, Has.Length.EqualTo(1));
    }

    [Test]
    public void An_accepted_config_stays_so_until_the_next_checkpoint()
    {
        TrainPartly(3);
        string config = Folder["run/config.yaml"];
        File.WriteAllText(config, File.ReadAllText(config).Replace("tau: 0.01\n", "tau: 0.5\n"));
        TrainingRun.Resume(Folder["run"], accept: true, warn: static _ => { }).Dispose();
        TrainingRun.Resume(Folder["run"], warn: Assert.Fail).Dispose();
        Assert.That(RunConfig.Read(config).History, Has.Length.EqualTo(1));
    }

    [Test]
    [Platform("Linux")]
    public void A_folder_that_vanishes_is_an_error_and_the_run_is_saved_beside_it([Values(1, 3, 7)] int episode)
    {
        using (TrainingRun run = TinyRun.Begin(Folder["run"], Episodes))
        {
            string message = Assert.Throws<UserException>(() => run.Train(progress: p =>
            {
                if (p.EpisodesEnded == episode) Directory.Move(Folder["run"], Folder["gone"]);
            }))!.Message;
            Assert.That(message, Is.EqualTo($"{Folder["run"]} vanished while it was trained; the run, after episode "
                + $"{Math.Min(episode + 1, 7)}, was saved as {Folder["run-rescued"]}: resume it there"));
        }
        Assert.That(Directory.Exists(Folder["run"]), Is.False);
        TinyRun.Resume(Folder["run-rescued"]);
        Assert.That(TinyRun.Metrics(Folder["run-rescued"]), Is.EqualTo(_straight));
        Assert.That(RunConfig.Read(Folder["run-rescued/config.yaml"]).Files, Is.Not.Empty);
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
        Assert.That(rows[0], Is.EqualTo("episode,learner,seconds,updates,simulator_seconds,rollouts_seconds,"
            + "updates_seconds,fit_seconds,planning_seconds,tests_seconds"));
        Assert.That(rows.Select(row => row.Split(',').Length), Is.All.EqualTo(10));
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
        Assert.That(RunConfig.Read(Folder["run/config.yaml"]).History,
            Has.Length.EqualTo(1).And.All.Match("^after episode [12]: MuJoCo was 0."));
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
