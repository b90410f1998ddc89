using System.Numerics;

namespace Naf.Host.Imagination;

/// <summary>Bounds on imagined states: the range of recorded states, with a margin.</summary>
/// <param name="Bounds">[2, S], lower and upper bounds.</param>
internal sealed record StateRange(float[] Bounds)
{
    /// <summary>Lower bounds, [S].</summary>
    public ReadOnlySpan<float> Low => Bounds.AsSpan(0, Bounds.Length / 2);

    /// <summary>Upper bounds, [S].</summary>
    public ReadOnlySpan<float> High => Bounds.AsSpan(Bounds.Length / 2);

    /// <summary>The range of the states in samples.</summary>
    /// <param name="samples">[count, row].</param>
    /// <param name="factor">Margin on each side, in multiples of the range.</param>
    /// <param name="places">Offsets of states in a row.</param>
    public static StateRange Of<T>(
        ReadOnlySpan<T> samples, int row, int size, double factor, params ReadOnlySpan<int> places) where T : INumber<T>
    {
        var bounds = new float[2 * size];
        for (int i = 0; i < size; i++)
        {
            double least = double.PositiveInfinity, most = double.NegativeInfinity;
            foreach (int place in places)
                for (int at = place + i; at < samples.Length; at += row)
                {
                    double value = double.CreateChecked(samples[at]);
                    (least, most) = (Math.Min(least, value), Math.Max(most, value));
                }
            // a constant entry gets a margin for rounding
            double margin = factor * (most - least) + 1e-3 * (1 + Math.Abs(most));
            (bounds[i], bounds[size + i]) = ((float)(least - margin), (float)(most + margin));
        }
        return new StateRange(bounds);
    }
}
