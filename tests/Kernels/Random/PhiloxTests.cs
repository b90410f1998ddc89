using Naf.Kernels.Random;

namespace Naf.Tests;

internal sealed class PhiloxTests
{
    // known answers of the Random123 distribution, philox4x32-10
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu,
        0x5001e420u, 0x24126ea1u)]
    public void Blocks_are_the_published_ones(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint a, uint b, uint c, uint d) =>
        Assert.That(Philox.Rounds(c0, c1, c2, c3, k0, k1), Is.EqualTo(new PhiloxBlock(a, b, c, d)));

    [Test]
    public void Uniform_and_normal_numbers_have_their_moments()
    {
        const int n = 200_000;
        double uniform = 0, first = 0, second = 0, fourth = 0;
        for (int i = 0; i < n; i++)
        {
            double u = Philox.Uniform(7, RandomStream.Reset, (ulong)i), z = Philox.Normal(7,
                RandomStream.Exploration, (ulong)i);
            Assert.That(u, Is.InRange(0, 1 - 1e-16));
            uniform += u / n;
            first += z / n;
            second += z * z / n;
            fourth += z * z * z * z / n;
        }
        // five standard errors each
        Assert.That(uniform, Is.EqualTo(0.5).Within(5 * Math.Sqrt(1.0 / 12 / n)));
        Assert.That(first, Is.EqualTo(0).Within(5 / Math.Sqrt(n)));
        Assert.That(second, Is.EqualTo(1).Within(5 * Math.Sqrt(2.0 / n)));
        Assert.That(fourth, Is.EqualTo(3).Within(5 * Math.Sqrt(96.0 / n)));
    }

    [Test]
    public void Streams_lanes_indices_and_seeds_differ()
    {
        PhiloxBlock[] blocks =
        [
            Philox.At(1, RandomStream.Reset, 5), Philox.At(2, RandomStream.Reset, 5),
            Philox.At(1, RandomStream.Minibatch, 5),
            Philox.At(1, RandomStream.Reset, 6), Philox.At(1, RandomStream.Reset, 5, 1),
            Philox.At(1UL << 32, RandomStream.Reset, 5),
            Philox.At(1, RandomStream.Reset, 5UL << 32),
        ];
        Assert.That(blocks, Is.Unique);
    }

    [TestCase(1)]
    [TestCase(31)]
    [TestCase(1_000_000)]
    public void Indices_cover_their_range(int count)
    {
        Assert.That(Philox.Index(0, count), Is.Zero);
        Assert.That(Philox.Index(uint.MaxValue, count), Is.EqualTo(count - 1));
    }
}
