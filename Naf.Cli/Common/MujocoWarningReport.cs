using Naf.Sim.Mujoco;

namespace Naf.Cli.Common;

/// <summary>
/// What MuJoCo warned of since this was made, for the user: a simulation that goes on may still be a wrong one.
/// </summary>
internal sealed class MujocoWarningReport
{
    private readonly IReadOnlyDictionary<string, long> _before = MujocoWarnings.Counts;

    /// <summary>Writes what there is to say.</summary>
    public void Give(Terminal terminal)
    {
        foreach (string sentence in Sentences()) terminal.Warn(sentence);
    }

    /// <summary>One sentence for each kind of warning.</summary>
    public IEnumerable<string> Sentences()
    {
        foreach ((string text, long count) in MujocoWarnings.Counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            long since = count - _before.GetValueOrDefault(text);
            if (since > 0) yield return $"MuJoCo warned {(since == 1 ? "once" : $"{since} times")}: {text}";
        }
    }
}
