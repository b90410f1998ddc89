using Naf.Checks.Oracles;
using Naf.Kernels.Advantage;
using Naf.Kernels.Random;

namespace Naf.Checks.Comparisons;

/// <summary>Samples drawn to check and time an evaluation with: raw outputs and actions, the diagonal of L beyond its bound too.</summary>
internal sealed class AdvantageTrial
{
    /// <summary>Largest error that float32 explains: the exponential of numbers up to B = 5 and sums of some dozen squares.</summary>
    public const double Tolerance = 2e-5;

    private readonly AdvantageEvaluation _evaluation;
    private readonly float[] _v, _m, _l, _u, _mu, _lower, _advantage, _q;

    public AdvantageTrial(AdvantageEvaluation evaluation)
    {
        (_evaluation, int samples, int action) = (evaluation, evaluation.Samples, evaluation.Action);
        int packed = evaluation.Packed;
        (_v, _m, _l, _u) = (Drawn(1, 1, 0), Drawn(action, 1, 1), Drawn(packed, 0.7, 2), Drawn(action, 0.5, 3));
        (_mu, _lower, _advantage, _q) = (Poisoned(action), Poisoned(packed), Poisoned(1), Poisoned(1));
        // beyond the bound
        _l[0] = 100;

        float[] Drawn(int row, double size, uint lane) => [.. Enumerable.Range(0, row * samples)
            .Select(i => (float)(size * Philox.Normal(7, RandomStream.Exploration, (ulong)i, lane)))];

        float[] Poisoned(int row) => [.. Enumerable.Repeat(float.NaN, row * samples)];
    }

    /// <summary>Evaluates all samples.</summary>
    public void Evaluate() => _evaluation.Evaluate(_v, _m, _l, _u, _mu, _lower, _advantage, _q);

    /// <summary>The largest relative error of any output.</summary>
    public double Error()
    {
        double[][] expected =
            AdvantageOracle.Run(_evaluation.Action, _evaluation.Bound, Wide(_v), Wide(_m), Wide(_l), Wide(_u));
        return RelativeError.Largest([.. _mu, .. _lower, .. _advantage, .. _q], [.. expected.SelectMany(e => e)]);

        static double[] Wide(float[] numbers) => [.. numbers.Select(n => (double)n)];
    }
}
