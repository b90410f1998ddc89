// What a device reaches at best: products and sums that need no memory, and a copy that needs nothing else

#define CHAINS 8
#define TURNS 256

// CHAINS independent sums a thread, 2 CHAINS TURNS operations each round; the result is kept so that none is left out
KERNEL(THREADS) void ceiling_arithmetic(GLOBAL float* RESTRICT sums, int rounds, float factor)
{
    float s[CHAINS];
    UNROLL
    for (int c = 0; c < CHAINS; c++) s[c] = (float)(THREAD + c);
    for (int round = 0; round < rounds; round++)
        for (int turn = 0; turn < TURNS; turn++)
        {
            UNROLL
            for (int c = 0; c < CHAINS; c++) s[c] = fma(s[c], factor, 0.5f);
        }
    float sum = 0;
    UNROLL
    for (int c = 0; c < CHAINS; c++) sum += s[c];
    sums[GROUP * THREADS + THREAD] = sum;
}

KERNEL(THREADS) void ceiling_copy(GLOBAL const float* RESTRICT from, GLOBAL float* RESTRICT to, ulong count)
{
    for (ulong i = (ulong)GROUP * THREADS + THREAD; i < count; i += (ulong)GROUPS * THREADS) to[i] = from[i];
}
