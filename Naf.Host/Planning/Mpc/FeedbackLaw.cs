using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>δu_k = α k_k + K_k δx_k: the change of a plan that a backward pass proposes.</summary>
/// <param name="tangent">Size S of δx.</param>
/// <param name="action">Size A of u.</param>
internal sealed class FeedbackLaw(int capacity, int tangent, int action)
{
    private readonly double[] _open = new double[capacity * action], _gains = new double[capacity * action * tangent];

    /// <summary>[A], k_k.</summary>
    public Span<double> Open(int k) => _open.AsSpan(k * action, action);

    /// <summary>[A, S], K_k.</summary>
    public Span<double> Gain(int k) => _gains.AsSpan(k * action * tangent, action * tangent);

    /// <summary>[steps, A, S], K of the first steps.</summary>
    public Span<double> Gains(int steps) => _gains.AsSpan(0, steps * action * tangent);

    /// <summary>u ← u + K_k δ.</summary>
    /// <param name="displacement">[S], δ.</param>
    /// <param name="u">[A].</param>
    public void AddFeedback(int k, ReadOnlySpan<double> displacement, Span<double> u)
    {
        ReadOnlySpan<double> gain = Gain(k);
        for (int j = 0; j < u.Length; j++) u[j] += Matrix.Dot(gain.Slice(j * tangent, tangent), displacement);
    }

    /// <summary>Drops the gains of the first steps; those after the last known one become 0.</summary>
    public void Shift(int steps, int known)
    {
        for (int k = 0; k < known; k++) Gain(k + steps).CopyTo(Gain(k));
        for (int k = known; k < capacity; k++) Gain(k).Clear();
    }

    /// <summary>Sets k and K to 0.</summary>
    public void Clear()
    {
        Array.Clear(_open);
        Array.Clear(_gains);
    }
}
