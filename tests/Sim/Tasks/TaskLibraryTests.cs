using Naf.Kernels;
using Naf.Sim;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>The built-in tasks are what their cards say.</summary>
public sealed class TaskLibraryTests : MujocoFixture
{
    private static readonly string[] ArmNames =
        ["j1.sin", "j1.cos", "j2.sin", "j2.cos", "j3.sin", "j3.cos", "j1.velocity", "j2.velocity", "j3.velocity"];

    [Test]
    public void Library_lists_names_and_descriptions()
    {
        Assert.That(TaskLibrary.Names, Is.SupersetOf(new[] { "cartpole", "peg", "reacher", "reacher-single" }));
        foreach (TaskFile file in TaskLibrary.Files)
            Assert.Multiple(() =>
            {
                Assert.That(Path.GetFileNameWithoutExtension(file.Path), Is.EqualTo(file.Name));
                Assert.That(file.Description, Is.Not.Empty);
            });
    }

    [TestCase("cartpole", 5, 1, 0.03)]
    [TestCase("reacher", 13, 3, 0.02)]
    [TestCase("reacher-single", 13, 3, 0.02)]
    [TestCase("peg", 13, 3, 0.02)]
    public void Sizes_are_those_of_the_cards(string name, int observations, int actions, double step)
    {
        using ControlTask task = ControlTask.Load(name);
        Assert.Multiple(() =>
        {
            Assert.That(task.Name, Is.EqualTo(name));
            Assert.That(task.ObservationSize, Is.EqualTo(observations));
            Assert.That(task.ActionSize, Is.EqualTo(actions));
            Assert.That(task.Horizon, Is.EqualTo(150));
            Assert.That(task.ControlStep, Is.EqualTo(step).Within(1e-15));
            Assert.That(task.InputScale.Length, Is.EqualTo(observations));
            Assert.That(task.ObservationNames, Has.Count.EqualTo(observations));
            Assert.That(task.Reward.Bounds, Is.Empty);
            Assert.That(task.Definition.Success, Is.Not.Empty);
            Assert.That(task.Training.Values["tau"], Is.EqualTo("0.01"));
            Assert.That(task.Training.Where("tau"), Does.StartWith($"{name}.yaml line "));
        });
    }

    [Test]
    public void Lists_among_the_training_settings_are_handed_on_as_text()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(scratch.Changed("reacher", "tau: 0.01", "hidden: [20, 31]\n  gamma: 0.9"));
        Assert.That(task.Training.Values["hidden"], Is.EqualTo("[20, 31]"));
        Assert.That(task.Training.Values.Keys, Is.EqualTo(new[] { "hidden", "gamma", "reward_scale", "noise_scale" }));
    }

    [Test]
    public void Names_may_have_dots_dashes_and_underscores()
    {
        using var scratch = new ScratchFolder();
        Assert.That(TaskFile.Read(scratch.Changed("reacher", "name: reacher", "name: My_reacher-2.1")).Name, Is.EqualTo("My_reacher-2.1"));
    }

    [Test]
    public void Observations_have_the_names_and_scales_of_the_cards()
    {
        using ControlTask cartpole = ControlTask.Load("cartpole"), reacher = ControlTask.Load("reacher"), peg = ControlTask.Load("peg");
        Assert.Multiple(() =>
        {
            Assert.That(cartpole.ObservationNames, Is.EqualTo(new[] { "slider", "hinge.sin", "hinge.cos", "slider.velocity", "hinge.velocity" }));
            Assert.That(reacher.ObservationNames, Is.EqualTo((string[])[.. ArmNames, "target.x", "target.y", "error.x", "error.y"]));
            Assert.That(peg.ObservationNames, Is.EqualTo((string[])[.. ArmNames, "tip_error.x", "tip_error.y", "base_error.x", "base_error.y"]));
            Assert.That(cartpole.InputScale.ToArray(), Is.All.EqualTo(1f));
            Assert.That(reacher.InputScale.ToArray(), Is.EqualTo(new[] { 1f, 1, 1, 1, 1, 1, 0.3f, 0.3f, 0.3f, 1, 1, 1, 1 }));
        });
    }

    [Test]
    public void Arms_have_the_masses_of_the_cards()
    {
        // a capsule of density ρ: ρ (π r² l + 4/3 π r³)
        static double Capsule(double length) => 1000 * (Math.PI * 4e-4 * length + 4.0 / 3 * Math.PI * 8e-6);
        double[] masses = [Capsule(0.35), Capsule(0.30), Capsule(0.25), Capsule(0.40)];
        Assert.That(masses, Is.EqualTo(new[] { 0.4733, 0.4105, 0.3477, 0.5362 }).Within(5e-5));
        using ControlTask reacher = ControlTask.Load("reacher"), peg = ControlTask.Load("peg");
        KinematicTree arm = reacher.Model.KinematicTree, pegArm = peg.Model.KinematicTree;
        Assert.Multiple(() =>
        {
            Assert.That(arm.Bodies.Select(b => b.Position.X), Is.EqualTo(new[] { 0, 0, 0.35, 0.30 }).Within(1e-15));
            Assert.That(arm.Sites[arm.FindSite("tip")].Position.X, Is.EqualTo(0.25));
            Assert.That(pegArm.Bodies.Select(b => b.Position.X), Is.EqualTo(new[] { 0, 0, 0.40, 0.35 }).Within(1e-15));
        });
    }
}
