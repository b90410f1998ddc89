using Naf.Kernels.Gaussian;

namespace Naf.Host.Planning.Ilqg;

/// <summary>Fitted dynamics s′ ~ N(F_t [s; u] + f_t, N_t), t = 0 … T − 1: <see cref="GaussianFit.Model"/>.</summary>
/// <param name="F">[T, S, S + A].</param>
/// <param name="Offset">[T, S], f.</param>
/// <param name="N">[T, S, S].</param>
internal sealed record TimeVaryingModel(DynamicsShape Shape, double[] F, double[] Offset, double[] N)
{
    /// <summary>F_t, [S, S + A].</summary>
    public ReadOnlySpan<double> FAt(int t) => F.AsSpan(t * Shape.State * Shape.Input, Shape.State * Shape.Input);

    /// <summary>f_t, [S].</summary>
    public ReadOnlySpan<double> OffsetAt(int t) => Offset.AsSpan(t * Shape.State, Shape.State);

    /// <summary>N_t, [S, S].</summary>
    public ReadOnlySpan<double> NAt(int t) => N.AsSpan(t * Shape.State * Shape.State, Shape.State * Shape.State);
}
