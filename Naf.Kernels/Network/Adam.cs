namespace Naf.Kernels;

/// <summary>
/// Adam (Kingma and Ba 2015) and the Polyak average, over any range of a flat parameter array.
/// <code>
/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  θ ← θ − α m̂ / (√v̂ + ε),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
/// θ′ ← τ θ + (1 − τ) θ′
/// </code>
/// </summary>
internal static unsafe class Adam<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>One step over <paramref name="count"/> parameters, a multiple of 16.</summary>
    /// <param name="step">t, from 1.</param>
    /// <param name="gradientScale">Multiplies the gradient (clipping by norm); 1: as it is.</param>
    /// <param name="target">θ′ to average the new parameters into; null: none.</param>
    public static void Step(
        int count, float* parameters, float* gradient, float* first, float* second, in AdamSettings settings, long step, float gradientScale,
        float* target = null, float tau = 0)
    {
        (float correctedRate, float correctedEpsilon) = settings.Corrected(step);
        TVector rate = TLanes.All(correctedRate), epsilon = TLanes.All(correctedEpsilon), scale = TLanes.All(gradientScale);
        TVector b1 = TLanes.All(settings.Beta1), c1 = TLanes.All(1 - settings.Beta1);
        TVector b2 = TLanes.All(settings.Beta2), c2 = TLanes.All(1 - settings.Beta2);
        TVector t = TLanes.All(tau);
        TVector smallestFirst = TLanes.All(AdamConstants.SmallestFirst), smallestSecond = TLanes.All(AdamConstants.SmallestSecond);
        for (int i = 0; i < count; i += TLanes.Width)
        {
            TVector g = TLanes.Multiply(scale, TLanes.Load(gradient + i));
            TVector m = TLanes.MultiplyAdd(c1, g, TLanes.Multiply(b1, TLanes.Load(first + i)));
            TVector v = TLanes.MultiplyAdd(TLanes.Multiply(c2, g), g, TLanes.Multiply(b2, TLanes.Load(second + i)));
            m = TLanes.Flush(m, smallestFirst);
            v = TLanes.Flush(v, smallestSecond);
            TLanes.Store(first + i, m);
            TLanes.Store(second + i, v);
            TVector direction = TLanes.Divide(m, TLanes.Add(TLanes.Root(v), epsilon));
            TVector p = TLanes.MultiplyAdd(rate, direction, TLanes.Load(parameters + i));
            TLanes.Store(parameters + i, p);
            if (target is not null) TLanes.Store(target + i, Average(TLanes.Load(target + i), p, t));
        }
    }

    /// <summary>θ′ ← θ′ + τ (θ − θ′) over <paramref name="count"/> parameters, a multiple of 16.</summary>
    public static void Polyak(int count, float* target, float* parameters, float tau)
    {
        TVector t = TLanes.All(tau);
        for (int i = 0; i < count; i += TLanes.Width)
            TLanes.Store(target + i, Average(TLanes.Load(target + i), TLanes.Load(parameters + i), t));
    }

    // θ′ + τ (θ − θ′)
    private static TVector Average(TVector target, TVector parameter, TVector tau) =>
        TLanes.MultiplyAdd(tau, TLanes.Subtract(parameter, target), target);
}

/// <summary>Settings of Adam.</summary>
/// <param name="Rate">α.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">ε, beside √v̂.</param>
public readonly record struct AdamSettings(float Rate, float Beta1 = 0.9f, float Beta2 = 0.999f, float Epsilon = 1e-8f)
{
    /// <summary>−α and ε with both bias corrections folded in, for step t from 1: θ ← θ + rate m / (√v + epsilon).</summary>
    public (float Rate, float Epsilon) Corrected(long step)
    {
        double rootCorrection = Math.Sqrt(1 - Math.Pow(Beta2, step));
        return ((float)(-Rate * rootCorrection / (1 - Math.Pow(Beta1, step))), (float)(Epsilon * rootCorrection));
    }
}

/// <summary>Below these a moment no longer moves a float32 parameter; flushed to 0, since arithmetic on denormal numbers is slow on a CPU.</summary>
internal static class AdamConstants
{
    public const float SmallestFirst = 1e-20f, SmallestSecond = 1e-36f;
}
