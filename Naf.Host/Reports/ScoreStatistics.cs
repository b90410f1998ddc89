using Naf.Host.Training;
using Naf.Kernels.Random;

namespace Naf.Host.Reports;

/// <summary>An estimate with its 95 % confidence interval.</summary>
internal readonly record struct Estimate(double Value, double Low, double High);

/// <summary>
/// Aggregate scores over tasks and seeds (Agarwal et al. 2021, "Deep reinforcement learning at the edge of the
/// statistical precipice"): with few seeds, medians and means of single tasks mislead.
/// </summary>
internal static class ScoreStatistics
{
    private const int Resamples = 2000;
    private const double Normal95 = 1.959963984540054; // of a normal variable, 95 % is within ± this

    /// <summary>Median of counts in which null, never, is later than any number; null if that is it.</summary>
    public static double? MedianOrNever(IEnumerable<int?> values)
    {
        double? median = TrainingResult.Median(values.Select(value => (double?)(value ?? double.PositiveInfinity)));
        return median is { } m && double.IsFinite(m) ? m : null;
    }

    /// <summary>Mean of the middle half: ⌊n / 4⌋ values are left out at each end.</summary>
    public static double InterquartileMean(IReadOnlyCollection<double> values) =>
        values.Order().Skip(values.Count / 4).Take(values.Count - 2 * (values.Count / 4)).Average();

    /// <summary>
    /// Share of pairs in which x is greater, ties counted half, as a mean over tasks: P(X &gt; Y).
    /// </summary>
    /// <param name="x">[task][seed], scores of one method.</param>
    /// <param name="y">[task][seed], of the other on the same tasks; the seeds may differ in number.</param>
    public static double ProbabilityOfImprovement(double[][] x, double[][] y) => x.Zip(y, (a, b) =>
        a.Average(p => b.Average(q => p > q ? 1 : p < q ? 0 : 0.5))).Average();

    /// <summary>Share of scores above each threshold, all tasks and seeds together (a performance profile).</summary>
    public static double[] Profile(double[][] scores, IEnumerable<double> thresholds)
    {
        double[] all = [.. scores.SelectMany(ofTask => ofTask)];
        return [.. thresholds.Select(t => all.Count(score => score > t) / (double)all.Length)];
    }

    /// <summary>
    /// A measure with its stratified bootstrap interval: seeds are drawn again within each task, with replacement.
    /// </summary>
    /// <param name="samples">[stratum][seed]; a stratum is a task of one method.</param>
    public static Estimate Bootstrap(double[][] samples, Func<double[][], double> measure, ulong seed = 0)
    {
        double[] resampled = new double[Resamples];
        for (int i = 0; i < Resamples; i++)
            resampled[i] = measure([.. samples.Select((ofTask, stratum) => ofTask.Select((_, k) =>
                ofTask[(int)(ofTask.Length * Philox.Uniform(
                    seed, RandomStream.Bootstrap, (ulong)(i * (long)samples.Length + stratum), (uint)k))]).ToArray())]);
        Array.Sort(resampled);
        return new Estimate(measure(samples), Quantile(resampled, 0.025), Quantile(resampled, 0.975));
    }

    /// <summary>Student's t-interval of a mean, which needs two values; null for fewer.</summary>
    /// <param name="error">Its standard error.</param>
    /// <param name="count">The number of values.</param>
    public static Estimate? OfMean(double mean, double error, int count) => count < 2 ? null
        : new Estimate(mean, mean - TwoSided95(count - 1) * error, mean + TwoSided95(count - 1) * error);

    /// <summary>Wilson's score interval of a share (Wilson 1927), which holds for shares near 0 and 1 too.</summary>
    public static Estimate OfShare(double share, int count)
    {
        double z2 = Normal95 * Normal95, middle = (share + z2 / (2 * count)) / (1 + z2 / count);
        double half = Normal95 / (1 + z2 / count)
            * Math.Sqrt(share * (1 - share) / count + z2 / (4.0 * count * count));
        return new Estimate(share, Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    // t with P(|T| ≤ t) = 0.95, by bisection; from 10⁵ degrees of freedom on, the normal distribution's
    private static double TwoSided95(int freedom)
    {
        if (freedom >= 100_000) return Normal95;
        (double low, double high) = (0, 16);
        while ((low + high) / 2 is var middle && middle > low && middle < high)
            if (TwoSided(middle, freedom) < 0.95) low = middle;
            else high = middle;
        return high;
    }

    // P(|T| ≤ t) (Abramowitz and Stegun, 26.7.3 and 26.7.4)
    private static double TwoSided(double t, int freedom)
    {
        double angle = Math.Atan(t / Math.Sqrt(freedom)), cos = Math.Cos(angle), sin = Math.Sin(angle);
        bool odd = freedom % 2 == 1;
        double term = odd ? cos : 1, sum = freedom == 1 ? 0 : term;
        for (int k = odd ? 3 : 2; k < freedom; k += 2) sum += term *= cos * cos * (k - 1) / k;
        return odd ? 2 / Math.PI * (angle + sin * sum) : sin * sum;
    }

    // of sorted values, linear between two
    private static double Quantile(double[] sorted, double q)
    {
        double at = q * (sorted.Length - 1);
        int below = (int)at;
        return sorted[below] + (at - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]);
    }
}
