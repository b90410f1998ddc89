using Naf.Host.Common;
using Naf.Sim.Tasks.Yaml;
using YamlDotNet.RepresentationModel;

namespace Naf.Host.Settings;

/// <summary>Reads settings from YAML: a flat mapping, or the <c>settings</c> section of a config.yaml.</summary>
internal static class SettingsFile
{
    /// <summary>The values of a file, each with its line.</summary>
    /// <exception cref="UserException">The file can't be read or is not such a mapping.</exception>
    public static IReadOnlyList<GivenValue> Read(string path)
    {
        if (Directory.Exists(path)) throw new UserException($"--config {path} is a folder; name the file");
        if (!File.Exists(path)) throw new UserException($"--config {path}: there is no such file");
        YamlMappingNode? root = ReadMapping(path);
        if (root is null) return [];
        return root.Children.TryGetValue(new YamlScalarNode("settings"), out YamlNode? section)
            ? Values(section as YamlMappingNode ?? throw Expected(path, section, "a mapping of settings"), path)
            : Values(root, path);
    }

    /// <summary>The top mapping of a YAML file; null when the file is empty.</summary>
    /// <exception cref="UserException">The file is not YAML, or its top is not a mapping.</exception>
    public static YamlMappingNode? ReadMapping(string path)
    {
        YamlNode? root;
        try
        {
            root = YamlSource.Load(path);
        }
        catch (TaskFormatException e)
        {
            throw new UserException($"{e.Message.TrimEnd('.')}; correct the YAML there", e);
        }
        if (root is null or YamlScalarNode { Value: "" or null }) return null;
        return root as YamlMappingNode ?? throw Expected(path, root, "KEY: VALUE lines");
    }

    /// <summary>A mapping's keys and values as text; a list is written [a, b].</summary>
    /// <exception cref="UserException">A value is itself a mapping.</exception>
    public static IReadOnlyList<GivenValue> Values(YamlMappingNode mapping, string path)
    {
        var values = new List<GivenValue>();
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            string text = value switch
            {
                YamlScalarNode scalar => scalar.Value ?? "",
                YamlSequenceNode list when list.All(n => n is YamlScalarNode) => $"[{string.Join(", ", list)}]",
                _ => throw Expected(path, value, $"a single value or a list for {key}"),
            };
            values.Add(new GivenValue(key.ToString(), text, $"{path} line {key.Start.Line}"));
        }
        return values;
    }

    private static UserException Expected(string path, YamlNode node, string what) =>
        new($"{path} line {node.Start.Line}: expected {what}");
}
