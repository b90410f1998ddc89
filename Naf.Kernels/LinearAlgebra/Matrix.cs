using System.Numerics;
using System.Runtime.InteropServices;

namespace Naf.Kernels.LinearAlgebra;

/// <summary>
/// Small dense matrices, row-major in spans. Every sum runs in index order, so that results do not depend on the width
/// of the SIMD registers. Sizes are not checked; outputs must not overlap inputs.
/// </summary>
internal static class Matrix
{
    /// <summary>y ← y + a x.</summary>
    public static void Add(double a, ReadOnlySpan<double> x, Span<double> y)
    {
        ReadOnlySpan<Vector<double>> wide = MemoryMarshal.Cast<double, Vector<double>>(x);
        Span<Vector<double>> sums = MemoryMarshal.Cast<double, Vector<double>>(y[..x.Length]);
        for (int i = 0; i < wide.Length; i++) sums[i] += a * wide[i];
        for (int i = wide.Length * Vector<double>.Count; i < x.Length; i++) y[i] += a * x[i];
    }

    /// <summary>C ← C + A B.</summary>
    /// <param name="a">[rows, inner].</param>
    /// <param name="b">[inner, columns].</param>
    /// <param name="c">[rows, columns].</param>
    public static void AddProduct(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> c, int rows, int inner, int columns)
    {
        for (int i = 0; i < rows; i++)
            for (int k = 0; k < inner; k++)
                Add(a[i * inner + k], b.Slice(k * columns, columns), c.Slice(i * columns, columns));
    }

    /// <summary>C ← C + Aᵀ B.</summary>
    /// <param name="a">[inner, rows].</param>
    /// <param name="b">[inner, columns].</param>
    /// <param name="c">[rows, columns].</param>
    public static void AddTransposedProduct(
        ReadOnlySpan<double> a, ReadOnlySpan<double> b, Span<double> c, int rows, int inner, int columns)
    {
        for (int k = 0; k < inner; k++)
            for (int i = 0; i < rows; i++)
                Add(a[k * rows + i], b.Slice(k * columns, columns), c.Slice(i * columns, columns));
    }

    /// <summary>Aᵀ.</summary>
    /// <param name="a">[rows, columns].</param>
    /// <param name="transposed">[columns, rows].</param>
    public static void Transpose(ReadOnlySpan<double> a, Span<double> transposed, int rows, int columns)
    {
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) transposed[j * rows + i] = a[i * columns + j];
    }

    /// <summary>A ← (A + Aᵀ) / 2, [n, n].</summary>
    public static void Symmetrise(Span<double> a, int n)
    {
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) a[i * n + j] = a[j * n + i] = 0.5 * (a[i * n + j] + a[j * n + i]);
    }

    /// <summary>xᵀ y; for matrices tr(Xᵀ Y).</summary>
    public static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0;
        for (int i = 0; i < x.Length; i++) sum += x[i] * y[i];
        return sum;
    }

    /// <summary>
    /// A ← L with L Lᵀ = A and an upper triangle of 0. The column of a vanishing pivot is set to 0; NaN propagates.
    /// </summary>
    /// <param name="a">[n, n], symmetric; only the lower triangle is read.</param>
    /// <param name="rounding">A pivot of at most this fraction of A's diagonal entry counts as 0.</param>
    /// <returns>Whether A is positive definite and every pivot finite.</returns>
    public static bool Cholesky(Span<double> a, int n, double rounding = 0)
    {
        bool definite = true;
        for (int j = 0; j < n; j++)
        {
            double pivot = a[j * n + j] - Dot(a.Slice(j * n, j), a.Slice(j * n, j));
            bool none = pivot <= rounding * a[j * n + j];
            definite &= !none && double.IsFinite(pivot);
            double diagonal = a[j * n + j] = none ? 0 : Math.Sqrt(pivot);
            for (int i = j + 1; i < n; i++)
                a[i * n + j] = none ? 0 : (a[i * n + j] - Dot(a.Slice(i * n, j), a.Slice(j * n, j))) / diagonal;
            a.Slice(j * n + j + 1, n - j - 1).Clear();
        }
        return definite;
    }

    /// <summary>B ← (L Lᵀ)⁻¹ B.</summary>
    /// <param name="l">[n, n], from <see cref="Cholesky"/>.</param>
    /// <param name="b">[n, columns].</param>
    public static void Solve(ReadOnlySpan<double> l, Span<double> b, int n, int columns)
    {
        for (int i = 0; i < n; i++)
        {
            Span<double> row = b.Slice(i * columns, columns);
            for (int k = 0; k < i; k++) Add(-l[i * n + k], b.Slice(k * columns, columns), row);
            for (int j = 0; j < columns; j++) row[j] /= l[i * n + i];
        }
        for (int i = n - 1; i >= 0; i--)
        {
            Span<double> row = b.Slice(i * columns, columns);
            for (int k = i + 1; k < n; k++) Add(-l[k * n + i], b.Slice(k * columns, columns), row);
            for (int j = 0; j < columns; j++) row[j] /= l[i * n + i];
        }
    }

    /// <summary>A ← a (L Lᵀ)⁻¹.</summary>
    /// <param name="l">[n, n], from <see cref="Cholesky"/>.</param>
    /// <param name="inverse">[n, n], receives A.</param>
    public static void Invert(ReadOnlySpan<double> l, double a, Span<double> inverse, int n)
    {
        inverse.Clear();
        for (int i = 0; i < n; i++) inverse[i * (n + 1)] = a;
        Solve(l, inverse, n, n);
    }

    /// <summary>ln |L Lᵀ|.</summary>
    public static double LogDeterminant(ReadOnlySpan<double> l, int n)
    {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += 2 * Math.Log(l[i * (n + 1)]);
        return sum;
    }

    /// <summary>Whether every number is finite.</summary>
    public static bool IsFinite(ReadOnlySpan<double> a) =>
        a.IndexOfAnyExceptInRange(double.MinValue, double.MaxValue) < 0;
}
