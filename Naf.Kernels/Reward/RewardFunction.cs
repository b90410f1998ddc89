using System.Numerics;

namespace Naf.Kernels.Reward;

/// <summary>Which Hessian of the cost C = −r to compute.</summary>
public enum HessianForm
{
    /// <summary>The exact Hessian, which may be indefinite.</summary>
    Exact,
    /// <summary>
    /// A positive semidefinite Hessian for iLQG, term by term: exact where the term is convex; without the rank-one
    /// part where that would be negative; zero for a term of negative curvature.
    /// </summary>
    PositiveSemidefinite,
    /// <summary>
    /// As <see cref="PositiveSemidefinite"/>, but without the rank-one part of smooth norms: an isotropic majoriser,
    /// more stable far from the goal.
    /// </summary>
    Majorised,
}

/// <summary>
/// r(x, u) = Σ_k w_k clip(ρ_k(e_k)) with its gradient and Hessian. Terms and indices are summed in listed order, from
/// left to right, so that every device computes the same. Immutable and thread-safe.
/// </summary>
/// <typeparam name="T">float in kernels, double in simulator and planner.</typeparam>
internal sealed class RewardFunction<T> where T : unmanaged, IFloatingPointIeee754<T>
{
    private readonly PreparedTerm<T>[] _terms;
    private readonly (int Index, T Low, T High)[] _bounds;

    public RewardFunction(RewardDefinition definition)
    {
        Definition = definition;
        _terms = [.. definition.Terms.Select(term => new PreparedTerm<T>(term))];
        _bounds = [.. definition.Bounds.Select(
            bound => (bound.Index, T.CreateChecked(bound.Low), T.CreateChecked(bound.High)))];
        TerminationReward = T.CreateChecked(definition.TerminationReward);
    }

    public RewardDefinition Definition { get; }

    public T TerminationReward { get; }

    /// <summary>r(x, u), without the termination reward.</summary>
    /// <param name="x">[ObservationSize], the observation before the step.</param>
    /// <param name="u">[ActionSize], the action, clipped.</param>
    public T Value(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        Check(x, u);
        T r = T.Zero;
        foreach (PreparedTerm<T> term in _terms) r += term.Value(x, u);
        return r;
    }

    /// <summary>∂r/∂z = Σ w ρ′ g, with g_i = ∂e/∂z_i.</summary>
    /// <param name="x">[ObservationSize].</param>
    /// <param name="u">[ActionSize].</param>
    /// <param name="gradient">[ObservationSize + ActionSize], receives ∂r/∂[x; u].</param>
    public void Gradient(ReadOnlySpan<T> x, ReadOnlySpan<T> u, Span<T> gradient)
    {
        Check(x, u);
        CheckSize(nameof(gradient), gradient.Length, x.Length + u.Length);
        gradient.Clear();
        foreach (PreparedTerm<T> term in _terms)
        {
            if (term.Product is { } product)
            {
                product.AddGradient(term.Weight, x, u, gradient);
                continue;
            }
            T e = term.Argument(x, u);
            if (term.IsClipped(e)) continue;
            T slope = term.Weight * term.Derivatives(e).First;
            for (int i = 0; i < term.Index.Length; i++) gradient[term.Index[i]] += slope * term.Slope(i, x, u);
        }
    }

    /// <summary>
    /// The Hessian of the cost C = −r: Σ −w (ρ″ g gᵀ + 2 ρ′ S), S = diag(s) for quadratic kinds and 0 for linear ones.
    /// </summary>
    /// <param name="x">[ObservationSize].</param>
    /// <param name="u">[ActionSize].</param>
    /// <param name="hessian">[n, n] row-major with n = ObservationSize + ActionSize, receives the Hessian.</param>
    public void CostHessian(ReadOnlySpan<T> x, ReadOnlySpan<T> u, HessianForm form, Span<T> hessian)
    {
        Check(x, u);
        int size = x.Length + u.Length;
        CheckSize(nameof(hessian), hessian.Length, size * size);
        hessian.Clear();
        foreach (PreparedTerm<T> term in _terms)
        {
            if (term.Product is { } product)
            {
                product.AddHessian(-term.Weight, form != HessianForm.Exact, x, u, size, hessian);
                continue;
            }
            T e = term.Argument(x, u);
            if (term.IsClipped(e)) continue;
            (T first, T second) = term.Derivatives(e);
            T outer = -term.Weight * second, diagonal = term.Linear ? T.Zero : -term.Weight * (first + first);
            if (form != HessianForm.Exact)
                (outer, diagonal) = Semidefinite(term, outer, diagonal, form == HessianForm.Majorised);
            for (int i = 0; i < term.Index.Length; i++)
            {
                int row = term.Index[i] * size;
                T g = outer * term.Slope(i, x, u);
                for (int j = 0; j < term.Index.Length; j++) hessian[row + term.Index[j]] += g * term.Slope(j, x, u);
                hessian[row + term.Index[i]] += diagonal * term.Scale[i];
            }
        }
    }

    /// <summary>Whether an episode ends at the next observation x′: some x′_i is outside its bounds.</summary>
    public bool Terminates(ReadOnlySpan<T> next)
    {
        foreach ((int index, T low, T high) in _bounds)
            if (next[index] < low || next[index] > high) return true;
        return false;
    }

    /// <summary>The parts of a term's Hessian that are kept to make it positive semidefinite.</summary>
    private static (T Outer, T Diagonal) Semidefinite(PreparedTerm<T> term, T outer, T diagonal, bool majorised) =>
        term.Kind switch
    {
        _ when term.Linear => (T.Max(outer, T.Zero), T.Zero),
        // −w ρ′ < 0: the term is concave
        _ when diagonal < T.Zero => (T.Zero, T.Zero),
        // convex as a whole, since |∇q|² ≤ 4 s q: the negative rank-one part never outweighs the diagonal
        RewardKind.SmoothNorm => (majorised ? T.Zero : outer, diagonal),
        _ => (T.Zero, diagonal),
    };

    private void Check(ReadOnlySpan<T> x, ReadOnlySpan<T> u)
    {
        CheckSize(nameof(x), x.Length, Definition.ObservationSize);
        CheckSize(nameof(u), u.Length, Definition.ActionSize);
    }

    private static void CheckSize(string name, int length, int expected)
    {
        if (length != expected)
            throw new ArgumentException($"{name} has {length} numbers, and the reward needs {expected}", name);
    }
}
