using Naf.Sim.Control;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>The built-in tasks match their cards.</summary>
internal sealed class TaskLibraryTests : MujocoFixture
{
    private static readonly string[] ArmNames =
        ["j1.sin", "j1.cos", "j2.sin", "j2.cos", "j3.sin", "j3.cos", "j1.velocity", "j2.velocity", "j3.velocity"];

    [Test]
    public void Library_lists_names_and_descriptions()
    {
        Assert.That(TaskLibrary.Names, Is.EqualTo(new[]
        {
            "ant", "canada2d", "cartpole", "cheetah", "gripper", "gripper-moving", "gripper-single", "peg", "reacher",
            "reacher-single", "swimmer6",
            "walker2d",
        }));
        foreach (TaskFile file in TaskLibrary.Files)
        {
            Assert.That(Path.GetFileNameWithoutExtension(file.Path), Is.EqualTo(file.Name));
            Assert.That(file.Description, Is.Not.Empty);
        }
    }

    [TestCaseSource(typeof(TaskLibrary), nameof(TaskLibrary.Names))]
    public void Observations_have_names_and_training_settings_say_where_they_stand(string name)
    {
        using ControlTask task = ControlTask.Load(name);
        Assert.That(task.ObservationNames, Has.Count.EqualTo(task.ObservationSize));
        Assert.That(task.Definition.Measures, Is.Not.Empty);
        Assert.That(task.Training.Of("naf").Single(setting => setting.Key == "tau").Where,
            Does.StartWith($"{name}.yaml line "));
    }

    [Test]
    public void Lists_among_the_training_settings_are_handed_on_as_text()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(
            scratch.Changed("reacher", "tau: 0.01", "hidden: [20, 31]\n  gamma: 0.9"));
        Assert.That(task.Training.Of("ddpg").First().Text, Is.EqualTo("[20, 31]"));
        string[] keys = ["hidden", "gamma", "reward_scale", "noise_scale", "noise_least"];
        Assert.That(task.Training.Of("ddpg").Select(setting => setting.Key), Is.EqualTo(keys));
    }

    [Test]
    public void Sections_of_the_training_settings_are_for_one_algorithm()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(scratch.Changed(
            "swimmer6", "tau: 0.01", "ddpg: {tau: 0.5}\n  naf: {twin_values: true}\n  tau: 0.2"));
        // those of the algorithm come last, so that they win
        string[] naf = ["tau", "reward_scale", "noise_scale", "noise_least", "twin_values"];
        Assert.That(task.Training.Of("naf").Select(setting => setting.Key), Is.EqualTo(naf));
        Assert.That(task.Training.Of("ddpg").Last().Text, Is.EqualTo("0.5"));
    }

    [TestCase("naf: 3", "expects a mapping")]
    [TestCase("naf: {seed: 3}", "'seed' belongs to a run")]
    [TestCase("naf: {ddpg: {tau: 1}}", "'ddpg' expects a text, not a mapping")]
    [TestCase("sac: {tau: 1}", "'sac' expects a text, not a mapping")]
    public void A_wrong_section_of_the_training_settings_is_refused(string line, string problem)
    {
        using var scratch = new ScratchFolder();
        Assert.That(() => ControlTask.Load(scratch.Changed("swimmer6", "tau: 0.01", line)),
            Throws.TypeOf<TaskFormatException>().With.Message.Contains(problem));
    }

    [Test]
    public void Names_may_have_dots_dashes_and_underscores()
    {
        using var scratch = new ScratchFolder();
        Assert.That(TaskFile.Read(scratch.Changed("reacher", "name: reacher", "name: My_reacher-2.1")).Name,
            Is.EqualTo("My_reacher-2.1"));
    }

    [Test]
    public void Observations_have_the_names_of_the_cards()
    {
        using ControlTask cartpole = ControlTask.Load("cartpole"), reacher = ControlTask.Load("reacher"),
            peg = ControlTask.Load("peg");
        Assert.That(cartpole.ObservationNames,
            Is.EqualTo(new[] { "slider", "hinge.sin", "hinge.cos", "slider.velocity", "hinge.velocity" }));
        Assert.That(reacher.ObservationNames, Is.EqualTo((string[])
            [.. ArmNames, "target.x", "target.y", "error.x", "error.y", "tip.velocity.x", "tip.velocity.y"]));
        Assert.That(peg.ObservationNames,
            Is.EqualTo((string[])[.. ArmNames, "tip_error.x", "tip_error.y", "base_error.x", "base_error.y"]));
    }
}
