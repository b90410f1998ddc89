using static TorchSharp.torch;

namespace Naf.Torch;

/// <summary>
/// The normalized advantage function (paper, equations 7 to 9) in PyTorch operations, for a batch; differentiable by
/// autograd.
/// </summary>
internal static class TorchAdvantage
{
    /// <summary>L [batch, action, action], lower triangular: Lᵢᵢ = exp(B tanh(lᵢᵢ / B)), Lᵢⱼ = lᵢⱼ.</summary>
    /// <param name="l">[batch, packed], row by row: (0,0), (1,0), (1,1), (2,0), …</param>
    public static Tensor Triangle(Tensor l, int action, double bound)
    {
        Tensor square = zeros(l.shape[0], action, action, dtype: l.dtype, device: l.device);
        Tensor places = tril_indices(action, action, device: l.device);
        square.index_put_(l, TensorIndex.Ellipsis, TensorIndex.Tensor(places[0]), TensorIndex.Tensor(places[1]));
        Tensor diagonal = square.diagonal(dim1: 1, dim2: 2);
        return square.tril(-1) + diag_embed(exp(bound * tanh(diagonal / bound)));
    }

    /// <summary>Q = v − ½ |Lᵀ(u − tanh m)|², [batch].</summary>
    /// <param name="v">[batch].</param>
    /// <param name="m">[batch, action].</param>
    /// <param name="l">[batch, packed].</param>
    /// <param name="u">[batch, action].</param>
    public static Tensor Value(Tensor v, Tensor m, Tensor l, Tensor u, double bound)
    {
        Tensor z = matmul((u - tanh(m)).unsqueeze(1), Triangle(l, (int)u.shape[1], bound)).squeeze(1);
        return v - 0.5 * z.square().sum(1);
    }
}
