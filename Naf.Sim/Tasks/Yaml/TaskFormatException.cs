
namespace Naf.Sim.Tasks.Yaml;

/// <summary>A YAML file, a task's or of settings, says something that it can't: where, and what was expected.</summary>
/// <param name="file">The file as the user named it.</param>
/// <param name="line">Line, from 1.</param>
/// <param name="column">Column, from 1.</param>
/// <param name="problem">What is wrong and what was expected.</param>
/// <param name="cause">The exception of the reader below, if any.</param>
public sealed class TaskFormatException(string file, long line, long column, string problem, Exception? cause = null)
    : Exception($"{file}:{line}:{column}: {problem}", cause)
{
    /// <summary>The file as the user named it.</summary>
    public string File { get; } = file;

    /// <summary>Line, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>Column, from 1.</summary>
    public long Column { get; } = column;
}
