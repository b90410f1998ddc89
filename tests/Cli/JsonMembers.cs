namespace Naf.Tests;

/// <summary>Members of a command's output with --json.</summary>
internal static class JsonMembers
{
    public static double Number(this JsonElement json, string name) => json.GetProperty(name).GetDouble();

    public static string? Text(this JsonElement json, string name) => json.GetProperty(name).GetString();

    public static int Count(this JsonElement json, string name) => json.GetProperty(name).GetArrayLength();
}
