using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Naf.Sim.Tasks.Yaml;

/// <summary>An error in a YAML file of a task or of settings: line and column, from 1, and what was expected.</summary>
internal sealed class TaskFormatException(string file, long line, long column, string problem, Exception? cause = null)
    : Exception($"{file}:{line}:{column}: {problem}", cause);

/// <summary>Reads YAML files of tasks and of settings.</summary>
internal static class YamlSource
{
    /// <summary>The root node of a file with one YAML document; null if it has only space and comments.</summary>
    /// <exception cref="TaskFormatException">
    /// Not YAML, or several documents; the message starts with file:line:column.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static YamlNode? Load(string path)
    {
        string text = File.ReadAllText(path);
        var parser = new Parser(new StringReader(text));
        var stream = new YamlStream();
        try
        {
            stream.Load(parser);
        }
        catch (InvalidOperationException e)
        {
            // YamlDotNet's scanner throws this when a bracket or brace is still open at the next key
            Mark at = parser.Current?.Start ?? Mark.Empty;
            throw new TaskFormatException(path, at.Line, at.Column,
                "not YAML: expected a closing ] or } hereabouts", e);
        }
        catch (YamlException e)
        {
            // YamlDotNet names the beginning of the mapping
            (int line, string? tabbed) = text.Split('\n').Index()
                .FirstOrDefault(l => l.Item.TrimStart(' ').StartsWith('\t') && l.Item.Trim().Length > 0);
            if (tabbed is not null && e.Message.Contains("tab"))
                throw new TaskFormatException(path, line + 1, tabbed.IndexOf('\t') + 1,
                    "not YAML: a tab in the indentation; indent by spaces", e);
            throw new TaskFormatException(path, e.Start.Line, e.Start.Column,
                $"not YAML: {e.InnerException?.Message ?? e.Message}", e);
        }
        return stream.Documents.Count switch
        {
            0 => null,
            1 => stream.Documents[0].RootNode,
            int n => throw new TaskFormatException(path, 1, 1,
                $"expected one YAML document, a mapping of keys to values; found {n}"),
        };
    }
}
