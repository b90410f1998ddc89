using Naf.Kernels.Random;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Cpu;
using Naf.Kernels.Scalar;

namespace Naf.Tests;

/// <summary>The normals of imagination: the fast table against the definition, and their statistics.</summary>
internal sealed class RolloutNormalsTests
{
    private const RandomStream Stream = RandomStream.ImaginationDynamics;

    [TestCase(1, 1)]
    [TestCase(6, 31)]
    [TestCase(20, 64)]
    [TestCase(31, 13)]
    public unsafe void The_table_holds_the_defined_numbers(int count, int rollouts)
    {
        using var table = new NormalTable(count, 64);
        // across the 32-bit boundary of the rollout's number
        foreach ((ulong seed, ulong first, int step) in new[] { (0ul, 0ul, 0),
            (0x123456789ABCDEFul, (1ul << 32) - 5, 3), (7ul, 1ul << 40, 999) })
        {
            new Span<float>(table.Normals, 64 * table.Row).Fill(float.NaN);
            table.Fill(seed, Stream, first, step, rollouts);
            for (int m = 0; m < rollouts; m++)
                for (int i = 0; i < count; i++)
                {
                    uint lane = (uint)(step * RolloutNormals.Blocks(count) + i / 4);
                    (ulong rollout, string what) = (first + (ulong)m, $"seed {seed}, rollout {m}, normal {i}");
                    Four<double> four = RolloutNormals.Block<double, DoubleMath>(seed, Stream, rollout, lane);
                    double normal = new[] { four.A, four.B, four.C, four.D }[i % 4];
                    // computed directly from the words
                    PhiloxBlock words = Philox.At(seed, Stream, rollout, lane);
                    (uint radius, uint turn) = i % 4 < 2 ? (words.A, words.B) : (words.C, words.D);
                    double angle = 2 * Math.PI * (turn >> 8) / 16777216.0;
                    double expected = Math.Sqrt(-2 * Math.Log(((radius >> 8) + 1) / 16777216.0))
                        * (i % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));
                    Assert.That(normal, Is.EqualTo(expected).Within(Tolerances.DoubleNormal), what);
                    float fast = table.Normals[m * table.Row + i];
                    Assert.That(fast, Is.EqualTo(normal).Within(Tolerances.Float32Normal), what);
                }
        }
    }

    [Test]
    public unsafe void They_are_standard_normal_and_each_its_own()
    {
        using var table = new NormalTable(8, 64);
        var all = new List<double>();
        for (int block = 0; block < 64; block++)
        {
            table.Fill(5, RandomStream.ImaginationAction, (ulong)(64 * block), block % 3, 64);
            for (int i = 0; i < 512; i++) all.Add(table.Normals[i]);
        }
        // z, z², z⁴ and z z' have the variances 1, 2, 96 and 1
        Assert.That(all.Average(), Is.Zero.Within(Tolerances.SampledMean(1, all.Count)));
        Assert.That(all.Average(z => z * z), Is.EqualTo(1).Within(Tolerances.SampledMean(Math.Sqrt(2), all.Count)));
        Assert.That(all.Average(z => z * z * z * z),
            Is.EqualTo(3).Within(Tolerances.SampledMean(Math.Sqrt(96), all.Count)));
        Assert.That(all.Zip(all.Skip(1), (a, b) => a * b).Average(),
            Is.Zero.Within(Tolerances.SampledMean(1, all.Count)));
        Assert.That(all.Distinct().Count(), Is.GreaterThan(32000));
    }
}
