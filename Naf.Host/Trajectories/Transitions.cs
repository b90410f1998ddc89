namespace Naf.Host.Trajectories;

/// <summary>Transitions (x, u, r, x′) of a log, for a replay.</summary>
/// <param name="Sha256">SHA-256 of the file.</param>
internal sealed record Transitions(string Path, string Sha256)
{
    /// <summary>[count], in the order of the file.</summary>
    public List<Transition> Rows { get; } = [];
}

/// <summary>A step of an episode.</summary>
/// <param name="X">[observations], x.</param>
/// <param name="U">[actions], u in [−1, 1].</param>
/// <param name="Next">[observations], x′.</param>
/// <param name="Terminated">Whether x′ is a terminal state.</param>
internal sealed record Transition(float[] X, float[] U, float Reward, float[] Next, bool Terminated);
