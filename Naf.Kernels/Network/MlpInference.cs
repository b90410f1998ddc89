using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Naf.Kernels;

/// <summary>
/// Forward pass of a perceptron for many rows where no gradient follows: the hidden layers of <see cref="Mlp{TLanes,TVector}"/>, and of the head
/// only the outputs that are asked for, twelve sums at a time.
/// </summary>
internal static unsafe class MlpInference<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>result[m, o] = output firstOutput + o of row m.</summary>
    /// <param name="space">With transposed weights, for at least <paramref name="rows"/> rows.</param>
    /// <param name="statistics">Running statistics of the batch normalisation; not read where there is none.</param>
    /// <param name="x">[rows, xRow].</param>
    /// <param name="result">[rows, outputs].</param>
    public static void Forward(
        MlpWorkspace space, float* parameters, float* statistics, float* x, int xRow, int rows, int firstOutput, int outputs, float* result)
    {
        MlpShape shape = space.Shape;
        float* input = x;
        int inputRow = xRow, words = 0;
        ulong* bits = null;
        for (int l = 0; l < shape.Layers; l++)
        {
            int columns = MlpShape.Pad(shape.Hidden[l]);
            float* z = space.Activation[l], weights = l == 0 ? parameters + shape.Weights(0) : space.Transposed[l];
            // z = h W + b, h = max(z, 0)
            if (shape.BatchNorm)
            {
                RowProduct<TLanes, TVector>.Multiply<NoFinish<TVector>>(
                    rows, input, inputRow, 1, bits, words, shape.Inputs(l), weights, columns, space.Zeros, z, columns, columns);
                BatchNorm<TLanes, TVector>.Forward(space, l, parameters, statistics, rows);
                RowOperations<TLanes, TVector>.Relu((long)rows * columns, z);
            }
            else
                RowProduct<TLanes, TVector>.Multiply<ReluFinish<TLanes, TVector>>(
                    rows, input, inputRow, 1, bits, words, shape.Inputs(l), weights, columns, parameters + shape.Biases(l), z, columns, columns);
            input = z;
            inputRow = columns;
            words = BitMatrix.Words(columns);
            bits = space.Bits[l];
            if (l + 1 < shape.Layers) RowOperations<TLanes, TVector>.Mark(rows, z, columns, bits, words);
        }
        int head = shape.Layers;
        Head(rows, input, inputRow, parameters + shape.Weights(head) + (nint)firstOutput * inputRow, parameters + shape.Biases(head) + firstOutput,
            outputs, result);
    }

    // four rows and three outputs at a time; at the ends some are taken twice
    private static void Head(int rows, float* h, int columns, float* weights, float* bias, int outputs, float* result)
    {
        for (int m = 0; m < rows; m += 4)
        {
            int m1 = Math.Min(m + 1, rows - 1), m2 = Math.Min(m + 2, rows - 1), m3 = Math.Min(m + 3, rows - 1);
            float* h0 = h + (nint)m * columns, h1 = h + (nint)m1 * columns, h2 = h + (nint)m2 * columns, h3 = h + (nint)m3 * columns;
            for (int o = 0; o < outputs; o += 3)
            {
                int p = Math.Min(o + 1, outputs - 1), q = Math.Min(o + 2, outputs - 1);
                float* w0 = weights + (nint)o * columns, w1 = weights + (nint)p * columns, w2 = weights + (nint)q * columns;
                Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
                Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default;
                Vector512<float> c0 = default, c1 = default, c2 = default, c3 = default;
                for (nint j = 0; j < columns; j += 16)
                {
                    Vector512<float> r0 = Vector512.Load(h0 + j), r1 = Vector512.Load(h1 + j);
                    Vector512<float> r2 = Vector512.Load(h2 + j), r3 = Vector512.Load(h3 + j);
                    Vector512<float> w = Vector512.Load(w0 + j);
                    a0 = Vector512.FusedMultiplyAdd(r0, w, a0);
                    a1 = Vector512.FusedMultiplyAdd(r1, w, a1);
                    a2 = Vector512.FusedMultiplyAdd(r2, w, a2);
                    a3 = Vector512.FusedMultiplyAdd(r3, w, a3);
                    w = Vector512.Load(w1 + j);
                    b0 = Vector512.FusedMultiplyAdd(r0, w, b0);
                    b1 = Vector512.FusedMultiplyAdd(r1, w, b1);
                    b2 = Vector512.FusedMultiplyAdd(r2, w, b2);
                    b3 = Vector512.FusedMultiplyAdd(r3, w, b3);
                    w = Vector512.Load(w2 + j);
                    c0 = Vector512.FusedMultiplyAdd(r0, w, c0);
                    c1 = Vector512.FusedMultiplyAdd(r1, w, c1);
                    c2 = Vector512.FusedMultiplyAdd(r2, w, c2);
                    c3 = Vector512.FusedMultiplyAdd(r3, w, c3);
                }
                Store(Sums(a0, a1, a2, a3) + Vector128.Create(bias[o]), result + o, m, m1, m2, m3, outputs);
                Store(Sums(b0, b1, b2, b3) + Vector128.Create(bias[p]), result + p, m, m1, m2, m3, outputs);
                Store(Sums(c0, c1, c2, c3) + Vector128.Create(bias[q]), result + q, m, m1, m2, m3, outputs);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector128<float> sums, float* to, int m0, int m1, int m2, int m3, int row)
    {
        to[(nint)m0 * row] = sums.GetElement(0);
        to[(nint)m1 * row] = sums.GetElement(1);
        to[(nint)m2 * row] = sums.GetElement(2);
        to[(nint)m3 * row] = sums.GetElement(3);
    }

    // element i: the sum of the i-th argument
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Sums(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector128<float> x = Quarter(a), y = Quarter(b), z = Quarter(c), w = Quarter(d);
        if (!Sse.IsSupported) return Vector128.Create(Vector128.Sum(x), Vector128.Sum(y), Vector128.Sum(z), Vector128.Sum(w));
        Vector128<float> xy = Sse.UnpackLow(x, y) + Sse.UnpackHigh(x, y), zw = Sse.UnpackLow(z, w) + Sse.UnpackHigh(z, w);
        return Sse.MoveLowToHigh(xy, zw) + Sse.MoveHighToLow(zw, xy);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Quarter(Vector512<float> v)
    {
        Vector256<float> half = v.GetLower() + v.GetUpper();
        return half.GetLower() + half.GetUpper();
    }
}
