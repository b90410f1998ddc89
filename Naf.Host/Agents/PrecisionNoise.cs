using Naf.Kernels.Advantage;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Agents;

/// <summary>
/// Noise that NAF's precision P = L Lᵀ shapes (paper, appendix 8.2, equation 7): ν ~ N(0, c P(x)⁻¹), large along
/// directions of u in which A is flat.
/// <code>
/// ν = √c L⁻ᵀ ε,  ε ~ N(0, I),  1/c: running average of the mean over i of vᵢ = (P⁻¹)ᵢᵢ, the variances without c
/// </code>
/// So the variance of ν, averaged over entries and visited states, stays 1 while the scale of P changes in training,
/// and a state where Q is flat still gets more noise than others. (The paper names an "adaptive-scaling trick" and does
/// not give it.) Each standard deviation √(c vᵢ) is limited to <see cref="Most"/>, in ν and in the average.
/// </summary>
/// <param name="actions">Entries of an action.</param>
internal sealed class PrecisionNoise(int actions)
{
    /// <summary>Largest standard deviation of an entry of ν.</summary>
    public const double Most = 3;

    // states in the running average
    private const int Window = 1000;

    // packed L⁻¹, and [actions], v
    private readonly double[] _inverse = new double[AdvantageKernel.Packed(actions, 0)],
        _variances = new double[actions];
    private double _average;
    private int _states;
    private (double Average, int States) _before;

    /// <summary>ε becomes ν, for the state of an L(x), which enters the average.</summary>
    /// <param name="lower">[actions (actions + 1) / 2], L(x), row by row.</param>
    /// <param name="normals">[actions].</param>
    public void Shape(ReadOnlySpan<float> lower, Span<double> normals)
    {
        // M = L⁻¹ by forward substitution, and v_j = Σ M_ij²
        Array.Clear(_variances);
        for (int i = 0; i < actions; i++)
            for (int j = 0; j <= i; j++)
            {
                double sum = i == j ? 1 : 0;
                for (int k = j; k < i; k++)
                    sum -= lower[AdvantageKernel.Packed(i, k)] * _inverse[AdvantageKernel.Packed(k, j)];
                double entry = sum / lower[AdvantageKernel.Packed(i, i)];
                _inverse[AdvantageKernel.Packed(i, j)] = entry;
                _variances[j] += entry * entry;
            }

        // the average
        double most = _states == 0 ? double.PositiveInfinity : Most * Most * _average, mean = 0;
        foreach (double v in _variances) mean += Math.Min(v, most) / actions;
        _before = (_average, _states);
        _states = Math.Min(_states + 1, Window);
        _average += (mean - _average) / _states;

        // ν = √c Mᵀ ε, within the limit
        for (int i = 0; i < actions; i++)
        {
            double sum = 0;
            for (int k = i; k < actions; k++) sum += _inverse[AdvantageKernel.Packed(k, i)] * normals[k];
            normals[i] = Math.Min(1 / Math.Sqrt(_average), Most / Math.Sqrt(_variances[i])) * sum;
        }
    }

    /// <summary>Takes the last state out of the average.</summary>
    public void Undo() => (_average, _states) = _before;

    public void Serialise(CheckpointScope scope) =>
        (_average, _states) = (scope.Value("average", _average), scope.Value("states", _states));
}
