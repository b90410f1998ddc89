using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Naf.Gpu.Cpu;
using Naf.Kernels.Random;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>
/// The normals of <see cref="RolloutNormals"/> for one step of a block of rollouts, 16 Philox blocks at a time, in
/// 512-bit vectors. The runtime splits them on a CPU with smaller registers, with the same results.
/// </summary>
internal sealed unsafe class NormalTable : IDisposable
{
    private const int Group = 16;
    private readonly int _blocks;
    private readonly HostBuffer _normals, _counters;

    /// <param name="count">Normals per step of a rollout.</param>
    /// <param name="rollouts">Maximum number of rollouts of a block.</param>
    public NormalTable(int count, int rollouts)
    {
        _blocks = RolloutNormals.Blocks(count);
        Row = 4 * _blocks;
        int places = (rollouts * _blocks + Group - 1) / Group * Group;
        _normals = new HostBuffer(4L * places);
        _counters = new HostBuffer(4L * places);
        // lane 4 q + j of a group has place 4 j + q, so that StoreTransposed needs no shuffles across the quarters
        // of a register
        for (int p = 0; p < places; p++)
        {
            int lane = p % Group, place = p - lane + 4 * (lane % 4) + lane / 4;
            Numbers[p] = (ulong)(place / _blocks);
            Lanes[p] = (ulong)(place % _blocks);
        }
    }

    /// <summary>Row stride in floats.</summary>
    public int Row { get; }

    /// <summary>[rollouts, Row].</summary>
    public float* Normals => _normals.Pointer;

    // [places]: rollout within the block, lane within the step
    private ulong* Numbers => (ulong*)_counters.Pointer;
    private ulong* Lanes => (ulong*)_counters.Pointer + _counters.Length / 4;

    /// <summary>Fills in the normals of step <paramref name="step"/> of rollouts first … first + count − 1.</summary>
    public void Fill(ulong seed, RandomStream stream, ulong first, int step, int count)
    {
        Vector512<ulong>* keys = stackalloc Vector512<ulong>[20];
        for (int round = 0; round < 10; round++)
        {
            keys[2 * round] = Vector512.Create((ulong)((uint)seed + (uint)round * 0x9E3779B9u));
            keys[2 * round + 1] = Vector512.Create((ulong)((uint)(seed >> 32) + (uint)round * 0xBB67AE85u));
        }
        Vector512<ulong> purpose = Vector512.Create((ulong)stream), number = Vector512.Create(first);
        Vector512<ulong> lane = Vector512.Create((ulong)(step * _blocks));
        for (int p = 0; p < count * _blocks; p += Group)
        {
            Words low = Philox(keys, number + Vector512.Load(Numbers + p), lane + Vector512.Load(Lanes + p), purpose);
            Words high = Philox(
                keys, number + Vector512.Load(Numbers + p + 8), lane + Vector512.Load(Lanes + p + 8), purpose);
            (Vector512<float> n0, Vector512<float> n1) =
                BoxMuller(Vector512.Narrow(low.A, high.A), Vector512.Narrow(low.B, high.B));
            (Vector512<float> n2, Vector512<float> n3) =
                BoxMuller(Vector512.Narrow(low.C, high.C), Vector512.Narrow(low.D, high.D));
            StoreTransposed(n0, n1, n2, n3, Normals + 4 * p);
        }
    }

    public void Dispose()
    {
        _normals.Dispose();
        _counters.Dispose();
    }

    private readonly record struct Words(
        Vector512<ulong> A, Vector512<ulong> B, Vector512<ulong> C, Vector512<ulong> D);

    // ten rounds on eight counters; only the lower halves of the 64-bit lanes are used. Not inlined: one large method
    // would be too much for the JIT where it splits vectors; it would leave calls in it, at ten times the cost
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Words Philox(
        Vector512<ulong>* keys, Vector512<ulong> index, Vector512<ulong> c2, Vector512<ulong> c3)
    {
        Vector512<ulong> m0 = Vector512.Create(0xD2511F53ul), m1 = Vector512.Create(0xCD9E8D57ul);
        Vector512<ulong> c0 = index, c1 = index >>> 32;
        for (int round = 0; round < 10; round++)
        {
            Vector512<ulong> p0 = Product(m0, c0), p1 = Product(m1, c2);
            (c0, c1, c2, c3) = ((p1 >>> 32) ^ c1 ^ keys[2 * round], p1, (p0 >>> 32) ^ c3 ^ keys[2 * round + 1], p0);
        }
        return new Words(c0, c1, c2, c3);
    }

    // the 64-bit product of the lower halves
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Product(Vector512<ulong> a, Vector512<ulong> b)
    {
        if (Avx512F.IsSupported) return Avx512F.Multiply(a.AsUInt32(), b.AsUInt32());
        if (Avx2.IsSupported)
            return Vector512.Create(
                Avx2.Multiply(a.GetLower().AsUInt32(), b.GetLower().AsUInt32()),
                Avx2.Multiply(a.GetUpper().AsUInt32(), b.GetUpper().AsUInt32()));
        Vector512<ulong> lower = Vector512.Create((ulong)uint.MaxValue);
        return (a & lower) * (b & lower);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Vector512<float> First, Vector512<float> Second) BoxMuller(
        Vector512<uint> radius, Vector512<uint> angle)
    {
        Vector512<float> unit = Vector512.Create(1f / (1 << 24));
        // integers of at most 24 bits convert exactly, also as signed integers
        Vector512<float> a = Vector512.ConvertToSingle(((radius >>> 8) + Vector512<uint>.One).AsInt32()) * unit;
        Vector512<float> turn = Vector512.ConvertToSingle((angle >>> 8).AsInt32()) * unit;
        Vector512<float> length = Vector512.Sqrt(Vector512.Create(-2f) * VectorMath.Log(a));
        (Vector512<float> sine, Vector512<float> cosine) = VectorMath.SinCosTurns(turn);
        return (length * cosine, length * sine);
    }

    // transposes 4 × 4 blocks, one in each quarter of the registers
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreTransposed(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to)
    {
        if (Avx512F.IsSupported)
        {
            Vector512<float> ab0 = Avx512F.UnpackLow(a, b), ab1 = Avx512F.UnpackHigh(a, b);
            Vector512<float> cd0 = Avx512F.UnpackLow(c, d), cd1 = Avx512F.UnpackHigh(c, d);
            Avx512F.Shuffle(ab0, cd0, 0x44).Store(to);
            Avx512F.Shuffle(ab0, cd0, 0xEE).Store(to + 16);
            Avx512F.Shuffle(ab1, cd1, 0x44).Store(to + 32);
            Avx512F.Shuffle(ab1, cd1, 0xEE).Store(to + 48);
            return;
        }
        for (int lane = 0; lane < Group; lane++)
        {
            float* place = to + 4 * (4 * (lane % 4) + lane / 4);
            (place[0], place[1], place[2], place[3]) =
                (a.GetElement(lane), b.GetElement(lane), c.GetElement(lane), d.GetElement(lane));
        }
    }
}
