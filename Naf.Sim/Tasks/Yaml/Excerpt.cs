namespace Naf.Sim.Tasks.Yaml;

/// <summary>Text of a file or a program in a message.</summary>
internal static class Excerpt
{
    /// <summary>Its beginning, without what would change a terminal or break the line.</summary>
    /// <param name="most">Characters that are shown.</param>
    public static string Of(string text, int most = 40)
    {
        string shown = text.Length <= most ? text : text[..most] + "…";
        return string.Concat(shown.ReplaceLineEndings(" ").Select(
            c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
