using Naf.Host.Agents;
using Naf.Host.Policies;
using Naf.Host.Training;
using Naf.Sim.Control;
using Naf.Torch;
using static TorchSharp.torch;

namespace Naf.Tests;

/// <summary>An exported policy and its Q are those of the run, in every format.</summary>
internal sealed class ExportTests : FolderFixture
{
    private const int Samples = 33;

    [OneTimeSetUp]
    public void Load() => TorchNatives.Load();

    [TestCase("algorithm=naf")]
    [TestCase("shared_trunk=true")]
    [TestCase("shared_trunk=true", "normalisation=layer")]
    [TestCase("twin_values=true", "normalisation=batch")]
    [TestCase("algorithm=ddpg")]
    [TestCase("algorithm=ddpg", "normalisation=layer", "hidden=[17, 3, 5]")]
    public void Actions_and_Q_are_the_runs_own(params string[] settings)
    {
        using var task = new ScratchFolder();
        task.Copy("reacher-single");
        task.ChangeModel("reacher", "<motor name=\"j2\"", "<motor name=\"j2\" ctrlrange=\"-2 6\"");
        Train(task["reacher-single.yaml"],
            ["hidden=[31, 17]", "reward_scale=7", "log_diagonal_bound=0.4", .. settings]);
        foreach (string format in (string[])["onnx", "safetensors", "csv"])
            TinyRun.CliJson("export", Folder["run"], "--out", Folder[$"p.{format}"], "--json");

        // the product's own
        using RunPolicy policy = RunPolicy.Open(Folder["run"]);
        (int observations, int actions) = (policy.ObservationSize, policy.ActionSize);
        var random = new Random(5);
        float[] x = Draw(observations, 3), u = Draw(actions, 1), mu = new float[Samples * actions];
        for (int i = 0; i < Samples; i++)
            policy.Act(x.AsSpan(i * observations, observations), mu.AsSpan(i * actions, actions));
        (float[] v, _, float[] q) = policy.Evaluate(x, u);

        Equal(ExportedFile.Run(Folder["p.onnx"], "action", Samples, ("observation", x)), mu);
        Equal(ExportedFile.Run(Folder["p.onnx"], "control", Samples, ("observation", x)),
            [.. mu.Select((action, i) => i % actions == 1 ? 2 + 4 * action : action)]);
        Equal(ExportedFile.Run(Folder["p.q.onnx"], "q", Samples, ("observation", x), ("action", u)),
            [.. q.Select(value => value / 7)]);

        (Dictionary<string, Tensor> tensors, _) = ExportedFile.Safetensors(Folder["p.safetensors"]);
        Tensor rows = tensor(x).reshape(Samples, observations), chosen = tensor(u).reshape(Samples, actions);
        Equal(ExportedFile.Network(tensors, "policy", rows).tanh().data<float>().ToArray(), mu);
        bool ddpg = settings[0] == "algorithm=ddpg";
        Equal(ExportedFile.Network(tensors, ddpg ? "critic" : "value", rows, ddpg ? chosen : null)
            .data<float>().ToArray(), ddpg ? q : v);

        (Dictionary<string, float[]> table, _) = ExportedFile.Csv(Folder["p.csv"]);
        Assert.That(table.Keys, Is.EquivalentTo(tensors.Keys));
        foreach ((string name, float[] values) in table)
            Assert.That(values, Is.EqualTo(tensors[name].data<float>().ToArray()), name);

        float[] Draw(int size, float most) =>
            [.. Enumerable.Range(0, Samples * size).Select(_ => most * (2 * random.NextSingle() - 1))];
    }

