namespace Naf.Kernels;

/// <summary>
/// What is solved inside a tile, once its products are summed with the opposite sign. Element (i, j) of a tile is at (4 i + j) · Width.
/// </summary>
internal static unsafe class FitSolve<TLanes, TVector>
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    private const int Size = FitTile<TLanes, TVector>.Size;

    /// <summary>L Lᵀ = −tile, of the lower triangle.</summary>
    /// <param name="least">[4]: a pivot that rounding leaves below it is raised to it; 0: a row of zeros.</param>
    /// <param name="l">Receives the lower triangle.</param>
    /// <param name="inverse">[4] vectors, receives 1 / diagonal.</param>
    public static void Factor(double* tile, double* least, double* l, nint row, double* inverse)
    {
        int w = TLanes.Width;
        for (int j = 0; j < Size; j++)
        {
            TVector reciprocal = TLanes.All(0);
            for (int i = j; i < Size; i++)
            {
                TVector sum = TLanes.Load(tile + (Size * i + j) * w);
                for (int k = 0; k < j; k++) sum = TLanes.MultiplyAdd(TLanes.Load(l + i * row + k * w), TLanes.Load(l + j * row + k * w), sum);
                TVector value = TLanes.Negate(sum);
                if (i > j)
                {
                    TLanes.Store(l + i * row + j * w, TLanes.Multiply(value, reciprocal));
                    continue;
                }
                // in this order a NaN stays one
                TVector root = TLanes.Root(TLanes.Max(TLanes.All(least[j]), value));
                if (least[j] > 0) reciprocal = TLanes.Divide(TLanes.All(1), root);
                TLanes.Store(l + j * row + j * w, root);
                TLanes.Store(inverse + j * w, reciprocal);
            }
        }
    }

    /// <summary>target Lᵀ = −tile.</summary>
    public static void Right(double* tile, double* l, nint row, double* inverse, double* target, nint targetRow)
    {
        int w = TLanes.Width;
        for (int i = 0; i < Size; i++)
            for (int j = 0; j < Size; j++)
            {
                TVector sum = TLanes.Load(tile + (Size * i + j) * w);
                for (int k = 0; k < j; k++)
                    sum = TLanes.MultiplyAdd(TLanes.Load(target + i * targetRow + k * w), TLanes.Load(l + j * row + k * w), sum);
                TLanes.Store(target + i * targetRow + j * w, TLanes.Multiply(TLanes.Negate(sum), TLanes.Load(inverse + j * w)));
            }
    }

    /// <summary>target L = −tile.</summary>
    public static void Back(double* tile, double* l, nint row, double* inverse, double* target, nint targetRow)
    {
        int w = TLanes.Width;
        for (int i = 0; i < Size; i++)
            for (int j = Size - 1; j >= 0; j--)
            {
                TVector sum = TLanes.Load(tile + (Size * i + j) * w);
                for (int k = j + 1; k < Size; k++)
                    sum = TLanes.MultiplyAdd(TLanes.Load(target + i * targetRow + k * w), TLanes.Load(l + k * row + j * w), sum);
                TLanes.Store(target + i * targetRow + j * w, TLanes.Multiply(TLanes.Negate(sum), TLanes.Load(inverse + j * w)));
            }
    }

    /// <summary>tile ← −source.</summary>
    public static void Negative(double* tile, double* source, nint row)
    {
        int w = TLanes.Width;
        for (int i = 0; i < Size; i++)
            for (int j = 0; j < Size; j++) TLanes.Store(tile + (Size * i + j) * w, TLanes.Negate(TLanes.Load(source + i * row + j * w)));
    }
}
