using Naf.Torch;
using TorchSharp;

namespace Naf.Tests;

/// <summary>Eigenvalues of symmetric matrices.</summary>
internal static class Eigenvalues
{
    /// <summary>The smallest eigenvalue of a symmetric [n, n] matrix.</summary>
    public static double Least(ReadOnlySpan<double> matrix, int n)
    {
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        return torch.linalg.eigvalsh(torch.tensor(matrix.ToArray(), [n, n])).min().item<double>();
    }
}
