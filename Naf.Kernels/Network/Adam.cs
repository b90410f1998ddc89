using System.Numerics;
using System.Runtime.Intrinsics;
using ILGPU;
using Naf.Kernels.Scalar;

namespace Naf.Kernels.Network;

/// <summary>
/// Adam (Kingma and Ba 2015) and the Polyak average, over any range of a flat parameter array.
/// <code>
/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  θ ← θ − α m̂ / (√v̂ + ε),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
/// θ′ ← τ θ + (1 − τ) θ′
/// </code>
/// </summary>
internal static unsafe class Adam
{
    /// <summary>One step over <paramref name="count"/> parameters, a multiple of 16.</summary>
    /// <param name="step">t, from 1.</param>
    /// <param name="gradientScale">Factor applied to the gradient (clipping by norm); 1 leaves it unchanged.</param>
    /// <param name="target">θ′, into which the new parameters are averaged; null for none.</param>
    public static void Step(
        int count, float* parameters, float* gradient, float* first, float* second, in AdamSettings settings, long step,
        float gradientScale, float* target = null, float tau = 0)
    {
        (double a, double e) = settings.Corrected(step);
        Vector512<float> rate = Vector512.Create((float)a), epsilon = Vector512.Create((float)e);
        Vector512<float> scale = Vector512.Create(gradientScale), t = Vector512.Create(tau);
        Vector512<float> b1 = Vector512.Create(AdamSettings.Beta1), c1 = Vector512.Create(1 - AdamSettings.Beta1);
        Vector512<float> b2 = Vector512.Create(AdamSettings.Beta2), c2 = Vector512.Create(1 - AdamSettings.Beta2);
        Vector512<float> smallestFirst = Vector512.Create(AdamSettings.SmallestFirst);
        Vector512<float> smallestSecond = Vector512.Create(AdamSettings.SmallestSecond);
        for (int i = 0; i < count; i += 16)
        {
            Vector512<float> g = scale * Vector512.Load(gradient + i);
            Vector512<float> m = Vector512.MultiplyAddEstimate(c1, g, b1 * Vector512.Load(first + i));
            Vector512<float> v = Vector512.MultiplyAddEstimate(c2 * g, g, b2 * Vector512.Load(second + i));
            m = Flush(m, smallestFirst);
            v = Flush(v, smallestSecond);
            m.Store(first + i);
            v.Store(second + i);
            Vector512<float> direction = m / (Vector512.Sqrt(v) + epsilon);
            Vector512<float> p = Vector512.MultiplyAddEstimate(rate, direction, Vector512.Load(parameters + i));
            p.Store(parameters + i);
            if (target is not null) Average(Vector512.Load(target + i), p, t).Store(target + i);
        }
    }

    /// <summary>θ′ ← θ′ + τ (θ − θ′) over <paramref name="count"/> parameters, a multiple of 16.</summary>
    public static void Polyak(int count, float* target, float* parameters, float tau)
    {
        Vector512<float> t = Vector512.Create(tau);
        for (int i = 0; i < count; i += 16)
            Average(Vector512.Load(target + i), Vector512.Load(parameters + i), t).Store(target + i);
    }

    // denormal numbers are slow and make no difference here
    private static Vector512<float> Flush(Vector512<float> moment, Vector512<float> smallest) =>
        Vector512.ConditionalSelect(
            Vector512.GreaterThanOrEqual(Vector512.Abs(moment), smallest), moment, Vector512<float>.Zero);

    // θ′ + τ (θ − θ′)
    private static Vector512<float> Average(
        Vector512<float> target, Vector512<float> parameter, Vector512<float> tau) =>
        Vector512.MultiplyAddEstimate(tau, parameter - target, target);
}

/// <param name="Rate">α.</param>
/// <param name="Epsilon">ε, added to √v̂.</param>
internal readonly record struct AdamSettings(float Rate, float Epsilon = AdamSettings.SmallEpsilon)
{
    /// <summary>Decay of the first moment and of the second, and the usual ε (Kingma and Ba, Algorithm 1).</summary>
    public const float Beta1 = 0.9f, Beta2 = 0.999f, SmallEpsilon = 1e-8f;

    /// <summary>Smaller moments cannot move a float32 parameter; set to 0, as denormals are slow on a CPU.</summary>
    internal const float SmallestFirst = 1e-20f, SmallestSecond = 1e-36f;

    /// <summary>−α and ε with the bias corrections of step t, from 1: θ ← θ + rate m / (√v + epsilon).</summary>
    public (double Rate, double Epsilon) Corrected(long step)
    {
        double rootCorrection = Math.Sqrt(1 - Math.Pow(Beta2, step));
        return (-Rate * rootCorrection / (1 - Math.Pow(Beta1, step)), Epsilon * rootCorrection);
    }
}

/// <summary>One Adam step in a kernel: settings with the corrections of step t, and a factor of the gradient.</summary>
internal struct AdamStep<T> where T : unmanaged, INumber<T>
{
    /// <summary>−α and ε with both corrections (<see cref="AdamSettings.Corrected"/>).</summary>
    public T Rate, Epsilon;

    /// <summary>β₁, 1 − β₁, β₂, 1 − β₂.</summary>
    public T Beta1, Rest1, Beta2, Rest2;

    /// <summary>Factor applied to the gradient.</summary>
    public T Scale;

    /// <summary>Polyak rate of θ′, if there is one.</summary>
    public T Tau;

    /// <summary>A learner's step with its own settings (<see cref="SettingPlaces"/>).</summary>
    public static AdamStep<T> Of(ArrayView<T> row, int settings, T rate, T epsilon) => new()
    {
        Rate = rate, Epsilon = epsilon,
        Beta1 = row[settings + SettingPlaces.Beta1], Rest1 = row[settings + SettingPlaces.Rest1],
        Beta2 = row[settings + SettingPlaces.Beta2], Rest2 = row[settings + SettingPlaces.Rest2],
        Tau = row[settings + SettingPlaces.Tau], Scale = T.One,
    };

    /// <summary>m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  θ ← θ + rate m / (√v + ε).</summary>
    public readonly void Apply<TMath>(T gradient, ref T m, ref T v, ref T theta) where TMath : struct, IScalarMath<T>
    {
        T g = Scale * gradient, smallestFirst = TMath.From(AdamSettings.SmallestFirst);
        T smallestSecond = TMath.From(AdamSettings.SmallestSecond);
        m = Beta1 * m + Rest1 * g;
        v = Beta2 * v + Rest2 * g * g;
        m = m < smallestFirst && -m < smallestFirst ? T.Zero : m;
        v = v < smallestSecond ? T.Zero : v;
        theta += Rate * (m / (TMath.Sqrt(v) + Epsilon));
    }
}
