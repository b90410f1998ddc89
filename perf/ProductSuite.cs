using BenchmarkDotNet.Attributes;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;

namespace Naf.Perf;

/// <summary>The products of a hidden layer, 64 × 200 by 200 × 200, with a given share of nonzeros in A.</summary>
public unsafe class ProductSuite
{
    private const int Rows = 64, Depth = 200, Columns = 208;
    private readonly HostBuffer _a = new(Rows * Columns), _b = new(Depth * Columns), _c = new(Depth * Columns),
        _zeros = new(Columns);
    private readonly HostBuffer _bits = new(2 * Rows * 4), _columnBits = new(2 * 256);

    /// <summary>Share of nonzero elements in A: 1 is dense, a half is usual after a ReLU.</summary>
    [Params(1.0, 0.5, 0.33)]
    public double Density { get; set; }

    /// <summary>Draws A and B, and checks one product against a plain sum.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var bits = (ulong*)_bits.Pointer;
        for (int m = 0; m < Rows; m++)
            for (int k = 0; k < Depth; k++)
            {
                bool set = Philox.Uniform(1, RandomStream.Weights, (ulong)m, (uint)k) < Density;
                if (set) bits[m * 4 + k / 64] |= 1UL << (k % 64);
                _a.Span[m * Columns + k] = set ? (float)Philox.Uniform(2, RandomStream.Weights, (ulong)m, (uint)k) : 0;
            }
        for (int i = 0; i < _b.Length; i++)
            _b.Span[i] = i % Columns < Depth ? (float)Philox.Uniform(3, RandomStream.Weights, (ulong)i) - 0.5f : 0;
        for (int block = 0; block < 4; block++)
            BitMatrix.TransposeBlock(bits, Rows, 4, block, (ulong*)_columnBits.Pointer);
        Forward();
        double expected = Enumerable.Range(0, Depth)
            .Sum(k => (double)_a.Span[5 * Columns + k] * _b.Span[k * Columns + 7]);
        if (!(Math.Abs(_c.Span[5 * Columns + 7] - expected) < 1e-4))
            throw new InvalidOperationException($"{_c.Span[5 * Columns + 7]} is not {expected}");
    }

    /// <summary>C = A B, as in the forward pass.</summary>
    [Benchmark]
    public void Forward() => MaskedMatMul.Multiply<NoFinish>(
        Rows, _a.Pointer, Columns, 1, (ulong*)_bits.Pointer, 4, Depth, _b.Pointer, Columns, _zeros.Pointer, _c.Pointer,
        Columns, Columns);

    /// <summary>C = Aᵀ B, as in the gradient of the weights.</summary>
    [Benchmark]
    public void WeightGradient() => MaskedMatMul.Multiply<NoFinish>(
        Depth, _a.Pointer, 1, Columns, (ulong*)_columnBits.Pointer, 1, Rows, _b.Pointer, Columns, _zeros.Pointer,
        _c.Pointer, Columns, Columns);
}
