using YamlDotNet.Core;
using YamlDotNet.Core.Events;
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
            stream.Load(new CheckedParser(parser, path));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // YamlDotNet throws the first when a bracket or brace is still open at the next key, the second when a
            // list's dash stands before a colon
            Mark at = parser.Current?.Start ?? Mark.Empty;
            throw new TaskFormatException(path, at.Line, at.Column, e is ArgumentException
                ? "not YAML: a list and a mapping are mixed hereabouts; check dashes, colons and indentation"
                : "not YAML: expected a closing ] or } hereabouts", e);
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

    /// <summary>
    /// Refuses what YamlDotNet can't represent: it reads nested collections and hashes keys by recursion, which
    /// overflows the stack, or doubles the work with each level of aliases.
    /// </summary>
    private sealed class CheckedParser(Parser parser, string path) : IParser
    {
        private const int Deepest = 100;

        private readonly Stack<(bool IsMapping, bool IsKeyNext)> _open = new();

        public ParsingEvent? Current => parser.Current;

        public bool MoveNext()
        {
            if (!parser.MoveNext()) return false;
            if (Current is MappingEnd or SequenceEnd) _open.Pop();
            if (Current is not (NodeEvent or AnchorAlias)) return true;
            if (_open.TryPop(out (bool IsMapping, bool IsKeyNext) within))
            {
                if (within.IsKeyNext && Current is not Scalar)
                    throw Error("a key expects a text, not a list, a mapping or an alias");
                _open.Push(within with { IsKeyNext = within.IsMapping && !within.IsKeyNext });
            }
            if (Current is Scalar or AnchorAlias) return true;
            if (_open.Count == Deepest) throw Error($"lists and mappings are nested more than {Deepest} deep");
            _open.Push((Current is MappingStart, Current is MappingStart));
            return true;
        }

        private TaskFormatException Error(string problem) =>
            new(path, Current!.Start.Line, Current.Start.Column, problem);
    }
}
