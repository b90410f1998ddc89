using Naf.Sim.Tasks.Yaml;
using YamlDotNet.RepresentationModel;

namespace Naf.Tests;

/// <summary>Input other than one YAML document is rejected with its position.</summary>
internal sealed class YamlSourceTests
{
    [TestCase("tau: [1\ngamma: 1\n", "not YAML: expected a closing ]")]
    [TestCase("hidden: [200, 200\ntau: 0.1", "not YAML: expected a closing ]")]
    [TestCase("tau: {a: 1\ngamma: 1\n", "not YAML")]
    [TestCase("tau: 'open", "not YAML")]
    [TestCase("tau: 1\ntau: 2\n", "not YAML")]
    [TestCase("tau: 1\n---\ntau: 2\n", "expected one YAML document")]
    public void Malformed_files_are_refused_at_their_place(string text, string words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Write("settings.yaml", text);
        Assert.That(() => YamlSource.Load(path), Throws.TypeOf<TaskFormatException>()
            .With.Message.Match($"^{path}:[1-9][0-9]*:").And.Message.Contains(words));
    }

    [Test]
    public void A_tab_is_found_where_it_is()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Write("settings.yaml", "name: t\nmodel:\n\tx: 1\n");
        Assert.That(() => YamlSource.Load(path), Throws.TypeOf<TaskFormatException>()
            .With.Message.EqualTo($"{path}:3:1: not YAML: a tab in the indentation; indent by spaces"));
    }

    [TestCase("")]
    [TestCase("# nothing but a comment\n\n")]
    public void Empty_files_have_no_root(string text)
    {
        using var scratch = new ScratchFolder();
        Assert.That(YamlSource.Load(scratch.Write("settings.yaml", text)), Is.Null);
    }

    [Test]
    public void Root_is_the_mapping()
    {
        using var scratch = new ScratchFolder();
        var root = (YamlMappingNode)YamlSource.Load(scratch.Write("settings.yaml", "tau: 1\nhidden: [2, 3]\n"))!;
        Assert.That(root.Children.Keys.Select(key => key.ToString()), Is.EqualTo(new[] { "tau", "hidden" }));
    }
}
