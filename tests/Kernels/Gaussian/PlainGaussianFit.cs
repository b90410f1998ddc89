using Naf.Checks.Oracles;
using Naf.Kernels.Gaussian;

namespace Naf.Tests;

/// <summary>
/// The fit of one time step with whole matrices and plain loops, directly by the formulas: standardises the data,
/// inverts with LAPACK, and converts back to the data's units. Shares no code with the product.
/// </summary>
internal sealed record PlainGaussianFit(double[,] F, double[] Offset, double[,] N)
{
    /// <param name="data">Data of a single learner.</param>
    public static PlainGaussianFit Fit(FitData data, int step, GaussianFitSettings settings)
    {
        DynamicsShape shape = data.Shape;
        (int size, int inputs, int states) = (shape.Sample, shape.Input, shape.State);
        double n0 = data.Prior?.Strength ?? 0;
        // a step without samples gets the prior; without a prior, the last step that has samples
        int from = n0 > 0 ? step : Math.Min(step, data.Episodes[0].Max(e => e.Length) - 1);
        double[][] samples = [.. data.Episodes[0].Where(e => e.Length > from).Select(e => e[from])];
        int place = data.Prior?.Mean.Length > size ? from : 0, n = samples.Length;
        double[] scale = data.ScaleOf(0);
        double Mu(int i) => data.Prior!.Mean[place * size + i];
        double Phi(int i, int j) => data.Prior!.Scatter[(place * size + i) * size + j];

        // z̄, and Σ = (n S + Φ + n n₀ / (n + n₀) (z̄ − μ₀)(z̄ − μ₀)ᵀ) / (n + n₀), standardised
        double[] mean = [.. Enumerable.Range(0, size).Select(i => n == 0 ? Mu(i) : samples.Average(z => z[i]))];
        var sigma = new double[size, size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
            {
                double sum = samples.Sum(z => (z[i] - mean[i]) * (z[j] - mean[j]));
                if (data.Prior is not null)
                    sum += Phi(i, j) + (n * n0 > 0 ? n * n0 / (n + n0) * (mean[i] - Mu(i)) * (mean[j] - Mu(j)) : 0);
                sigma[i, j] = scale[i] * scale[j] * sum / (n + n0);
            }

        // F = ((Σ_ii + R)⁻¹ Σ_ip)ᵀ; a constant entry has a scale of 0, so that its row and its column are 0
        var (ridged, b) = (new double[inputs, inputs], new double[inputs, states]);
        for (int i = 0; i < inputs; i++)
            for (int j = 0; j < inputs; j++) ridged[i, j] = sigma[i, j] + (i == j ? settings.Ridge : 0);
        double[,] inverse = SmallMatrices.Inverse(ridged).Inverse;
        for (int i = 0; i < inputs; i++)
            for (int j = 0; j < states; j++)
                for (int k = 0; k < inputs; k++) b[i, j] += inverse[i, k] * sigma[k, inputs + j];

        // N = Σ_pp − F Σ_ii Fᵀ + floor and f = z̄_p − F z̄_i, in the data's units
        var (f, offset, covariance) = (new double[states, inputs], new double[states], new double[states, states]);
        for (int i = 0; i < states; i++)
        {
            double unit = scale[inputs + i];
            offset[i] = mean[inputs + i];
            for (int k = 0; k < inputs; k++)
            {
                f[i, k] = unit > 0 ? b[k, i] * scale[k] / unit : 0;
                offset[i] -= f[i, k] * mean[k];
            }
            for (int j = 0; j < states; j++)
            {
                double sum = sigma[inputs + i, inputs + j] + (i == j ? settings.NoiseFloor : 0);
                for (int k = 0; k < inputs; k++)
                    for (int l = 0; l < inputs; l++) sum -= b[k, i] * sigma[k, l] * b[l, j];
                covariance[i, j] = unit * scale[inputs + j] > 0 ? sum / (unit * scale[inputs + j]) : 0;
            }
        }
        return new PlainGaussianFit(f, offset, covariance);
    }
}
