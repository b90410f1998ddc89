using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>docs/tasks.md, and the files of its walk-through.</summary>
internal static class TaskDocument
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tasks.md"));

    /// <summary>The example's model as it is found, without the site.</summary>
    public static string FoundModel => Blocks("xml")[0];

    /// <summary>That model with the line that the walk-through adds.</summary>
    public static string Model
    {
        get
        {
            string added = Blocks("xml")[1], before = added[..(added.IndexOf('\n') + 1)];
            return FoundModel.Replace(before, added);
        }
    }

    /// <summary>The first file that is tried.</summary>
    public static string FirstTask => Blocks("yaml")[0];

    /// <summary>The example's task.</summary>
    public static string Task => Blocks("yaml")[1];

    /// <summary>The commands that start with some words, each with what it prints, in the order of the text.</summary>
    public static string[] Commands(string start) => [.. Blocks("").Where(text => text.StartsWith($"$ {start}", StringComparison.Ordinal))];

    /// <summary>Path of a file of the example.</summary>
    public static string Example(string file) => Path.Combine(Repository.Root, "docs", "examples", "acrobot", file);

    // the fenced blocks of a language, in the order of the text
    private static string[] Blocks(string language) =>
    [
        .. Regex.Matches(Text, "^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)
            .Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value),
    ];
}
