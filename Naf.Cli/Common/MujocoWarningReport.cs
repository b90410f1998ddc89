using Naf.Sim.Mujoco;

namespace Naf.Cli.Common;

/// <summary>MuJoCo's warnings since construction, for the user: a simulation may continue and yet be wrong.</summary>
internal sealed class MujocoWarningReport
{
    private readonly IReadOnlyDictionary<string, long> _before = MujocoWarnings.Counts;

    /// <summary>Writes the warnings, if any.</summary>
    public void Give(Terminal terminal)
    {
        foreach (string sentence in Sentences()) terminal.Warn(sentence);
    }

    /// <summary>One sentence per kind of warning.</summary>
    public IEnumerable<string> Sentences()
    {
        foreach ((string text, long count) in MujocoWarnings.Counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            long since = count - _before.GetValueOrDefault(text);
            if (since > 0) yield return $"MuJoCo warned {(since == 1 ? "once" : $"{since} times")}: {text}";
        }
    }
}
