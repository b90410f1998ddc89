namespace Naf.Sim.Tasks.Yaml;

/// <summary>A YAML file, a task's or of settings, says something that it can't: where, and what was expected.</summary>
public sealed class TaskFormatException(string file, long line, long column, string problem, Exception? cause = null)
    : Exception($"{file}:{line}:{column}: {problem}", cause);
