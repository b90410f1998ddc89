using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Lanes = System.Runtime.Intrinsics.Vector512<double>;
using Vector = System.Runtime.Intrinsics.Vector512;

namespace Naf.Kernels.LinearAlgebra;

/// <summary>Four columns of a row of a batch of matrices, one matrix per SIMD lane.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct LaneRow
{
    public Lanes A, B, C, D;

    /// <summary>this += x y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Lanes x, LaneRow y)
    {
        A = Vector.MultiplyAddEstimate(x, y.A, A);
        B = Vector.MultiplyAddEstimate(x, y.B, B);
        C = Vector.MultiplyAddEstimate(x, y.C, C);
        D = Vector.MultiplyAddEstimate(x, y.D, D);
    }
}

/// <summary>
/// Cholesky factorisation and triangular solves of a batch of matrices, one per SIMD lane, in tiles of 4 × 4 elements.
/// A tile holds the negated matrix or right-hand side, so that every product is added. The terms of an element are
/// added one after the other.
/// </summary>
internal static unsafe class LaneTile
{
    public const int Size = 4;

    /// <summary>tile[i, j] += Σₖ a[i, k] b[k, j] for k = 0 … count − 1.</summary>
    /// <param name="aRow">Row stride of a.</param>
    /// <param name="bRow">Row stride of b.</param>
    public static void AddProduct(LaneRow* tile, Lanes* a, nint aRow, Lanes* b, nint bRow, int count)
    {
        LaneRow t0 = tile[0], t1 = tile[1], t2 = tile[2], t3 = tile[3];
        Lanes* a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
        for (nint k = 0; k < count; k++, b += bRow)
        {
            LaneRow y = *(LaneRow*)b;
            t0.Add(a[k], y);
            t1.Add(a1[k], y);
            t2.Add(a2[k], y);
            t3.Add(a3[k], y);
        }
        (tile[0], tile[1], tile[2], tile[3]) = (t0, t1, t2, t3);
    }

    /// <summary>L Lᵀ = −tile.</summary>
    /// <param name="least">[4], lower bound of each pivot, against rounding; 0: the row is zero.</param>
    /// <param name="l">Receives the lower triangle.</param>
    /// <param name="inverse">[4], receives −1 / diagonal of L.</param>
    public static void Factor(LaneRow* tile, double* least, Lanes* l, nint row, Lanes* inverse)
    {
        for (int j = 0; j < Size; j++)
            for (int i = j; i < Size; i++)
            {
                Lanes sum = ((Lanes*)tile)[Size * i + j];
                for (int k = 0; k < j; k++) sum = Vector.MultiplyAddEstimate(l[i * row + k], l[j * row + k], sum);
                if (i > j)
                    l[i * row + j] = sum * inverse[j];
                else
                {
                    // with this order of operands NaN propagates
                    Lanes root = l[j * row + j] = Vector.Sqrt(Vector.MaxNative(Vector.Create(least[j]), -sum));
                    inverse[j] = least[j] > 0 ? Vector.Create(-1.0) / root : Lanes.Zero;
                }
            }
    }

    /// <summary>target Lᵀ = −tile.</summary>
    public static void SolveTransposed(LaneRow* tile, Lanes* l, nint row, Lanes* inverse, Lanes* target, nint targetRow)
    {
        for (int i = 0; i < Size; i++, target += targetRow)
        {
            LaneRow x = tile[i];
            x.A *= inverse[0];
            x.B = Vector.MultiplyAddEstimate(x.A, l[row], x.B) * inverse[1];
            x.C = Vector.MultiplyAddEstimate(x.A, l[2 * row], x.C);
            x.C = Vector.MultiplyAddEstimate(x.B, l[2 * row + 1], x.C) * inverse[2];
            x.D = Vector.MultiplyAddEstimate(x.A, l[3 * row], x.D);
            x.D = Vector.MultiplyAddEstimate(x.B, l[3 * row + 1], x.D);
            x.D = Vector.MultiplyAddEstimate(x.C, l[3 * row + 2], x.D) * inverse[3];
            *(LaneRow*)target = x;
        }
    }

    /// <summary>target L = −tile.</summary>
    public static void Solve(LaneRow* tile, Lanes* l, nint row, Lanes* inverse, Lanes* target, nint targetRow)
    {
        for (int i = 0; i < Size; i++, target += targetRow)
        {
            LaneRow x = tile[i];
            x.D *= inverse[3];
            x.C = Vector.MultiplyAddEstimate(x.D, l[3 * row + 2], x.C) * inverse[2];
            x.B = Vector.MultiplyAddEstimate(x.D, l[3 * row + 1], x.B);
            x.B = Vector.MultiplyAddEstimate(x.C, l[2 * row + 1], x.B) * inverse[1];
            x.A = Vector.MultiplyAddEstimate(x.D, l[3 * row], x.A);
            x.A = Vector.MultiplyAddEstimate(x.C, l[2 * row], x.A);
            x.A = Vector.MultiplyAddEstimate(x.B, l[row], x.A) * inverse[0];
            *(LaneRow*)target = x;
        }
    }

    /// <summary>tile ← −source.</summary>
    public static void SetNegative(LaneRow* tile, Lanes* source, nint row)
    {
        for (int i = 0; i < Size; i++)
            for (int j = 0; j < Size; j++) ((Lanes*)tile)[Size * i + j] = -source[i * row + j];
    }
}
