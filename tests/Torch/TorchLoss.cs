using static TorchSharp.torch;

namespace Naf.Torch;

/// <summary>The loss of values Q with targets y in PyTorch.</summary>
internal static class TorchLoss
{
    /// <summary>mean (Q − y)², or twice PyTorch's Huber loss, which is (Q − y)² / 2 within the limit.</summary>
    /// <param name="huber">The limit; 0 for none.</param>
    public static Tensor Of(Tensor q, Tensor y, double huber)
    {
        if (huber == 0) return (q - y).square().mean();
        using var loss = nn.HuberLoss(huber);
        return 2 * loss.forward(q, y);
    }
}
