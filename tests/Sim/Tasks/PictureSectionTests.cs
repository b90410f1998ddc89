using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>The section `picture` of a task file, and its defaults.</summary>
internal sealed class PictureSectionTests : MujocoFixture
{
    [Test]
    public void Targets_and_path_come_from_the_observation()
    {
        using ControlTask task = ControlTask.Load("reacher"), peg = ControlTask.Load("peg"),
            cartpole = ControlTask.Load("cartpole");
        PictureDefinition picture = task.Definition.Picture;
        KinematicTree tree = task.Model.KinematicTree;
        TreeSite tip = tree.Sites[tree.FindSite("tip")];
        Assert.That(picture.Camera, Is.Null);
        Assert.That(picture.Targets, Is.EqualTo(new[] { Place.Constant(0, 2) }), "once, though two entries name it");
        Assert.That(picture.Path, Is.EqualTo(new[] { Place.On(tip.Body, tip.Position) }));
        Assert.That(peg.Definition.Picture.Targets, Is.EqualTo(new[] { Place.Constant(0, 2), Place.Constant(2, 2) }),
            "two goals");
        Assert.That(cartpole.Definition.Picture.Targets, Is.Empty);
    }

    [TestCase("picture: {camera: top, path: [hand, tip]}", "top", 2)]
    [TestCase("picture: {path: hand}", null, 1)]
    [TestCase("picture: {path: []}", null, 0)]
    [TestCase("picture: {camera: top}", "top", 1)]
    public void Section_says_what_is_shown(string section, string? camera, int paths)
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(scratch.Changed("reacher", "measures:", $"{section}\nmeasures:"));
        Assert.That((task.Definition.Picture.Camera, task.Definition.Picture.Path.Length), Is.EqualTo((camera, paths)));
    }

    [TestCase("camera: tap", "10: the model has no camera 'tap'; did you mean 'top'?")]
    [TestCase("path: [hand, tipp]",
        "15: neither the model nor 'constants' has a site, body, geom, camera or constant 'tipp'; did you mean 'tip'?")]
    [TestCase("path: target", "8: 'target' is a constant, which does not move; 'path' expects sites and bodies")]
    [TestCase("path: {a: 1}", "8: 'path' expects a text, not a mapping")]
    [TestCase("paths: tip", "2: unknown key 'paths' in 'picture'; did you mean 'path'?")]
    public void Mistake_is_reported_where_it_is(string line, string message)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("reacher", "measures:", $"picture:\n {line}\nmeasures:");
        TaskFormatException error = Assert.Throws<TaskFormatException>(() => ControlTask.Load(path))!;
        int at = ScratchFolder.LineOf("reacher.yaml", "measures:") + 1;
        Assert.That(error.Message, Does.StartWith($"{path}:{at}:{message}"));
    }
}
