using System.Numerics;

namespace Naf.Kernels;

/// <summary>
/// The fit of one learner in whole matrices and plain loops, generic over float and double: the oracle of the fast versions, written to be read.
/// It standardises the data, fits, and goes back to their units, as the formulas say.
/// </summary>
/// <param name="shape">Sizes.</param>
/// <param name="settings">Ridge and floor.</param>
public sealed class GaussianFitReference<T>(DynamicsShape shape, GaussianFitSettings settings) where T : struct, IFloatingPointIeee754<T>
{
    /// <summary>One time step: s′ ~ N(F [s; u] + f, N), and C with C Cᵀ = N.</summary>
    /// <param name="F">[S, S + A].</param>
    /// <param name="Offset">[S], f.</param>
    /// <param name="N">[S, S].</param>
    /// <param name="Factor">[S, S], lower triangle.</param>
    public sealed record Step(T[,] F, T[] Offset, T[,] N, T[,] Factor);

    /// <summary>Fits every time step.</summary>
    /// <param name="episodes">[episode][sample][D]; an episode may have fewer samples than the horizon.</param>
    /// <param name="prior">Its step t, or its only one: μ₀ [D] and Φ [D, D]; null: none.</param>
    /// <param name="meanStrength">m.</param>
    /// <param name="strength">n₀.</param>
    /// <param name="scale">[D]: 1 / standard deviation, 0 for a constant entry; null: 1.</param>
    public Step[] Fit(
        T[][][] episodes, Func<int, (T[] Mean, T[,] Scatter)>? prior = null, double meanStrength = 0, double strength = 0, T[]? scale = null)
    {
        int longest = episodes.Max(e => e.Length);
        return [.. Enumerable.Range(0, shape.Horizon).Select(t =>
        {
            // a step without samples is the prior's; without one it is the last step that has samples
            int from = strength > 0 ? t : Math.Min(t, longest - 1);
            T[][] samples = [.. episodes.Where(e => e.Length > from).Select(e => e[from])];
            return Fit(samples, prior?.Invoke(from), meanStrength, strength, scale);
        })];
    }

    /// <summary>Fits one time step.</summary>
    /// <param name="samples">[n][D], n ≥ 1 where there is no prior.</param>
    public Step Fit(T[][] samples, (T[] Mean, T[,] Scatter)? prior, double meanStrength, double strength, T[]? scale)
    {
        int size = shape.Sample, inputs = shape.Input, states = shape.State;
        scale ??= [.. Enumerable.Repeat(T.One, size)];
        (T n, T m, T n0) = (T.CreateChecked(samples.Length), T.CreateChecked(meanStrength), T.CreateChecked(strength));

        // z̄, and Σ = (n S + Φ + n m / (n + m) (z̄ − μ₀)(z̄ − μ₀)ᵀ) / (n + n₀), standardised
        var mean = new T[size];
        for (int i = 0; i < size; i++)
            mean[i] = samples.Length == 0 ? prior!.Value.Mean[i] : samples.Aggregate(T.Zero, (sum, z) => sum + z[i]) / n;
        var sigma = new T[size, size];
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
            {
                T sum = T.Zero;
                foreach (T[] z in samples) sum += (z[i] - mean[i]) * (z[j] - mean[j]);
                if (prior is { } p)
                {
                    sum += p.Scatter[Math.Max(i, j), Math.Min(i, j)];
                    if (m > T.Zero) sum += n * m / (n + m) * (mean[i] - p.Mean[i]) * (mean[j] - p.Mean[j]);
                }
                sigma[i, j] = scale[i] * scale[j] * sum / (n + n0);
            }

        // F = ((Σ_ii + R)⁻¹ Σ_ip)ᵀ; a constant entry has a scale of 0, so that its row and its column are 0
        var (a, b) = (new T[inputs, inputs], new T[inputs, states]);
        for (int i = 0; i < inputs; i++)
        {
            for (int j = 0; j < inputs; j++) a[i, j] = sigma[i, j] + (i == j ? T.CreateChecked(settings.Ridge) : T.Zero);
            for (int j = 0; j < states; j++) b[i, j] = sigma[i, inputs + j];
        }
        Solve(a, b);

        // N = Σ_pp − F Σ_ii Fᵀ + floor, in the data's units; it exceeds the covariance of what F leaves by 2 F R Fᵀ, so it is positive
        var (f, offset, covariance) = (new T[states, inputs], new T[states], new T[states, states]);
        for (int i = 0; i < states; i++)
            for (int j = 0; j < states; j++)
            {
                T sum = sigma[inputs + i, inputs + j] + (i == j ? T.CreateChecked(settings.NoiseFloor) : T.Zero);
                for (int k = 0; k < inputs; k++)
                    for (int l = 0; l < inputs; l++)
                        sum -= b[k, i] * sigma[k, l] * b[l, j];
                covariance[i, j] = T.IsZero(scale[inputs + i] * scale[inputs + j]) ? T.Zero : sum / (scale[inputs + i] * scale[inputs + j]);
            }

        // f = z̄_p − F z̄_i
        for (int i = 0; i < states; i++)
        {
            offset[i] = mean[inputs + i];
            for (int k = 0; k < inputs; k++)
            {
                f[i, k] = T.IsZero(scale[inputs + i]) ? T.Zero : b[k, i] * scale[k] / scale[inputs + i];
                offset[i] -= f[i, k] * mean[k];
            }
        }
        for (int i = 0; i < states; i++)
            for (int j = 0; j < i; j++)
                covariance[i, j] = covariance[j, i] = (covariance[i, j] + covariance[j, i]) / T.CreateChecked(2);
        return new Step(f, offset, covariance, Factor(covariance, i => scale[inputs + i]));
    }

    // C Cᵀ = N by columns; a pivot is at least half the floor, which only rounding can bring it below
    private T[,] Factor(T[,] n, Func<int, T> scale)
    {
        int size = shape.State;
        var c = new T[size, size];
        for (int j = 0; j < size; j++)
        {
            if (T.IsZero(scale(j))) continue;
            T pivot = n[j, j];
            for (int k = 0; k < j; k++) pivot -= c[j, k] * c[j, k];
            c[j, j] = T.Sqrt(T.Max(pivot, T.CreateChecked(settings.NoiseFloor / 2) / (scale(j) * scale(j))));
            for (int i = j + 1; i < size; i++)
            {
                T sum = n[i, j];
                for (int k = 0; k < j; k++) sum -= c[i, k] * c[j, k];
                c[i, j] = sum / c[j, j];
            }
        }
        return c;
    }

    // b ← a⁻¹ b by Gauss and Jordan with row pivoting
    private static void Solve(T[,] a, T[,] b)
    {
        int size = a.GetLength(0), columns = b.GetLength(1);
        for (int k = 0; k < size; k++)
        {
            int row = Enumerable.Range(k, size - k).MaxBy(i => T.Abs(a[i, k]));
            for (int j = 0; j < size; j++) (a[k, j], a[row, j]) = (a[row, j], a[k, j]);
            for (int j = 0; j < columns; j++) (b[k, j], b[row, j]) = (b[row, j], b[k, j]);
            for (int i = 0; i < size; i++)
            {
                T factor = i == k ? T.Zero : a[i, k] / a[k, k];
                for (int j = 0; j < size; j++) a[i, j] -= factor * a[k, j];
                for (int j = 0; j < columns; j++) b[i, j] -= factor * b[k, j];
            }
        }
        for (int i = 0; i < size; i++)
            for (int j = 0; j < columns; j++) b[i, j] /= a[i, i];
    }
}
