namespace Naf.Checks.Benchmarks;

/// <summary>Repeats a piece of work for a time.</summary>
internal static class BenchmarkRounds
{
    /// <summary>
    /// How often <paramref name="once"/> runs in a second, for each round; <paramref name="finish"/> waits for
    /// the device.
    /// </summary>
    public static double[] Time(Action once, Action finish, double seconds, int rounds)
    {
        var rates = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            finish();
            (long times, long start) = (0, Stopwatch.GetTimestamp());
            // waits seldom, so that a GPU always has the next piece
            for (int pieces = 1; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / rounds; pieces = Math.Min(
                2 * pieces, 64))
            {
                for (int i = 0; i < pieces; i++) once();
                finish();
                times += pieces;
            }
            rates[round] = times / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        return rates;
    }

    /// <summary>The middle one; the higher of two.</summary>
    public static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);
}
