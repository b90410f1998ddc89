namespace Naf.Checks.Benchmarks;

/// <summary>Repeats work for a given time.</summary>
internal static class BenchmarkRounds
{
    /// <summary>
    /// Runs of <paramref name="once"/> per second in each round; <paramref name="finish"/> waits for the device.
    /// </summary>
    public static double[] Time(Action once, Action finish, double seconds, int rounds)
    {
        var rates = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            finish();
            (long times, long start) = (0, Stopwatch.GetTimestamp());
            // waits rarely, so that a GPU always has work queued
            for (int pieces = 1;
                Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / rounds;
                pieces = Math.Min(2 * pieces, 64))
            {
                for (int i = 0; i < pieces; i++) once();
                finish();
                times += pieces;
            }
            rates[round] = times / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        return rates;
    }

    /// <summary>The median; of an even number, the higher of the middle two.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
