using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Kernels.Advantage;
using Naf.Kernels.Random;

namespace Naf.Checks.Comparisons;

/// <summary>Samples drawn to check and time an evaluation with: raw outputs and actions, the diagonal of L beyond its bound too.</summary>
internal sealed class AdvantageTrial : IDisposable
{
    /// <summary>Largest error that float32 explains: the exponential of numbers up to B = 5 and sums of some dozen squares.</summary>
    public const double Tolerance = 2e-5;

    private readonly AdvantageEvaluation _evaluation;
    private readonly HostBuffer _v, _m, _l, _u, _mu, _lower, _advantage, _q;

    public AdvantageTrial(AdvantageEvaluation evaluation)
    {
        _evaluation = evaluation;
        int samples = evaluation.Samples;
        (_v, _m, _l, _u) = (Drawn(1, 1, 0), Drawn(evaluation.Action, 1, 1), Drawn(evaluation.Packed, 0.7, 2), Drawn(evaluation.Action, 0.5, 3));
        (_mu, _lower, _advantage, _q) = (Poisoned(evaluation.Action), Poisoned(evaluation.Packed), Poisoned(1), Poisoned(1));
        // beyond the bound
        _l.Span[0] = 100;

        HostBuffer Drawn(int row, double size, uint lane)
        {
            var buffer = new HostBuffer((long)row * samples);
            for (int i = 0; i < buffer.Length; i++) buffer.Span[i] = (float)(size * Philox.Normal(7, RandomStream.Exploration, (ulong)i, lane));
            return buffer;
        }

        HostBuffer Poisoned(int row)
        {
            var buffer = new HostBuffer((long)row * samples);
            buffer.Span.Fill(float.NaN);
            return buffer;
        }
    }

    /// <summary>Evaluates all samples.</summary>
    public void Evaluate() =>
        _evaluation.Evaluate(_v.Span, _m.Span, _l.Span, _u.Span, _mu.Span, _lower.Span, _advantage.Span, _q.Span);

    /// <summary>The largest error of any output against the reference in double precision, over 1 + its size; ∞ where one is not finite.</summary>
    /// <param name="sampled">At most so many samples are compared, spread evenly.</param>
    public double Error(int sampled = int.MaxValue)
    {
        int action = _evaluation.Action, packed = _evaluation.Packed, stride = Math.Max(1, _evaluation.Samples / sampled);
        double largest = 0;
        for (int s = 0; s < _evaluation.Samples; s += stride)
        {
            double[] m = Row(_m, s, action), l = Row(_l, s, packed), u = Row(_u, s, action);
            double q = NafAdvantageReference<double>.Value(_v.Span[s], m, l, u, _evaluation.Bound);
            double[,] lower = NafAdvantageReference<double>.Triangle(l, action, _evaluation.Bound);
            Compare(_q.Span[s], q);
            Compare(_advantage.Span[s], q - _v.Span[s]);
            for (int i = 0; i < action; i++) Compare(_mu.Span[s * action + i], Math.Tanh(m[i]));
            for (int i = 0, at = 0; i < action; i++)
                for (int j = 0; j <= i; j++, at++) Compare(_lower.Span[s * packed + at], lower[i, j]);
        }
        return largest;

        void Compare(float actual, double expected)
        {
            double error = Math.Abs(actual - expected) / (1 + Math.Abs(expected));
            largest = double.IsFinite(error) ? Math.Max(largest, error) : double.PositiveInfinity;
        }
    }

    public void Dispose()
    {
        foreach (HostBuffer buffer in (HostBuffer[])[_v, _m, _l, _u, _mu, _lower, _advantage, _q]) buffer.Dispose();
    }

    private static double[] Row(HostBuffer buffer, int sample, int row) =>
        [.. buffer.Span.Slice(sample * row, row).ToArray().Select(value => (double)value)];
}