    [Test]
    public void Controls_are_limited_as_those_of_the_task()
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, "actions: {home: raised, range: [2, 8], rate_limit: 0.5}");
        Train(path, ["hidden=[8]"]);
        foreach (string format in (string[])["onnx", "csv"])
            Assert.That(TinyRun.CliError(0, "export", Folder["run"], "--out", Folder[$"p.{format}"]),
                Does.Contain("the task's rate_limit is not part of the policy"));
        using ControlTask task = ControlTask.Load(path);
        using RunPolicy policy = RunPolicy.Open(Folder["run"]);
        var random = new Random(5);
        float[] x = [.. Enumerable.Range(0, Samples * task.ObservationSize).Select(_ => 40 * random.NextSingle() - 20)];
        float[] controls = ExportedFile.Run(Folder["p.onnx"], "control", Samples, ("observation", x));
        for (int i = 0; i < Samples; i++)
        {
            float[] u = new float[2];
            double[] own = new double[2];
            policy.Act(x.AsSpan(i * task.ObservationSize, task.ObservationSize), u);
            task.ToControls([u[0], u[1]], own);
            Assert.That(controls[(2 * i)..(2 * i + 2)], Is.EqualTo(own).Within(1e-4));
        }
        Assert.That(controls.Where((_, i) => i % 2 == 1), Has.Some.EqualTo(0f).Or.Some.EqualTo(4f), "limited");
        (Dictionary<string, float[]> table, _) = ExportedFile.Csv(Folder["p.csv"]);
        Assert.That(table["control_low"], Is.EqualTo(new[] { -0.5f, 0 }));
        Assert.That(table["control_high"], Is.EqualTo(new[] { 1.5f, 4 }));
    }

    [Test]
    public void Metadata_says_what_the_policy_is_and_what_it_takes([Values("best", "last")] string which)
    {
        TrainingResult trained = Train("cartpole", ["learners=2", "seed=1", "updates_per_step=4", "episodes=6"]);
        LearnerSummary learner = trained.Learners[1];
        bool best = which == "best";
        Dictionary<string, string> expected = new()
        {
            ["task"] = "cartpole", ["algorithm"] = "naf", ["learner"] = "1", ["seed"] = "2", ["policy"] = which,
            ["after_episode"] = $"{(best ? learner.BestEpisode : 6)}",
            ["test_score"] = $"{(best ? learner.BestTestScore : learner.FinalTestScore):R}",
            ["control_step_seconds"] = "0.03",
            ["observation"] = """
                [{"name":"slider","unit":"m"},{"name":"hinge.sin","unit":"1"},{"name":"hinge.cos","unit":"1"},
                {"name":"slider.velocity","unit":"m/s"},{"name":"hinge.velocity","unit":"rad/s"}]
                """.ReplaceLineEndings(""),
            ["action"] = """[{"name":"push","low":-1,"high":1}]""",
            ["reward_scale"] = "1", ["log_diagonal_bound"] = "5",
            ["naf_version"] = TinyRun.Cli("--version").Out[4..].Trim(),
        };
        foreach (string format in (string[])["onnx", "safetensors", "csv"])
            TinyRun.CliJson("export", Folder["run"], "--out", Folder[$"p.{format}"], "--policy", which,
                "--learner", "1", "--json");
        Assert.That(ExportedFile.OnnxMetadata(Folder["p.onnx"]), Is.EquivalentTo(expected));
        Assert.That(ExportedFile.OnnxMetadata(Folder["p.q.onnx"]), Is.EquivalentTo(expected));
        Assert.That(ExportedFile.Csv(Folder["p.csv"]).Metadata, Is.EquivalentTo(expected));
        Assert.That(expected, Is.SubsetOf(ExportedFile.Safetensors(Folder["p.safetensors"]).Metadata));

        // the chosen policy, and no other
        using RunPolicy policy = RunPolicy.Open(Folder["run"], learner: 1, best: best);
        float[] x = [0.1f, -0.2f, 0.9f, 0.4f, 0.3f], u = new float[1];
        policy.Act(x, u);
        Equal(ExportedFile.Run(Folder["p.onnx"], "action", 1, ("observation", x)), u);
    }

    private TrainingResult Train(string task, string[] settings)
    {
        using TrainingRun run = TrainingRun.Begin(task, _ => TinyRun.Resolve(1, settings), Folder["run"]);
        return run.Train();
    }

    private static void Equal(float[] exported, float[] own)
    {
        Assert.That(exported, Has.Length.EqualTo(own.Length).And.All.Matches<float>(float.IsFinite));
        Assert.That(exported, Is.EqualTo(own).Within(Tolerances.PolicyAction));
    }
}
