using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>Training by DDPG: runs, imagination, planned episodes, checkpoints, evaluation.</summary>
internal sealed class DdpgTrainingTests : FolderFixture
{
    private static readonly string[] Imagines =
    [
        "imagination=fitted", "refit_episodes=2", "imagined_steps=3", "imagined_starts=16", "imagined_updates=1",
        "prior_episodes=4",
    ];

    [Test]
    public void A_run_resumes_bitwise([Values("", "fitted", "plan=ilqg plan_fraction=0.5")] string kind)
    {
        string[] settings = [.. With(kind)];
        TinyRun.Train(Folder["straight"], 5, settings);
        TinyRun.TrainPartly(Folder["run"], 5, 3, settings);
        TinyRun.Resume(Folder["run"]);
        Assert.That(TinyRun.Metrics(Folder["run"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        Assert.That(TinyRun.Rows(Folder["run"]).Any(r => long.Parse(r["imagined"]) > 0), Is.EqualTo(kind == "fitted"));
    }

    [Test]
    public void Learners_are_what_they_are_alone_on_any_number_of_threads([Values("", "fitted")] string kind)
    {
        TinyRun.Train(Folder["all"], 4, [.. With(kind), "learners=2", "seed=5", "threads=2"]);
        Dictionary<string, string>[] all = TinyRun.Rows(Folder["all"]);
        for (int k = 0; k < 2; k++)
        {
            TinyRun.Train(Folder[$"one{k}"], 4, [.. With(kind), $"seed={5 + k}"]);
            Dictionary<string, string>[] alone = TinyRun.Rows(Folder[$"one{k}"]);
            foreach (Dictionary<string, string> row in alone) row["learner"] = $"{k}";
            Assert.That(all.Where(row => row["learner"] == $"{k}"), Is.EqualTo(alone), $"learner {k}");
        }
    }

    [Test]
    public void A_runs_policy_scores_as_its_last_test_and_its_values_are_those_of_the_critic(
        [Values("cpu", GpuDevices.Emulated)] string device)
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 2, "algorithm=ddpg");
        string file = Folder["values.csv"];
        JsonElement json = TinyRun.CliJson("evaluate", Folder["run"], "--values", file, "--device", device, "--json");
        Assert.That(json.Number("mean"), Is.EqualTo(trained.Learners[0].FinalTestScore!.Value).Within(1e-3));
        foreach (Dictionary<string, string> row in TinyRun.Table(file))
        {
            double q = double.Parse(row["q"]), v = double.Parse(row["v"]), advantage = double.Parse(row["advantage"]);
            // the action taken is the greedy one
            Assert.That(q, Is.EqualTo(v).Within(1e-5));
            Assert.That(advantage, Is.EqualTo(q - v).Within(1e-5));
            Assert.That(double.Parse(row["random_advantage"]), Is.Not.Zero);
        }
    }

    [Test]
    public void It_trains_on_a_device_as_on_the_processor()
    {
        TinyRun.Train(Folder["cpu"], 1, "algorithm=ddpg");
        TinyRun.Train(Folder["device"], 1, "algorithm=ddpg", $"device={GpuDevices.Emulated}");
        double[] losses = [.. new[] { "cpu", "device" }
            .Select(name => double.Parse(TinyRun.Rows(Folder[name])[1]["loss"]))];
        Assert.That(losses[1], Is.EqualTo(losses[0]).Within(Tolerances.LossOfEpisode * losses[0]));
    }

    [TestCase("hidden=[20]", "give at least two sizes")]
    [TestCase("shared_trunk=true", "leave it out with algorithm=ddpg")]
    [TestCase("normalisation=layer", "leave it out with algorithm=ddpg")]
    public void What_goes_only_with_NAF_is_refused(string setting, string message) => Assert.That(
        TinyRun.Cli(TinyRun.Arguments(Folder["run"], 1, "--algorithm", "ddpg", "--set", setting)).Error,
        Does.Contain(message));

    [TestCase("naf", "actor_learning_rate=0.01", "actor_learning_rate does nothing without --algorithm ddpg")]
    [TestCase("ddpg", "log_diagonal_bound=3", "log_diagonal_bound does nothing without --algorithm naf")]
    public void A_setting_of_the_other_algorithm_is_warned_of(string algorithm, string setting, string warning)
    {
        string[] arguments = ["--set", "updates_per_step=0", "--algorithm", algorithm];
        Assert.That(TinyRun.Cli(TinyRun.Arguments(Folder["run"], 1, [.. arguments, "--set", setting])).Error,
            Does.Contain(warning));
        Assert.That(TinyRun.Cli(TinyRun.Arguments(Folder["other"], 1, arguments)).Error, Is.Empty);
    }

    [Test]
    public void It_learns_a_tiny_task()
    {
        // a cart that is pushed to the middle in a few episodes
        TrainingResult trained = TinyRun.Train(
            Folder["run"], 24, "algorithm=ddpg", "hidden=[48, 48]", "batch_size=64", "updates_per_step=3",
            "actor_learning_rate=0.001", "reward_scale=10", "test_every=12", "seed=1");
        double[] scores = [.. TinyRun.Rows(Folder["run"]).Where(r => r["test_score"].Length > 0)
            .Select(r => double.Parse(r["test_score"]))];
        Assert.That(trained.BestTestScore, Is.GreaterThan(0.8 * scores[0]), "a score is negative");
    }

    private static IEnumerable<string> With(string kind) =>
        ["algorithm=ddpg", .. kind == "fitted" ? Imagines : kind.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
