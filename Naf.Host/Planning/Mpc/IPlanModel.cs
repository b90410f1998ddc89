namespace Naf.Host.Planning.Mpc;

/// <summary>
/// A planner's model: the dynamics x′ = f(x, u) and the cost of one control step. Displacements δ ∈ ℝˢ are in the
/// tangent space where the state itself is not a vector (quaternions). Used by one thread at a time; each thread has
/// its own instance, and all of them give the same results.
/// </summary>
internal interface IPlanModel : IDisposable
{
    /// <summary>Size of a state x, which contains everything that its future depends on.</summary>
    int StateSize { get; }

    /// <summary>Size S of a displacement.</summary>
    int Tangent { get; }

    /// <summary>Size A of an action, each entry in [−1, 1].</summary>
    int Action { get; }

    /// <summary>x′ = f(x, u).</summary>
    /// <param name="state">[StateSize], x.</param>
    /// <param name="u">[Action], in [−1, 1].</param>
    /// <param name="next">[StateSize], receives x′.</param>
    /// <returns>False if the dynamics are not finite; <paramref name="next"/> is then undefined.</returns>
    bool Step(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> next);

    /// <summary>x ⊕ εe: x displaced along one coordinate.</summary>
    /// <param name="state">[StateSize], x.</param>
    /// <param name="coordinate">Index of the coordinate e, from 0.</param>
    /// <param name="by">ε.</param>
    /// <param name="moved">[StateSize], receives the displaced state.</param>
    void Displace(ReadOnlySpan<double> state, int coordinate, double by, Span<double> moved);

    /// <summary>δ with from ⊕ δ = to.</summary>
    /// <param name="from">[StateSize].</param>
    /// <param name="to">[StateSize].</param>
    /// <param name="displacement">[Tangent], receives δ.</param>
    void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement);

    /// <summary>C(x, u).</summary>
    double Cost(ReadOnlySpan<double> state, ReadOnlySpan<double> u);

    /// <summary>C(x, u), its gradient and a positive semidefinite Hessian by [δ; u].</summary>
    /// <param name="state">[StateSize], x.</param>
    /// <param name="u">[Action].</param>
    /// <param name="gradient">[Tangent + Action], receives the gradient.</param>
    /// <param name="hessian">[Tangent + Action, Tangent + Action] row-major, receives the Hessian.</param>
    double Expand(ReadOnlySpan<double> state, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian);
}
