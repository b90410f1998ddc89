namespace Naf.Host.Imagination;

/// <summary>The range of the states that were met, and how far beyond it imagination may go.</summary>
/// <param name="size">Entries S of a state.</param>
/// <param name="factor">How many times the range a state may be outside of it.</param>
internal sealed class StateRange(int size, double factor)
{
    private readonly double[] _least = Filled(size, double.PositiveInfinity), _most = Filled(size, double.NegativeInfinity);

    /// <summary>[S], below which a state has left the data.</summary>
    public float[] Low => [.. Enumerable.Range(0, size).Select(i => (float)(_least[i] - Margin(i)))];

    /// <summary>[S], above which a state has left the data.</summary>
    public float[] High => [.. Enumerable.Range(0, size).Select(i => (float)(_most[i] + Margin(i)))];

    /// <summary>Adds a state, [S].</summary>
    public void Add<T>(ReadOnlySpan<T> s) where T : System.Numerics.INumber<T>
    {
        for (int i = 0; i < size; i++)
        {
            double value = double.CreateChecked(s[i]);
            (_least[i], _most[i]) = (Math.Min(_least[i], value), Math.Max(_most[i], value));
        }
    }

    // a constant has some room for rounding
    private double Margin(int i) => factor * (_most[i] - _least[i]) + 1e-3 * (1 + Math.Abs(_most[i]));

    private static double[] Filled(int size, double value)
    {
        double[] filled = new double[size];
        Array.Fill(filled, value);
        return filled;
    }
}
