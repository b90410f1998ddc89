namespace Naf.Host;

/// <summary>One value given for one key, and where it was given.</summary>
/// <param name="Place">For messages, such as "my.yaml line 3" or "--set".</param>
public readonly record struct GivenValue(string Key, string Value, string Place);
