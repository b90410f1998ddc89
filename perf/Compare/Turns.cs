using System.Diagnostics;

namespace Naf.Perf;

/// <summary>Times implementations in turns, so that a machine that becomes slower does so for all of them.</summary>
internal static class Turns
{
    /// <summary>The rates of each.</summary>
    /// <param name="units">What a call makes.</param>
    /// <param name="rounds">Turns of each.</param>
    /// <param name="seconds">Of one turn, at least one call.</param>
    public static Rate[] Time(IReadOnlyList<(string Name, Action Once)> implementations, double units, int rounds, double seconds)
    {
        var rates = new double[implementations.Count][];
        for (int i = 0; i < rates.Length; i++) rates[i] = new double[rounds];
        for (int round = 0; round < rounds; round++)
            for (int k = 0; k < rates.Length; k++)
            {
                // each is first in its turn
                int i = (k + round) % rates.Length;
                rates[i][round] = units * CallsPerSecond(implementations[i].Once, seconds);
            }
        return [.. implementations.Select((implementation, i) => new Rate(implementation.Name, rates[i]))];
    }

    private static double CallsPerSecond(Action once, double seconds)
    {
        (long calls, long start) = (0, Stopwatch.GetTimestamp());
        double elapsed;
        do
        {
            once();
            calls++;
            elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < seconds);
        return calls / elapsed;
    }
}
