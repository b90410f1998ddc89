using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>The products and row operations against plain loops in double.</summary>
internal sealed unsafe class MaskedMatMulTests
{
    [TestCase(1, 1, 1)]
    [TestCase(31, 20, 31)]
    [TestCase(64, 200, 200)]
    [TestCase(7, 443, 443)]
    [TestCase(3, 65, 225)]
    public void The_product_is_the_plain_sum_over_the_set_bits(int rows, int depth, int columns)
    {
        int padded = MlpShape.Pad(columns), words = BitMatrix.Words(depth);
        using HostBuffer a = Random(rows * depth, 1), b = Random(depth * padded, 2), bias = Random(padded, 3),
            bits = new(2L * rows * words), c = new(rows * padded), gate = Random(rows * padded, 5);
        c.Span.Fill(float.NaN);
        var set = (ulong*)bits.Pointer;
        for (int m = 0; m < rows; m++)
            for (int k = 0; k < depth; k++)
                if (Philox.At(4, RandomStream.Weights, (ulong)m, (uint)k).A % 3 == 0)
                    set[m * words + k / 64] |= 1UL << (k % 64);
                else a.Span[m * depth + k] = 0;

        Check<NoFinish>((sum, _) => sum);
        Check<ReluFinish>((sum, _) => Math.Max(0, sum));
        Check<GateFinish>((sum, gated) => gated > 0 ? sum : 0);

        void Check<TFinish>(Func<double, float, double> finish) where TFinish : struct, IFinish
        {
            foreach (bool sparse in new[] { true, false })
            {
                MaskedMatMul.Multiply<TFinish>(rows, a.Pointer, depth, 1, sparse ? set : null, words, depth, b.Pointer,
                    padded, bias.Pointer, c.Pointer, padded, padded, gate.Pointer);
                for (int m = 0; m < rows; m++)
                    for (int j = 0; j < padded; j++)
                    {
                        double sum = bias.Span[j];
                        for (int k = 0; k < depth; k++) sum += (double)a.Span[m * depth + k] * b.Span[k * padded + j];
                        Assert.That(c.Span[m * padded + j], Is.EqualTo(finish(sum, gate.Span[m * padded + j]))
                            .Within(Tolerances.Float32Sum(depth)), $"C[{m}, {j}], sparse {sparse}, {typeof(TFinish)}");
                    }
            }
        }
    }

    [Test]
    public void A_transposed_factor_is_read_by_columns()
    {
        const int samples = 31, units = 20;
        using HostBuffer h = Random(samples * units, 1), d = Random(samples * 16, 2), zeros = new(16),
            c = new(units * 16);
        c.Span.Fill(float.NaN);
        MaskedMatMul.Multiply<NoFinish>(
            units, h.Pointer, 1, units, null, 0, samples, d.Pointer, 16, zeros.Pointer, c.Pointer, 16, 16);
        for (int i = 0; i < units; i++)
            for (int j = 0; j < 16; j++)
                Assert.That(c.Span[i * 16 + j],
                    Is.EqualTo(Enumerable.Range(0, samples)
                        .Sum(m => (double)h.Span[m * units + i] * d.Span[m * 16 + j]))
                    .Within(Tolerances.Float32Sum(samples)));
    }

    [Test]
    public void Relu_keeps_what_is_positive_or_not_a_number_and_marks_it()
    {
        const int rows = 5, columns = 80;
        using HostBuffer z = Random(rows * columns, 1), bits = new(2 * rows * 2);
        z.Span[3] = float.NaN;
        float[] before = z.Span.ToArray();
        bits.Span.Fill(float.NaN);
        RowOperations.Relu(rows * columns, z.Pointer);
        RowOperations.Mark(rows, z.Pointer, columns, (ulong*)bits.Pointer, 2);
        for (int i = 0; i < before.Length; i++)
        {
            Assert.That(z.Span[i], Is.EqualTo(Math.Max(0, before[i])));
            bool marked = (((ulong*)bits.Pointer)[i / columns * 2 + i % columns / 64] >> (i % columns % 64) & 1) == 1;
            Assert.That(marked, Is.EqualTo(!(before[i] <= 0)));
        }
    }

    [TestCase(1)]
    [TestCase(6)]
    [TestCase(21)]
    public void Dot_products_give_the_outputs(int outputs)
    {
        const int rows = 3, columns = 48;
        using HostBuffer h = Random(rows * columns, 1), w = Random(outputs * columns, 2), bias = Random(outputs, 3),
            result = new(rows * 32);
        RowOperations.Dot(rows, h.Pointer, columns, w.Pointer, bias.Pointer, outputs, result.Pointer, 32);
        for (int m = 0; m < rows; m++)
            for (int o = 0; o < outputs; o++)
                Assert.That(result.Span[m * 32 + o], Is.EqualTo(bias.Span[o] + Enumerable.Range(0, columns)
                    .Sum(j => (double)h.Span[m * columns + j] * w.Span[o * columns + j]))
                    .Within(Tolerances.Float32Sum(columns)));
    }

    private static HostBuffer Random(int count, ulong seed)
    {
        var buffer = new HostBuffer(count);
        for (int i = 0; i < count; i++)
            buffer.Span[i] = (float)(2 * Philox.Uniform(seed, RandomStream.Weights, (ulong)i) - 1);
        return buffer;
    }
}
