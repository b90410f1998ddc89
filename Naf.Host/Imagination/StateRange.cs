using System.Numerics;
using System.Runtime.InteropServices;

namespace Naf.Host.Imagination;

/// <summary>Where imagined states may be: in the range of the states that were met, and a margin beyond it.</summary>
/// <param name="Low">[S], below which a state has left the data.</param>
/// <param name="High">[S], above which a state has left the data.</param>
internal sealed record StateRange(float[] Low, float[] High)
{
    /// <summary>The range of the states in samples.</summary>
    /// <param name="samples">[count, row].</param>
    /// <param name="size">Entries S of a state.</param>
    /// <param name="factor">How many times the range a state may be outside of it.</param>
    /// <param name="places">Where states begin in a row.</param>
    public static StateRange Of<T>(ReadOnlySpan<T> samples, int row, int size, double factor, params ReadOnlySpan<int> places)
        where T : INumber<T>
    {
        var (low, high) = (new float[size], new float[size]);
        for (int i = 0; i < size; i++)
        {
            double least = double.PositiveInfinity, most = double.NegativeInfinity;
            foreach (int place in places)
                for (int at = place + i; at < samples.Length; at += row)
                {
                    double value = double.CreateChecked(samples[at]);
                    (least, most) = (Math.Min(least, value), Math.Max(most, value));
                }
            // a constant has some room for rounding
            double margin = factor * (most - least) + 1e-3 * (1 + Math.Abs(most));
            (low[i], high[i]) = ((float)(least - margin), (float)(most + margin));
        }
        return new StateRange(low, high);
    }

    public static StateRange Load(BinaryReader reader, int size)
    {
        var range = new StateRange(new float[size], new float[size]);
        reader.ReadExactly(MemoryMarshal.AsBytes(range.Low.AsSpan()));
        reader.ReadExactly(MemoryMarshal.AsBytes(range.High.AsSpan()));
        return range;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(MemoryMarshal.AsBytes(Low.AsSpan()));
        writer.Write(MemoryMarshal.AsBytes(High.AsSpan()));
    }
}
