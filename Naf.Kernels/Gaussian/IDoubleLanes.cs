namespace Naf.Kernels;

/// <summary>
/// One width of vector registers of doubles, an element a time step. Kernels are generic over it; each element's sums are taken in the same order at
/// every width, so results are the same, bitwise.
/// </summary>
internal unsafe interface IDoubleLanes<TVector> where TVector : struct
{
    static abstract int Width { get; }
    static abstract TVector Load(double* source);
    static abstract void Store(double* target, TVector value);
    static abstract TVector All(double value);
    static abstract TVector Add(TVector a, TVector b);
    static abstract TVector Multiply(TVector a, TVector b);
    static abstract TVector Divide(TVector a, TVector b);
    /// <summary>a · b + c, rounded once (twice on a processor that has no fused multiply-add, an x64 without AVX2).</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);
    static abstract TVector Root(TVector a);
    /// <summary>The larger; b where either is not a number.</summary>
    static abstract TVector Max(TVector a, TVector b);
    static abstract TVector Abs(TVector a);
    static abstract TVector Negate(TVector a);
    /// <summary>Element l of vector a, at to + a · stride, becomes lanes[l][column + a], for a = 0 … Width − 1.</summary>
    static abstract void Gather(double** lanes, nint column, double* to, nint stride);
    /// <summary>lanes[l][column + a] becomes element l of vector a.</summary>
    static abstract void Scatter(double* from, nint stride, double** lanes, nint column);
    /// <summary>The same in float32.</summary>
    static abstract void ScatterSingle(double* from, nint stride, float** lanes, nint column);
}
