namespace Naf.Host.Sweeps;

/// <summary>
/// Successive halving (Jamieson and Talwalkar 2016): all candidates train for the first rung's episodes, the best
/// share of them continues to the next rung, which has 1 / share as many episodes, and so on.
/// </summary>
/// <param name="Keep">The share.</param>
/// <param name="First">Episodes of the first rung.</param>
internal readonly record struct Halving(double Keep, int First)
{
    /// <summary>
    /// The episodes at the end of each rung: First / Keepⁿ, rounded up to a multiple of
    /// <paramref name="testEvery"/>, so that tests are where an uninterrupted run has them; the last is
    /// <paramref name="episodes"/>.
    /// </summary>
    public ImmutableArray<int> Rungs(int episodes, int testEvery)
    {
        var rungs = new List<int>();
        for (double length = First; ; length /= Keep)
        {
            double rounded = Math.Ceiling(Math.Round(length) / testEvery) * testEvery;
            if (rounded >= episodes) return [.. rungs, episodes];
            if (rungs.Count == 0 || rungs[^1] < rounded) rungs.Add((int)rounded);
        }
    }

    /// <summary>How many of some candidates continue; at least one.</summary>
    public int Kept(int candidates) => Math.Max(1, (int)Math.Ceiling(Keep * candidates - 1e-9));
}
