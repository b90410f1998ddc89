using System.Numerics;

namespace Naf.Checks.Oracles;

/// <summary>
/// Q(x, u) = V − ½ (u − μ)ᵀ L Lᵀ (u − μ) of one sample with whole matrices (paper, equations 7 to 9), generic over float and double:
/// the oracle of the fast versions.
/// </summary>
public static class NafAdvantageReference<T> where T : struct, IFloatingPointIeee754<T>
{
    /// <summary>L [action, action], lower triangular: Lᵢᵢ = exp(B tanh(lᵢᵢ/B)), Lᵢⱼ = lᵢⱼ below.</summary>
    /// <param name="packed">l row by row: (0,0), (1,0), (1,1), (2,0), …</param>
    public static T[,] Triangle(T[] packed, int action, T bound)
    {
        var lower = new T[action, action];
        for (int i = 0, at = 0; i < action; i++)
            for (int j = 0; j <= i; j++, at++)
                lower[i, j] = i == j ? T.Exp(bound * T.Tanh(packed[at] / bound)) : packed[at];
        return lower;
    }

    /// <summary>Q(x, u).</summary>
    /// <param name="mean">m, of which μ = tanh m.</param>
    public static T Value(T v, T[] mean, T[] packed, T[] u, T bound)
    {
        int n = u.Length;
        T[,] lower = Triangle(packed, n, bound);
        T quadratic = T.Zero;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
            {
                // P = L Lᵀ
                T p = T.Zero;
                for (int k = 0; k < n; k++) p += lower[i, k] * lower[j, k];
                quadratic += (u[i] - T.Tanh(mean[i])) * p * (u[j] - T.Tanh(mean[j]));
            }
        return v - quadratic / T.CreateChecked(2);
    }

    /// <summary>∂Q/∂m and ∂Q/∂l; ∂Q/∂V is 1.</summary>
    public static (T[] Mean, T[] Packed) Gradient(T[] mean, T[] packed, T[] u, T bound)
    {
        int n = u.Length;
        T[,] lower = Triangle(packed, n, bound);
        T[] d = [.. u.Select((value, i) => value - T.Tanh(mean[i]))];
        var (dMean, dPacked) = (new T[n], new T[packed.Length]);
        for (int i = 0, at = 0; i < n; i++)
        {
            // ∂Q/∂μ = P d, ∂μ/∂m = 1 − μ²
            for (int j = 0; j < n; j++)
                for (int k = 0; k < n; k++)
                    dMean[i] += lower[i, k] * lower[j, k] * d[j];
            dMean[i] *= T.One - T.Tanh(mean[i]) * T.Tanh(mean[i]);
            // ∂Q/∂L = −d (Lᵀd)ᵀ, and on the diagonal ∂L/∂l = L (1 − tanh²(l/B))
            for (int j = 0; j <= i; j++, at++)
            {
                for (int k = 0; k < n; k++) dPacked[at] -= d[i] * lower[k, j] * d[k];
                T t = T.Tanh(packed[at] / bound);
                if (i == j) dPacked[at] *= lower[i, i] * (T.One - t * t);
            }
        }
        return (dMean, dPacked);
    }
}
