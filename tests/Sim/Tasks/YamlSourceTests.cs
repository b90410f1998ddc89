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
    [TestCase(" - : reacher\ntau: 2\n", "not YAML: a list and a mapping are mixed")]
    [TestCase("tau: 1\n---\ntau: 2\n", "expected one YAML document")]
    public void Malformed_files_are_refused_at_their_place(string text, string words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Write("settings.yaml", text);
        Assert.That(() => YamlSource.Load(path), Throws.TypeOf<TaskFormatException>()
            .With.Message.Match($"^{path}:[1-9][0-9]*:").And.Message.Contains(words));
    }

    [TestCase("[", 100_000, "nested more than 100 deep")]
    [TestCase("{a: ", 100_000, "nested more than 100 deep")]
    [TestCase("- ", 100_000, "nested more than 100 deep")]
    [TestCase("? &a [*a]\n: 1", 1, "a key expects a text")]
    [TestCase("a: &a [1]\n? *a\n: 2", 1, "a key expects a text")]
    [TestCase("{a: 1}: 2", 1, "a key expects a text")]
    public void What_would_overflow_the_stack_is_refused(string text, int times, string words) =>
        Malformed_files_are_refused_at_their_place(string.Concat(Enumerable.Repeat(text, times)), words);

    [Test]
    public void Lists_and_aliases_are_read_to_a_depth_of_100()
    {
        using var scratch = new ScratchFolder();
        string text = $"a: &a [{new string('[', 98)}{new string(']', 98)}]\nb: *a\nc: {{d: [e, {{f: g}}], h: *a}}\n";
        Assert.That(YamlSource.Load(scratch.Write("settings.yaml", text)), Is.TypeOf<YamlMappingNode>());
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
