using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>docs/tasks.md, and the files of its walk-through.</summary>
internal static class TaskDocument
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tasks.md"));

    /// <summary>The example's original model, without the site.</summary>
    public static string FoundModel => Blocks("xml")[0];

    /// <summary>That model with the line that the walk-through adds.</summary>
    public static string Model => FoundModel.Replace(Blocks("xml")[1].Split('\n')[0] + '\n', Blocks("xml")[1]);

    public static string FirstTask => Blocks("yaml")[0];

    public static string Task => Blocks("yaml")[1];

    /// <summary>Commands that start with given words, each with its output, in the order of the text.</summary>
    public static string[] Commands(string start) =>
        [.. Blocks("").Where(text => text.StartsWith($"$ {start}", StringComparison.Ordinal))];

    public static string Example(string file) => Path.Combine(Repository.Root, "docs", "examples", "acrobot", file);

    // the fenced blocks of a language, in the order of the text
    private static string[] Blocks(string language) =>
    [
        .. Regex.Matches(Text, "^```(?<language>[a-z]*)\n(?<text>.*?)^```$",
            RegexOptions.Multiline | RegexOptions.Singleline)
            .Where(block => block.Groups["language"].Value == language).Select(block => block.Groups["text"].Value),
    ];
}
