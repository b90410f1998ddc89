using Naf.Torch;
using TorchSharp;

namespace Naf.Tests;

/// <summary>Matrix algebra for oracles, by LAPACK in double; independent of the code under test.</summary>
internal static class SmallMatrices
{
    /// <summary>A⁻¹ and |A|.</summary>
    public static (double[,] Inverse, double Determinant) Inverse(double[,] matrix)
    {
        TorchNatives.Load();
        using var scope = torch.NewDisposeScope();
        torch.Tensor a = torch.tensor(matrix);
        return ((double[,])torch.linalg.inv(a).data<double>().ToNDArray(), torch.linalg.det(a).item<double>());
    }
}
