using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Control;

/// <summary>The measures of one episode, updated step by step; allocates nothing.</summary>
internal sealed class MeasureRecorder(
    ImmutableArray<MeasureDefinition> measures, ImmutableArray<SuccessCondition> success, int horizon)
{
    /// <summary>Numbers per measure: count of values, then the value, or mean and sum of squares about it.</summary>
    private const int Width = 3;

    private readonly double[] _state = new double[Width * measures.Length];

    /// <summary>The recorder's complete state, to save and restore.</summary>
    public Span<double> State => _state;

    /// <summary>Whether all conditions of success hold; false when there are none.</summary>
    public bool Success
    {
        get
        {
            // a measure without values is NaN and fails
            foreach (SuccessCondition condition in success)
                if (!(Value(condition.Measure) > condition.Above && Value(condition.Measure) < condition.Below))
                    return false;
            return success.Length > 0;
        }
    }

    public void Clear() => _state.AsSpan().Clear();

    /// <summary>Records the observation x after a step; the first step is number 1.</summary>
    public void Observe(int step, ReadOnlySpan<double> x)
    {
        for (int m = 0; m < measures.Length; m++)
        {
            MeasureDefinition measure = measures[m];
            if (step > horizon - measure.Steps)
                Add(measure, _state.AsSpan(Width * m, Width), step, ValueOf(measure, x));
        }
    }

    /// <summary>Value of measure m so far; NaN if it has no values, or the bound was never crossed.</summary>
    public double Value(int m)
    {
        Span<double> s = _state.AsSpan(Width * m, Width);
        return s[0] == 0 ? double.NaN : measures[m].Take == Take.Deviation ? Math.Sqrt(s[2] / s[0]) : s[1];
    }

    private static double ValueOf(MeasureDefinition measure, ReadOnlySpan<double> x)
    {
        if (!measure.IsNorm) return x[measure.Indices[0]];
        double sum = 0;
        foreach (int i in measure.Indices) sum += x[i] * x[i];
        return Math.Sqrt(sum);
    }

    private static void Add(MeasureDefinition measure, Span<double> s, int step, double v)
    {
        switch (measure.Take)
        {
            case Take.FirstBelow or Take.FirstAbove:
                bool crossed = measure.Take == Take.FirstBelow ? v < measure.Bound : v > measure.Bound;
                if (s[0] == 0 && crossed) (s[0], s[1]) = (1, step);
                return;
            case Take.Mean or Take.Deviation:
                // Welford: update the mean and the sum of squares about it
                s[0]++;
                double d = v - s[1];
                s[1] += d / s[0];
                s[2] += d * (v - s[1]);
                return;
            default:
                bool replaces = s[0] == 0 || measure.Take == Take.End
                    || (measure.Take == Take.Minimum ? v < s[1] : v > s[1]);
                if (replaces) s[1] = v;
                s[0]++;
                return;
        }
    }
}
