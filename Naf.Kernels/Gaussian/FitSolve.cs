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
    /// <param name="inverse">[4] vectors, receives −1 / diagonal.</param>
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
                if (i > j)
                {
                    TLanes.Store(l + i * row + j * w, TLanes.Multiply(sum, reciprocal));
                    continue;
                }
                // in this order a NaN stays one
                TVector root = TLanes.Root(TLanes.Max(TLanes.All(least[j]), TLanes.Negate(sum)));
                if (least[j] > 0) reciprocal = TLanes.Divide(TLanes.All(-1), root);
                TLanes.Store(l + j * row + j * w, root);
                TLanes.Store(inverse + j * w, reciprocal);
            }
        }
    }

    /// <summary>target Lᵀ = −tile.</summary>
    public static void Right(double* tile, double* l, nint row, double* inverse, double* target, nint targetRow)
    {
        int w = TLanes.Width;
        TVector n0 = TLanes.Load(inverse), n1 = TLanes.Load(inverse + w), n2 = TLanes.Load(inverse + 2 * w), n3 = TLanes.Load(inverse + 3 * w);
        TVector l10 = TLanes.Load(l + row), l20 = TLanes.Load(l + 2 * row), l21 = TLanes.Load(l + 2 * row + w);
        TVector l30 = TLanes.Load(l + 3 * row), l31 = TLanes.Load(l + 3 * row + w), l32 = TLanes.Load(l + 3 * row + 2 * w);
        for (int i = 0; i < Size; i++, tile += Size * w, target += targetRow)
        {
            TVector x0 = TLanes.Multiply(TLanes.Load(tile), n0);
            TVector x1 = TLanes.Multiply(TLanes.MultiplyAdd(x0, l10, TLanes.Load(tile + w)), n1);
            TVector x2 = TLanes.MultiplyAdd(x1, l21, TLanes.MultiplyAdd(x0, l20, TLanes.Load(tile + 2 * w)));
            x2 = TLanes.Multiply(x2, n2);
            TVector x3 = TLanes.MultiplyAdd(x1, l31, TLanes.MultiplyAdd(x0, l30, TLanes.Load(tile + 3 * w)));
            x3 = TLanes.Multiply(TLanes.MultiplyAdd(x2, l32, x3), n3);
            TLanes.Store(target, x0);
            TLanes.Store(target + w, x1);
            TLanes.Store(target + 2 * w, x2);
            TLanes.Store(target + 3 * w, x3);
        }
    }

    /// <summary>target L = −tile.</summary>
    public static void Back(double* tile, double* l, nint row, double* inverse, double* target, nint targetRow)
    {
        int w = TLanes.Width;
        TVector n0 = TLanes.Load(inverse), n1 = TLanes.Load(inverse + w), n2 = TLanes.Load(inverse + 2 * w), n3 = TLanes.Load(inverse + 3 * w);
        TVector l10 = TLanes.Load(l + row), l20 = TLanes.Load(l + 2 * row), l21 = TLanes.Load(l + 2 * row + w);
        TVector l30 = TLanes.Load(l + 3 * row), l31 = TLanes.Load(l + 3 * row + w), l32 = TLanes.Load(l + 3 * row + 2 * w);
        for (int i = 0; i < Size; i++, tile += Size * w, target += targetRow)
        {
            TVector x3 = TLanes.Multiply(TLanes.Load(tile + 3 * w), n3);
            TVector x2 = TLanes.Multiply(TLanes.MultiplyAdd(x3, l32, TLanes.Load(tile + 2 * w)), n2);
            TVector x1 = TLanes.MultiplyAdd(x2, l21, TLanes.MultiplyAdd(x3, l31, TLanes.Load(tile + w)));
            x1 = TLanes.Multiply(x1, n1);
            TVector x0 = TLanes.MultiplyAdd(x2, l20, TLanes.MultiplyAdd(x3, l30, TLanes.Load(tile)));
            x0 = TLanes.Multiply(TLanes.MultiplyAdd(x1, l10, x0), n0);
            TLanes.Store(target, x0);
            TLanes.Store(target + w, x1);
            TLanes.Store(target + 2 * w, x2);
            TLanes.Store(target + 3 * w, x3);
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
