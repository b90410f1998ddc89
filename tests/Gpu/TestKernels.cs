using Naf.Gpu;

namespace Naf.Tests;

/// <summary>Kernels that show what a device does.</summary>
internal static class TestKernels
{
    /// <summary>Threads of a group.</summary>
    public const int Threads = 64;

    private const string Text = """
        #include "Sum.gpu.c"

        // every kind of argument
        KERNEL(THREADS) void take_all(
            GLOBAL float* RESTRICT out, GLOBAL const double* d, GLOBAL const ulong* u, int i, uint v, long l, ulong w, float f)
        {
            int at = GROUP * THREADS + THREAD;
            if (at < 8)
                out[at] = at == 0 ? (float)d[1] : at == 1 ? (float)u[1] : at == 2 ? i : at == 3 ? (float)v : at == 4 ? (float)l
                    : at == 5 ? (float)(w >> 40) : at == 6 ? f : GROUPS;
        }

        // x <- SCALE x + a; an item a thread
        KERNEL(THREADS) void scale(GLOBAL float* x, int n, float a)
        {
            int at = GROUP * THREADS + THREAD;
            if (at < n) x[at] = SCALE * x[at] + a;
        }

        // the sum of each group's items, by local memory and barriers
        KERNEL(THREADS) void sum(GLOBAL const int* x, GLOBAL int* sums, int n)
        {
            SHARED(int, part, 1);
            int at = GROUP * THREADS + THREAD;
            part[THREAD] = at < n ? x[at] : 0;
            BARRIER();
            group_sum(part);
            if (THREAD == 0) sums[GROUP] = part[0];
        }

        // groups meet `rounds` times: in each, a group adds what the next one wrote in the round before
        KERNEL(THREADS) void meet(GLOBAL uint* arrived, GLOBAL int* written, int rounds)
        {
            for (int round = 1; round <= rounds; round++)
            {
                int from = ((round + 1) & 1) * GROUPS, to = (round & 1) * GROUPS;
                if (THREAD == 0)
                {
                    written[to + GROUP] = ((volatile GLOBAL int*)written)[from + (GROUP + 1) % GROUPS] + 1;
                    MEMORY_FENCE();
                    ATOMIC_ADD(arrived, 1u);
                    while (*(volatile GLOBAL uint*)arrived < (uint)(round * GROUPS)) SPIN();
                    MEMORY_FENCE();
                }
                BARRIER();
            }
        }
        """;

    private const string WideText = """
        // as much local memory as there is
        KERNEL(THREADS) void wide(GLOBAL float* out, int items)
        {
            SHARED(float, big, WIDE);
            for (int i = THREAD; i < items; i += THREADS) big[i] = i;
            BARRIER();
            out[GROUP * THREADS + THREAD] = big[items - 1 - THREAD];
        }
        """;

    private const string Sum = """
        DEVICE void group_sum(LOCAL int* part)
        {
            for (int half_way = THREADS / 2; half_way > 0; half_way /= 2)
            {
                if (THREAD < half_way) part[THREAD] += part[THREAD + half_way];
                BARRIER();
            }
        }
        """;

    /// <summary>All of them.</summary>
    public static KernelSource All(float scale = 2) => Source(Text, ("SCALE", scale));

    /// <summary>The one that takes <paramref name="items"/> floats of local memory.</summary>
    public static KernelSource Wide(int items) => Source(WideText, ("WIDE", items));

    /// <summary>A source of one's own.</summary>
    public static KernelSource Source(string text, params (string Name, object Value)[] constants) => KernelSource.Load(
        typeof(TestKernels).Assembly, "Test.gpu.c",
        [new("THREADS", Threads), .. constants.Select(c => KeyValuePair.Create(c.Name, c.Value))],
        new Dictionary<string, string> { ["Test.gpu.c"] = text, ["Sum.gpu.c"] = Sum });
}
