using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Training;
using Naf.Kernels.Population;
using Naf.Sim.Control;
using Naf.Torch;
using TorchSharp;

namespace Naf.Tests;

/// <summary>The event files of runs, read by an implementation of its own.</summary>
internal sealed class TensorBoardTests : FolderFixture
{
    private const string On = "tensorboard=true", Eigen = "eigenvalues_of_P", Picture = "test_episode";

    private static readonly string[] Keys = ["episode", "learner", "seed"];

    [TestCase("123456789", 0xE3069283u)]
    [TestCase("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0x8A9136AAu)]
    public void The_reader_s_checksum_is_the_published_one(string text, uint crc) =>
        Assert.That(EventReader.Crc32C(Encoding.ASCII.GetBytes(text)), Is.EqualTo(crc));

    [Test]
    public void Scalars_are_the_numbers_of_the_metrics()
    {
        TinyRun.Train(Folder["run"], 5, On, "learners=2", "seed=3");
        Dictionary<string, string>[] rows = TinyRun.Rows(Folder["run"]);
        foreach (int seed in new[] { 3, 4 })
        {
            var expected = from row in rows where row["seed"] == $"{seed}" from cell in row
                where !Keys.Contains(cell.Key) && double.TryParse(cell.Value, out _)
                select (long.Parse(row["episode"]), cell.Key, (float)double.Parse(cell.Value));
            Assert.That(Scalars(Events("run", seed)), Is.EquivalentTo(expected).And.Not.Empty);
            Assert.That(Scalars(Events("run", seed)).Count(s => s.Tag == "test_score"), Is.EqualTo(4));
        }
    }

    [Test]
    public void The_settings_are_the_hyperparameters()
    {
        TinyRun.Train(Folder["run"], 1, On, "learners=2", "seed=3", "tau=0.02", "normalisation=layer");
        Dictionary<string, string> config = RunConfig.Read(RunFolder.ConfigOf(Folder["run"])).SettingsText
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(": "))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        config["task"] = "cartpole";
        WireMessage[] starts = [.. new[] { 3, 4 }.Select(seed => Plugin(seed, "_hparams_/session_start_info", 3))];
        foreach ((int k, WireMessage start) in starts.Index())
        {
            config["seed"] = $"{3 + k}";
            Assert.That(start.Messages(1).Select(e => KeyValuePair.Create(e.Text(1)!, Shown(e.Message(2)!))),
                Is.EquivalentTo(config));
        }
        Assert.That(starts[1].Text(4), Is.EqualTo(starts[0].Text(4)), "seeds are repetitions: one group");
        WireMessage experiment = Plugin(4, "_hparams_/experiment", 2);
        Assert.That(experiment.Messages(4).Select(p => p.Text(1)), Is.EquivalentTo(config.Keys));
        Assert.That(experiment.Messages(5).Select(m => m.Message(1)!.Text(2)), Is.EqualTo(new[] { "test_score" }));

        WireMessage Plugin(int seed, string tag, int field)
        {
            WireMessage data = Events("run", seed).Single(v => v.Tag == tag).Message.Message(9)!.Message(1)!;
            Assert.That(data.Text(1), Is.EqualTo("hparams"));
            return data.Message(2)!.Message(field)!;
        }

        // google.protobuf.Value: 2 a number, 3 a text, 4 true or false
        static string Shown(WireMessage value) => value.Double(2) is { } number ? number.ToString("R")
            : value.Text(3) ?? (value.Integer(4) == 1 ? "true" : "false");
    }

    [Test]
    public void Histograms_are_of_P_at_the_states_of_the_test()
    {
        TinyRun.Train(Folder["run"], 3, On);
        EventValue[] histograms = [.. Events("run", 0).Where(v => v.Tag == Eigen)];
        Assert.That(histograms.Select(v => v.Step), Is.EqualTo(new long[] { 0, 2, 3 }));

        // the last test again, by the networks of the checkpoint: a single action, where P = L²
        using ControlTask task = ControlTask.Load("cartpole");
        using RunPolicy policy = RunPolicy.Open(Folder["run"]);
        using var evaluation = new Evaluator(task);
        List<double> all = [];
        float[] u = [0], lower = [0];
        evaluation.Episode(
            (x, episode, step, action) =>
            {
                policy.Population.Act(0, 1, x, u, lower);
                all.Add((double)lower[0] * lower[0]);
                u.CopyTo(action);
            },
            TinyRun.Resolve(3).TestSeed, 0);
        double[] p = [.. all.Where((_, t) => t % 2 == 0)];
        Assert.That(all, Has.Count.EqualTo(150), "more than the 100 states at which P is evaluated");

        WireMessage last = histograms[^1].Message.Message(5)!;
        double[] limits = last.Doubles(6), counts = last.Doubles(7);
        Assert.That((last.Double(1), last.Double(2), last.Double(3)), Is.EqualTo((p.Min(), p.Max(), p.Length)));
        Assert.That(last.Double(4), Is.EqualTo(p.Sum()).Within(1e-12 * p.Sum()));
        Assert.That(last.Double(5), Is.EqualTo(p.Sum(v => v * v)).Within(1e-12 * p.Sum(v => v * v)));
        Assert.That(counts, Is.EqualTo(limits.Select((limit, i) =>
            p.Count(v => v <= limit && (i == 0 || v > limits[i - 1])))));
        Assert.That(counts.Sum(), Is.EqualTo(p.Length));
    }

    [Test]
    public void Eigenvalues_are_the_squared_singular_values_of_L()
    {
        using ControlTask task = ControlTask.Load("peg");
        using Device device = DeviceList.Select("cpu", 1);
        using LearnerPopulation learners = TrainingAgent.CreatePopulation(task, TinyRun.Resolve(1), device);
        int actions = task.ActionSize, states = 31;
        Assert.That(actions, Is.GreaterThan(2));
        var record = new TestRecord(learners, 0, drawn: false);
        float[] u = new float[actions], lower = new float[learners.Shape.Packed];
        List<double> expected = [];
        TorchNatives.Load();
        Policy policy = record.Recorded((x, _, _, _) =>
        {
            learners.Act(0, 1, x, u, lower);
            double[] l = new double[actions * actions];
            for (int i = 0, at = 0; i < actions; i++)
                for (int j = 0; j <= i; j++) l[i * actions + j] = lower[at++];
            using torch.Tensor singular = torch.linalg.svdvals(torch.tensor(l, [actions, actions]));
            expected.AddRange(singular.data<double>().ToArray().Select(s => s * s));
        });
        for (int t = 0; t < states; t++)
            policy([.. Enumerable.Range(0, task.ObservationSize).Select(i => MathF.Sin(t * 7 + i))], 0, t, u);
        double[] eigenvalues = [.. record.Eigenvalues()];
        Assert.That(eigenvalues, Has.Length.EqualTo(states * actions));
        Assert.That(eigenvalues.Order(), Is.EqualTo(expected.Order()).Within(1e-12 * expected.Max()));
    }

    [Test]
    public void A_resumed_run_shows_what_a_straight_one_does()
    {
        TinyRun.Train(Folder["straight"], 6, On);
        TinyRun.TrainPartly(Folder["parts"], 6, stopInEpisode: 5, On);
        TinyRun.Resume(Folder["parts"], previous: true);
        List<EventValue> straight = Shown("straight"), parts = Shown("parts");
        Assert.That(parts.Select(v => (v.Step, v.Tag)), Is.Unique.And.EqualTo(straight.Select(v => (v.Step, v.Tag))));
        Assert.That(Scalars(parts), Is.EqualTo(Scalars(straight)));
        foreach ((EventValue a, EventValue b) in straight.Zip(parts))
        {
            Assert.That(b.Message.Message(5)?.Doubles(7), Is.EqualTo(a.Message.Message(5)?.Doubles(7)));
            Assert.That(b.Message.Message(4)?.Bytes(4), Is.EqualTo(a.Message.Message(4)?.Bytes(4)));
        }
        Assert.That(EventReader.AllValues(Of("parts", 0)).Count(v => v.Tag == "train_score"), Is.GreaterThan(6),
            "episode 5 was trained twice, and the reader has to drop the first");

        List<EventValue> Shown(string run) => [.. Events(run, 0).Where(v => v.Tag[0] != '_')];
    }

    [Test]
    public void A_file_that_ends_anywhere_is_read_up_to_there()
    {
        TinyRun.Train(Folder["run"], 2, On);
        byte[] whole = File.ReadAllBytes(EventReader.Files(Of("run", 0)).Single());
        int all = EventReader.Read(whole).Count, before = all;
        for (int length = whole.Length - 1; length > 12; length -= 97)
        {
            int read = EventReader.Read(whole[..length]).Count;
            Assert.That(read, Is.InRange(0, before));
            before = read;
        }
        Assert.That((all, EventReader.Read(whole[..^1]).Count), Is.EqualTo((6, 5)),
            "version, start, settings and three episodes");
    }

    [Test]
    [Platform(Exclude = "Win", Reason = "as in SignalTests")]
    public void A_killed_run_leaves_readable_files_and_goes_on_in_a_new_one()
    {
        using (var child = new ChildProcess(TinyRun.Arguments(Folder["run"], 1_000_000, "--tensorboard")))
        {
            var metrics = new FileInfo(Folder["run/metrics.csv"]);
            child.WaitUntil(() =>
            {
                metrics.Refresh();
                return metrics.Exists && metrics.Length > 1000; // some seven rows
            });
            child.Kill();
            child.Wait();
        }
        string killed = EventReader.Files(Of("run", 0)).Single();
        File.AppendAllBytes(killed, File.ReadAllBytes(killed)[..20]); // half a record
        int ended = Events("run", 0).Count(v => v.Tag == "train_score");
        Assert.That(ended, Is.GreaterThan(2));
        TinyRun.Resume(Folder["run"], changes: $"episodes={ended + 4}");
        Assert.That(EventReader.Files(Of("run", 0)), Has.Length.EqualTo(2));
        Assert.That(Scalars(Events("run", 0)).Where(s => s.Tag == "train_score").Select(s => (s.Step, s.Value)),
            Is.EqualTo(TinyRun.Rows(Folder["run"]).Skip(1)
                .Select(row => (long.Parse(row["episode"]), (float)double.Parse(row["train_score"])))));
    }

    [Test]
    public void It_is_off_unless_asked_for_and_changes_nothing_that_is_learned()
    {
        TinyRun.Train(Folder["off"], 3);
        TinyRun.Train(Folder["on"], 3, On);
        Assert.That(Directory.Exists(Folder["off/tensorboard"]), Is.False);
        Assert.That(TinyRun.Metrics(Folder["on"]), Is.EqualTo(TinyRun.Metrics(Folder["off"])));
    }

    [Test]
    public void A_run_that_began_without_gets_its_earlier_scalars_when_it_is_resumed()
    {
        TinyRun.Train(Folder["run"], 3);
        TinyRun.Resume(Folder["run"], changes: On);
        TinyRun.Train(Folder["with"], 3, On);
        Assert.That(Scalars(Events("run", 0)), Is.EqualTo(Scalars(Events("with", 0))));
        TinyRun.Resume(Folder["run"], changes: "episodes=4");
        Assert.That(Scalars(Events("run", 0)).Where(s => s.Tag == "step").Select(s => s.Value),
            Is.EqualTo(new float[] { 0, 150, 300, 450, 600 }));
    }

    [Test]
    public void Only_naf_has_P()
    {
        TinyRun.Train(Folder["run"], 1, On, "algorithm=ddpg");
        Assert.That(Events("run", 0).Select(v => v.Tag), Does.Contain("test_score").And.Not.Contain(Eigen));
    }

    [Test]
    public void An_environment_in_code_has_scalars_and_no_pictures()
    {
        List<string> warnings = [];
        using var run = TrainingRun.Begin(new EnvironmentTask("beam-steering", () => new BeamSteering()),
            TinyRun.Resolve(1, On) with { Device = "cpu" }, Folder["run"]);
        run.Warn = warnings.Add;
        run.Train();
        Assert.That(warnings, Is.Empty);
        Assert.That(Events("run", 0).Select(v => v.Tag),
            Does.Contain("test_score").And.Contain(Eigen).And.Not.Contain(Picture));
    }

    [Test]
    [Needs(Need.Egl)]
    public void The_first_learner_has_a_picture_of_each_test()
    {
        TinyRun.Train(Folder["run"], 2, On, "learners=2");
        WireMessage[] pictures = [.. Events("run", 0).Where(v => v.Tag == Picture).Select(v => v.Message.Message(4)!)];
        Assert.That(pictures, Has.Length.EqualTo(2));
        foreach (WireMessage picture in pictures)
        {
            byte[] png = picture.Bytes(4)!;
            Assert.That((picture.Integer(1), picture.Integer(2), picture.Integer(3)), Is.EqualTo((240, 320, 3)));
            Assert.That(png[..8], Is.EqualTo(new byte[] { 0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10 }));
            Assert.That((png[18] << 8 | png[19], png[22] << 8 | png[23]), Is.EqualTo((320, 240)), "its header");
        }
        Assert.That(Events("run", 1).Select(v => v.Tag), Does.Not.Contain(Picture).And.Contain(Eigen));
    }

    [Test]
    public void Training_goes_on_where_events_cannot_be_written()
    {
        TinyRun.Train(Folder["run"], 1);
        File.WriteAllText(Folder["run/tensorboard"], "in the way");
        List<string> warnings = [];
        using var run = TrainingRun.Resume(
            Folder["run"], s => s with { Tensorboard = true, Episodes = 3 }, warn: warnings.Add);
        run.Warn = warnings.Add;
        Assert.That(run.Train().Finished, Is.True);
        Assert.That(TinyRun.Rows(Folder["run"]), Has.Length.EqualTo(4));
        Assert.That(warnings, Has.Count.EqualTo(1));
        Assert.That(warnings[0], Does.StartWith("the run goes on without events for TensorBoard: ")
            .And.EndsWith($"; put that right, delete {Folder["run/tensorboard"]}, and resume the run"));
        File.Delete(Folder["run/tensorboard"]);
        run.Dispose();
        TinyRun.Resume(Folder["run"], changes: "episodes=4");
        Assert.That(Scalars(Events("run", 0)).Count(s => s.Tag == "train_score"), Is.EqualTo(4));
    }

    [Test]
    public void The_option_is_the_setting()
    {
        TinyRun.CliJson(TinyRun.Arguments(Folder["run"], 1, "--tensorboard", "--json"));
        Assert.That(File.ReadAllText(Folder["run/config.yaml"]), Does.Contain("\n  tensorboard: true\n"));
        Assert.That(Events("run", 0).Select(v => v.Tag), Does.Contain("loss"));
    }

    private static List<(long Step, string Tag, float Value)> Scalars(IEnumerable<EventValue> values) =>
        [.. from v in values where v.Message.Float(2) is not null select (v.Step, v.Tag, v.Message.Float(2)!.Value)];

    private List<EventValue> Events(string run, int seed) => EventReader.Values(Of(run, seed));

    private string Of(string run, int seed) => Folder[$"{run}/tensorboard/seed-{seed}"];
}
