using Naf.Sim;

namespace Naf.Host;

/// <summary>What MuJoCo warned of since this was made, for the user: a simulation that goes on may still be a wrong one.</summary>
internal sealed class MujocoWarningReport
{
    private readonly IReadOnlyDictionary<string, long> _before = MujocoWarnings.Counts;

    /// <summary>One sentence for each kind of warning.</summary>
    public void Give(Terminal terminal)
    {
        foreach ((string text, long count) in MujocoWarnings.Counts.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            long since = count - _before.GetValueOrDefault(text);
            if (since > 0) terminal.Warn($"MuJoCo warned {(since == 1 ? "once" : $"{since} times")}: {text}");
        }
    }
}
