namespace Naf.Kernels.Gaussian;

/// <summary>
/// Regularisation of a fit from few episodes. Both are variances in units of the given scale: fractions of an entry's
/// variance when its scale is 1 / standard deviation.
/// </summary>
/// <param name="Ridge">R, added only to the diagonal of Σ_ii before inversion; 1e-6 for standardised entries.</param>
/// <param name="NoiseFloor">
/// Added to the diagonal of N_t, so that its Cholesky factor exists for all data; 1e-8 is a ten-thousandth of a
/// standard deviation. A pivot that rounding reduces below half the floor is raised to half the floor.
/// </param>
internal sealed record GaussianFitSettings(double Ridge = 1e-6, double NoiseFloor = 1e-8)
{
    /// <summary>Diagonal terms in data units: R of an input, floor of an output; 0 where the scale is 0.</summary>
    /// <param name="scale">[learners, D]; empty: 1.</param>
    /// <returns>[learners, D].</returns>
    /// <exception cref="ArgumentException">A scale is out of range, or the size is wrong.</exception>
    internal double[] Diagonal(DynamicsShape shape, int learners, ReadOnlySpan<double> scale)
    {
        if (!scale.IsEmpty && scale.Length != learners * shape.Sample)
            throw new ArgumentException($"the scale has {scale.Length} entries; give [{learners}, {shape.Sample}]");
        var diagonal = new double[learners * shape.Sample];
        for (int i = 0; i < diagonal.Length; i++)
        {
            double s = scale.IsEmpty ? 1 : scale[i], added = i % shape.Sample < shape.Input ? Ridge : NoiseFloor;
            if (!(s >= 0 && double.IsFinite(s)))
                throw new ArgumentException(
                    $"entry {i % shape.Sample} of the scale of the learner in place {i / shape.Sample} is {s}; "
                    + "give 0 or more");
            diagonal[i] = s > 0 ? added / (s * s) : 0;
        }
        return diagonal;
    }
}
