using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Tests;

internal sealed class EvaluationTests : FolderFixture
{
    [Test]
    public void Mean_and_deviation_of_known_scores()
    {
        EvaluationResult r = Evaluator.Summarise([2, 4, 4, 4, 5, 5, 7, 9], successes: 2);
        Assert.That(r.Mean, Is.EqualTo(5));
        Assert.That(r.StandardDeviation, Is.EqualTo(Math.Sqrt(32.0 / 7)).Within(1e-15));
        Assert.That((r.Episodes, r.SuccessRate), Is.EqualTo((8, (double?)0.25)));
        Assert.That(Evaluator.Summarise([3], 1), Is.EqualTo(new EvaluationResult(3, 0, 1, 1)));
        Assert.That(Evaluator.Summarise([0.1, 0.1, 0.1], null).StandardDeviation, Is.Zero);
    }

    [Test]
    public void Median_of_what_is_there()
    {
        Assert.That(TrainingResult.Median([3, null, 1, 2]), Is.EqualTo(2));
        Assert.That(TrainingResult.Median([4, 1, 2, 3]), Is.EqualTo(2.5));
        Assert.That(TrainingResult.Median([null]), Is.Null);
    }

    [Test]
    public void The_random_policy_does_not_depend_on_threads()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        EvaluationResult one = PolicyEvaluation.Of(
            PolicyEvaluation.RandomPolicy(3), task, seed: 3, episodes: 7, threads: 1);
        Assert.That(one.SuccessRate, Is.Zero);
        EvaluationResult three = PolicyEvaluation.Of(PolicyEvaluation.RandomPolicy(3), task, 3, 7, threads: 3);
        Assert.That(three with { Measures = one.Measures }, Is.EqualTo(one));
        Assert.That(three.Measures, Is.EqualTo(one.Measures));
        EvaluationResult other = PolicyEvaluation.Of(PolicyEvaluation.RandomPolicy(4), task, 4, 7, threads: 1);
        Assert.That(other with { Measures = one.Measures }, Is.Not.EqualTo(one));
        Assert.That(other.Measures, Is.Not.EqualTo(one.Measures));
    }

    [Test]
    public void Measures_are_means_over_the_episodes_that_measured_them()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        EvaluationResult r = Evaluator.Summarise(
            [new(1, true, [0.5], 0), new(2, false, [double.NaN], 0), new(3, false, [0.7], 0)], task,
            UnstableSimulation.Fail);
        Assert.That((r.Mean, r.SuccessRate), Is.EqualTo((2.0, (double?)(1 / 3.0))));
        Assert.That(r.Measures, Is.EqualTo(new[] { ("upright", 0.6, 2) }));
        Assert.That(
            Evaluator.Summarise([new(1, true, [double.NaN], 0)], task, UnstableSimulation.Fail).Measures,
            Is.EqualTo(new[] { ("upright", double.NaN, 0) }));
    }

    [Test]
    public void Measures_are_printed_as_they_are_at_the_end_of_each_episode()
    {
        // a pole that hangs still has the cosine -1
        JsonElement json = TinyRun.CliJson("evaluate", "cartpole", "--policy", "zero", "--episodes", "3", "--json");
        Assert.That(json.GetProperty("measures").Number("upright"), Is.EqualTo(-1).Within(1e-3));
    }

    [TestCase("cpu")]
    [TestCase("emulated")]
    [TestCase("cpu", "twin_values=true")]
    [TestCase("emulated", "twin_values=true")]
    public void Values_of_a_run_stand_beside_the_return_that_followed(string device, params string[] networks)
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 2, networks);
        string file = Folder["values.csv"];
        JsonElement json = TinyRun.CliJson("evaluate", Folder["run"], "--values", file, "--device", device, "--json");
        Assert.That(json.Number("mean"), Is.EqualTo(trained.Learners[0].FinalTestScore!.Value).Within(1e-3));
        Dictionary<string, double>[] rows =
            [.. TinyRun.Table(file).Select(row => row.ToDictionary(c => c.Key, c => double.Parse(c.Value)))];
        Assert.That(rows, Has.Length.EqualTo(json.GetProperty("values").Number("steps")));
        for (int i = 0; i < rows.Length; i++)
        {
            // Q = V + A; no action has a higher value than the greedy one
            Dictionary<string, double> row = rows[i];
            Assert.That(row["q"], Is.EqualTo(row["v"] + row["advantage"]).Within(1e-5));
            Assert.That(row["advantage"], Is.Zero.Within(1e-5), $"step {i}");
            Assert.That(row["random_advantage"], Is.LessThanOrEqualTo(0));
            bool last = i + 1 == rows.Length || rows[i + 1]["step"] == 0;
            double following = last ? 0 : rows[i + 1]["return"];
            Assert.That(row["return"], Is.EqualTo(row["reward"] + 0.99 * following).Within(1e-9));
        }
        Assert.That(TinyRun.Cli("evaluate", "cartpole", "--values", file).Error, Does.Contain("name a run"));
        string metrics = Path.Combine(Folder["run"], "metrics.csv");
        byte[] before = File.ReadAllBytes(metrics);
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--values", metrics).Error,
            Does.Contain("name another file"));
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--values", Folder["v.txt"]).Error, Does.Contain(".csv"));
        Assert.That(
            TinyRun.Cli("evaluate", Folder["run"], "--values", Folder["t.csv"], "--trajectory", Folder["t.csv"]).Error,
            Does.Contain("two files"));
        Assert.That(File.ReadAllBytes(metrics), Is.EqualTo(before));
    }

    [TestCase("shared_trunk=false", "normalisation=batch")]
    [TestCase("shared_trunk=true", "normalisation=layer")]
    [TestCase("twin_values=true", "normalisation=batch")]
    public void A_runs_policy_scores_as_its_last_test(params string[] networks)
    {
        TrainingResult trained = TinyRun.Train(Folder["run"], 2, ["learners=2", .. networks]);
        for (int k = 0; k < 2; k++)
        {
            var json = TinyRun.CliJson("evaluate", Folder["run"], "--learner", $"{k}", "--json");
            Assert.That(json.Number("mean"), Is.EqualTo(trained.Learners[k].FinalTestScore));
            Assert.That(json.Number("episodes"), Is.EqualTo(2));
        }
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--learner", "2").Error,
            Does.Contain("--learner 2: the run has 2 learners: 0 to 1"));
    }

    [Test]
    public void A_checkpoint_names_both_values_and_their_targets()
    {
        TinyRun.Train(Folder["run"], 1, "twin_values=true");
        using CheckpointReader checkpoint =
            RunFolder.CheckpointsOf(Folder["run"]).Open(previous: false)!.Value.Checkpoint;
        float[][] weights =
        [
            .. from array in new[] { "parameters", "target" }
               from network in new[] { "value", "value2" }
               select checkpoint.Scope.Values<float>($"learner.0.{array}.{network}.1.weights", []),
        ];
        Assert.That(weights.Select(w => w.Length), Is.All.EqualTo(9 * 16));
        Assert.That(weights.Distinct(EqualityComparer<float[]>.Create((a, b) => a.AsSpan().SequenceEqual(b), _ => 0)),
            Has.Exactly(4).Items);
    }

    [Test]
    public void A_damaged_checkpoint_makes_room_for_the_one_before_it()
    {
        TinyRun.Train(Folder["run"], 4);
        IReadOnlyList<string> files = RunFolder.CheckpointsOf(Folder["run"]).Files;
        File.WriteAllText(files[0], "damaged");
        Assert.That(TinyRun.CliError(0, "evaluate", Folder["run"]),
            Does.Contain($"the checkpoint {files[0]} can't be used: it is not a checkpoint of naf"));

        File.WriteAllText(files[1], "damaged");
        Assert.That(TinyRun.CliError(1, "evaluate", Folder["run"]),
            Does.Contain("no checkpoint of the run can be used: it is not a checkpoint of naf"));

        foreach (string file in files) File.Delete(file);
        Assert.That(TinyRun.Cli("evaluate", Folder["run"]).Error,
            Does.Contain($"there is no checkpoint in {Folder["run/checkpoint"]}; bring it back if it was lost"));
        Assert.That(TinyRun.Cli("evaluate", Folder["run"], "--learner", "3").Error,
            Does.Contain("--learner 3: the run has 1 learner: 0"));
    }

    [Test]
    public void A_task_without_a_measure_of_success_has_no_success_rate()
    {
        string[] command = ["evaluate", "cheetah", "--episodes", "1"];
        Assert.That(TinyRun.CliJson([.. command, "--json"]).GetProperty("success_rate").ValueKind,
            Is.EqualTo(JsonValueKind.Null));
        Assert.That(TinyRun.Cli(command).Out, Does.Contain("episodes 1, no measure of success"));
    }

    [Test]
    public void The_best_test_is_a_finite_one()
    {
        var tests = new TestScores();
        Assert.That(tests.Add(0, double.NaN), Is.False);
        Assert.That((tests.Best, tests.Last), Is.EqualTo(((double?)null, (double?)null)));
        Assert.That(tests.Add(1, -3), Is.True);
        Assert.That(tests.Add(2, double.PositiveInfinity), Is.False);
        Assert.That(tests.Add(3, -3), Is.False, "the first of equal ones");
        tests.Add(4, double.NaN);
        Assert.That((tests.Best, tests.BestEpisode, tests.Last), Is.EqualTo(((double?)-3, 1, (double?)null)));
    }
}
