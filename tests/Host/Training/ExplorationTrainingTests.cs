using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>Runs whose noise shrinks or is shaped by P(x)⁻¹, or whose targets have several steps.</summary>
internal sealed class ExplorationTrainingTests : FolderFixture
{
    private const string Every = "n_step=3 noise_final=0.2 noise_decay_episodes=4 noise_precision_after=200";

    [TestCase("n_step=3")]
    [TestCase("noise_final=0.2 noise_decay_episodes=4")]
    [TestCase("noise_precision_after=200")]
    public void Each_setting_acts_and_a_resumed_run_is_that_of_a_straight_one(string settings)
    {
        string[] more = settings.Split(' ');
        TinyRun.Train(Folder["plain"], 5);
        TinyRun.Train(Folder["straight"], 5, more);
        TinyRun.TrainPartly(Folder["parts"], 5, 2, more);
        TinyRun.Resume(Folder["parts"]);
        Assert.That(TinyRun.Metrics(Folder["parts"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        Assert.That(TinyRun.Metrics(Folder["straight"]), Is.Not.EqualTo(TinyRun.Metrics(Folder["plain"])));
    }

    [Test]
    public void A_run_with_more_episodes_goes_on_as_it_was()
    {
        TinyRun.Train(Folder["straight"], 6, Every.Split(' '));
        TinyRun.Train(Folder["parts"], 2, Every.Split(' '));
        TinyRun.Resume(Folder["parts"], changes: "episodes=6");
        Assert.That(TinyRun.Metrics(Folder["parts"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
    }

    [Test]
    public void Learners_are_what_they_are_alone_on_a_task_of_several_actions()
    {
        Train("all", "learners=2", "seed=5", "threads=2");
        Dictionary<string, string>[] all = TinyRun.Rows(Folder["all"]);
        for (int k = 0; k < 2; k++)
        {
            Train($"one{k}", $"seed={5 + k}");
            Dictionary<string, string>[] alone = TinyRun.Rows(Folder[$"one{k}"]);
            foreach (Dictionary<string, string> row in alone) row["learner"] = $"{k}";
            Assert.That(all.Where(row => row["learner"] == $"{k}"), Is.EqualTo(alone), $"learner {k}");
        }

        void Train(string folder, params string[] more)
        {
            TrainingSettings settings = TinyRun.Resolve(3, [.. Every.Split(' '), .. more]);
            using TrainingRun run = TrainingRun.Begin("reacher", _ => settings, Folder[folder]);
            run.Train();
        }
    }
}
