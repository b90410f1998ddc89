namespace Naf.Kernels;

/// <summary>
/// The products of the fit: tiles of 4 × 4 elements, each element a vector of time steps, summed in registers. An element's terms are added one
/// after the other, whatever the register width.
/// </summary>
internal static unsafe class FitTile<TLanes, TVector>
    where TLanes : struct, IDoubleLanes<TVector>
    where TVector : struct
{
    /// <summary>Rows and columns of a tile.</summary>
    public const int Size = 4;

    /// <summary>tile[i, j] += Σₖ a[i, k] b[k, j] for k = 0 … count − 1.</summary>
    /// <param name="tile">[4, 4] vectors.</param>
    /// <param name="a">Vector (i, k) is at a + i · aRow + k · Width.</param>
    /// <param name="b">Vector (k, j) is at b + k · bRow + j · Width.</param>
    public static void Add(double* tile, double* a, nint aRow, double* b, nint bRow, int count)
    {
        if (count == 0) return;
        if (TLanes.Width >= 8)
            Rows4(tile, a, aRow, b, bRow, count);
        else
        {
            // half of the registers: two rows at a time
            Rows2(tile, a, aRow, b, bRow, count);
            Rows2(tile + 2 * Size * TLanes.Width, a + 2 * aRow, aRow, b, bRow, count);
        }
    }

    private static void Rows4(double* tile, double* a, nint aRow, double* b, nint bRow, int count)
    {
        int w = TLanes.Width;
        TVector t00 = TLanes.Load(tile), t01 = TLanes.Load(tile + w), t02 = TLanes.Load(tile + 2 * w), t03 = TLanes.Load(tile + 3 * w);
        TVector t10 = TLanes.Load(tile + 4 * w), t11 = TLanes.Load(tile + 5 * w), t12 = TLanes.Load(tile + 6 * w), t13 = TLanes.Load(tile + 7 * w);
        TVector t20 = TLanes.Load(tile + 8 * w), t21 = TLanes.Load(tile + 9 * w), t22 = TLanes.Load(tile + 10 * w), t23 = TLanes.Load(tile + 11 * w);
        TVector t30 = TLanes.Load(tile + 12 * w), t31 = TLanes.Load(tile + 13 * w), t32 = TLanes.Load(tile + 14 * w);
        TVector t33 = TLanes.Load(tile + 15 * w);
        double* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        for (nint k = 0, end = (nint)count * w; k < end; k += w, b += bRow)
        {
            TVector b0 = TLanes.Load(b), b1 = TLanes.Load(b + w), b2 = TLanes.Load(b + 2 * w), b3 = TLanes.Load(b + 3 * w);
            TVector x = TLanes.Load(a + k);
            t00 = TLanes.MultiplyAdd(x, b0, t00);
            t01 = TLanes.MultiplyAdd(x, b1, t01);
            t02 = TLanes.MultiplyAdd(x, b2, t02);
            t03 = TLanes.MultiplyAdd(x, b3, t03);
            x = TLanes.Load(a1 + k);
            t10 = TLanes.MultiplyAdd(x, b0, t10);
            t11 = TLanes.MultiplyAdd(x, b1, t11);
            t12 = TLanes.MultiplyAdd(x, b2, t12);
            t13 = TLanes.MultiplyAdd(x, b3, t13);
            x = TLanes.Load(a2 + k);
            t20 = TLanes.MultiplyAdd(x, b0, t20);
            t21 = TLanes.MultiplyAdd(x, b1, t21);
            t22 = TLanes.MultiplyAdd(x, b2, t22);
            t23 = TLanes.MultiplyAdd(x, b3, t23);
            x = TLanes.Load(a3 + k);
            t30 = TLanes.MultiplyAdd(x, b0, t30);
            t31 = TLanes.MultiplyAdd(x, b1, t31);
            t32 = TLanes.MultiplyAdd(x, b2, t32);
            t33 = TLanes.MultiplyAdd(x, b3, t33);
        }
        TLanes.Store(tile, t00);
        TLanes.Store(tile + w, t01);
        TLanes.Store(tile + 2 * w, t02);
        TLanes.Store(tile + 3 * w, t03);
        TLanes.Store(tile + 4 * w, t10);
        TLanes.Store(tile + 5 * w, t11);
        TLanes.Store(tile + 6 * w, t12);
        TLanes.Store(tile + 7 * w, t13);
        TLanes.Store(tile + 8 * w, t20);
        TLanes.Store(tile + 9 * w, t21);
        TLanes.Store(tile + 10 * w, t22);
        TLanes.Store(tile + 11 * w, t23);
        TLanes.Store(tile + 12 * w, t30);
        TLanes.Store(tile + 13 * w, t31);
        TLanes.Store(tile + 14 * w, t32);
        TLanes.Store(tile + 15 * w, t33);
    }

    private static void Rows2(double* tile, double* a, nint aRow, double* b, nint bRow, int count)
    {
        int w = TLanes.Width;
        TVector t00 = TLanes.Load(tile), t01 = TLanes.Load(tile + w), t02 = TLanes.Load(tile + 2 * w), t03 = TLanes.Load(tile + 3 * w);
        TVector t10 = TLanes.Load(tile + 4 * w), t11 = TLanes.Load(tile + 5 * w), t12 = TLanes.Load(tile + 6 * w), t13 = TLanes.Load(tile + 7 * w);
        double* a1 = a + aRow;
        for (nint k = 0, end = (nint)count * w; k < end; k += w, b += bRow)
        {
            TVector x0 = TLanes.Load(a + k), x1 = TLanes.Load(a1 + k), y = TLanes.Load(b);
            t00 = TLanes.MultiplyAdd(x0, y, t00);
            t10 = TLanes.MultiplyAdd(x1, y, t10);
            y = TLanes.Load(b + w);
            t01 = TLanes.MultiplyAdd(x0, y, t01);
            t11 = TLanes.MultiplyAdd(x1, y, t11);
            y = TLanes.Load(b + 2 * w);
            t02 = TLanes.MultiplyAdd(x0, y, t02);
            t12 = TLanes.MultiplyAdd(x1, y, t12);
            y = TLanes.Load(b + 3 * w);
            t03 = TLanes.MultiplyAdd(x0, y, t03);
            t13 = TLanes.MultiplyAdd(x1, y, t13);
        }
        TLanes.Store(tile, t00);
        TLanes.Store(tile + w, t01);
        TLanes.Store(tile + 2 * w, t02);
        TLanes.Store(tile + 3 * w, t03);
        TLanes.Store(tile + 4 * w, t10);
        TLanes.Store(tile + 5 * w, t11);
        TLanes.Store(tile + 6 * w, t12);
        TLanes.Store(tile + 7 * w, t13);
    }
}
