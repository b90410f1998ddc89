using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>What the commands say about the tasks of suites and the folder of their models.</summary>
internal sealed class SuiteCommandTests : MujocoFixture
{
    private string? _variable;

    [SetUp]
    public void WithoutVariable()
    {
        _variable = Environment.GetEnvironmentVariable(TaskSuite.Variable);
        Environment.SetEnvironmentVariable(TaskSuite.Variable, null);
    }

    [TearDown]
    public void RestoreVariable() => Environment.SetEnvironmentVariable(TaskSuite.Variable, _variable);

    [Test]
    public void The_list_has_them_when_asked()
    {
        Assert.That(TinyRun.Cli("tasks").Out, Does.Not.Contain("Hopper-v4").And.Contain("naf tasks --all lists"));
        Assert.That(TinyRun.Cli("tasks", "--all").Out, Does.Match("Hopper-v4 +Gymnasium +hopper.xml"));
        JsonElement json = TinyRun.CliJson("tasks", "--all", "--json").GetProperty("of_suites").EnumerateArray()
            .Single(task => task.Text("name") == "Hopper-v4");
        Assert.That((json.Text("suite"), json.Text("model")), Is.EqualTo(("Gymnasium", "hopper.xml")));
    }

    [Test]
    public void Models_that_are_missing_are_reported_with_what_is_needed()
    {
        Assert.That(TinyRun.CliError(1, "evaluate", "Hopper-v4"), Does.Contain(
            "Hopper-v4 needs the model hopper.xml of Gymnasium, which naf does not contain: name the folder that has "
            + "it by --models DIR or the environment variable NAF_MODELS"));
        Assert.That(TinyRun.CliError(1, "train", "Hopper-v4", "--models", Folder.Path), Does.Contain(
            $"{Folder.Path} has no models of Gymnasium, which Hopper-v4 needs: there is no half_cheetah.xml in it, nor "
            + "in its gymnasium/envs/mujoco/assets"));
        Environment.SetEnvironmentVariable(TaskSuite.Variable, Folder.Path);
        Assert.That(TinyRun.CliError(1, "tasks", "--check", "Hopper-v4"),
            Does.Contain($"NAF_MODELS, {Folder.Path}, has no models of Gymnasium"));
        File.WriteAllText(Folder["half_cheetah.xml"], "<mujoco/>");
        Assert.That(TinyRun.CliError(1, "tasks", "--check", "Hopper-v4", "--models", Folder.Path), Does.Contain(
            $"{Folder.Path} has no hopper.xml, which Hopper-v4 needs; take it from another release of Gymnasium"));
    }

    [TestCase("cartpole has a model of its own", "tasks", "--check", "cartpole")]
    [TestCase("cartpole has a model of its own", "train", "cartpole")]
    [TestCase("cartpole has a model of its own", "evaluate", "cartpole")]
    [TestCase("cartpole has a model of its own", "render", "cartpole", "--out", "a.png")]
    [TestCase("a list needs none", "tasks", "--all")]
    [TestCase("a run has a copy of its model", "train", "--resume", "runs/none")]
    [TestCase("an environment of --env has no model", "train", "--env", "true")]
    [TestCase("an environment of --env has no model", "evaluate", "--env", "true")]
    public void Models_that_have_no_effect_are_refused(string reason, params string[] command) => Assert.That(
        TinyRun.CliError(1, [.. command, "--models", "dir"]), Does.Contain("--models dir is for a task of Gymnasium or "
            + $"dm_control (naf tasks --all), and {reason}; leave it out"));

    [Test]
    public void The_library_refuses_models_for_a_task_that_has_its_own() => Assert.That(
        () => ControlTask.Load("cartpole", Folder.Path),
        Throws.ArgumentException.With.Message.StartsWith("cartpole has a model of its own; leave 'models' out"));

    [TestCase("hopper", "did you mean Hopper-v4")]
    [TestCase("hopper-v4", "did you mean 'Hopper-v4'?")]
    [TestCase("HalfChetah-v4", "did you mean 'HalfCheetah-v4'?")]
    public void A_name_that_is_nearly_right_is_answered_with_the_tasks(string name, string hint) =>
        Assert.That(TinyRun.CliError(1, "evaluate", name), Does.Contain(hint));

    [Test]
    public void A_run_needs_the_models_no_more()
    {
        string run = Folder["run"];
        TinyRun.CliJson(["train", "HalfCheetah-v4", "--models", SuiteTaskTests.StandIns,
            .. TinyRun.Arguments(run, 2).Skip(2), "--json"]);
        Assert.That(Directory.GetFiles(Path.Combine(run, "task")).Select(file => Path.GetFileName(file)),
            Is.EquivalentTo(new[] { "HalfCheetah-v4.yaml", "half_cheetah.xml" }));
        Assert.That(File.ReadAllText(Path.Combine(run, "config.yaml")), Does.Contain("task: \"HalfCheetah-v4\""));
        JsonElement json = TinyRun.CliJson("evaluate", run, "--episodes", "1", "--json");
        Assert.That(json.GetProperty("mean").ValueKind, Is.EqualTo(JsonValueKind.Number));
        Assert.That(TinyRun.CliError(1, "evaluate", run, "--models", "dir"), Does.Contain("a run has a copy"));
        Assert.That(TinyRun.CliJson("train", "--resume", run, "--episodes", "3", "--json").Number("episodes"),
            Is.EqualTo(3));
    }
}
