namespace Naf.Host.Planning;

/// <summary>
/// The cost of one time step, C(s, u) = −r(s, u), and its expansion to second order. Carries a workspace: each thread needs one of its own.
/// </summary>
internal interface IStageCost
{
    /// <summary>Size S of the state s.</summary>
    int State { get; }

    /// <summary>Size A of the action u.</summary>
    int Action { get; }

    /// <summary>C(s, u).</summary>
    /// <param name="s">[State].</param>
    /// <param name="u">[Action].</param>
    double Value(ReadOnlySpan<double> s, ReadOnlySpan<double> u);

    /// <summary>C(s, u), its gradient, and a positive semidefinite stand-in for its Hessian.</summary>
    /// <param name="s">[State].</param>
    /// <param name="u">[Action].</param>
    /// <param name="gradient">[State + Action], receives ∂C/∂[s; u].</param>
    /// <param name="hessian">[State + Action, State + Action] row-major, receives the Hessian: symmetric, without a negative eigenvalue.</param>
    /// <returns>C(s, u).</returns>
    double Expand(ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian);
}
