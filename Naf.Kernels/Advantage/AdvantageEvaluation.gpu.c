// V, mu, L, A and Q of many samples from the networks' raw outputs, a thread each
//   v, advantage, q: [samples]      m, u, mu: [samples][ACTION]      l, lower: [samples][packed triangle]

#include "NafAdvantage.gpu.c"

#define PACKED_SIZE PACKED(ACTION, 0)

KERNEL(THREADS) void naf_advantage(
    GLOBAL const float* RESTRICT v, GLOBAL const float* RESTRICT m, GLOBAL const float* RESTRICT l, GLOBAL const float* RESTRICT u,
    GLOBAL float* RESTRICT mu, GLOBAL float* RESTRICT lower, GLOBAL float* RESTRICT advantage, GLOBAL float* RESTRICT q, float bound, int samples)
{
    for (int s = GROUP * THREADS + THREAD; s < samples; s += GROUPS * THREADS)
    {
        float z[ACTION];
        for (int i = 0; i < ACTION; i++)
        {
            float mean = squash_mean(m[s * ACTION + i]).value, d = u[s * ACTION + i] - mean;
            mu[s * ACTION + i] = mean;
            // z = L' d, row by row of L
            z[i] = 0;
            for (int j = 0; j < i; j++)
            {
                float below = l[s * PACKED_SIZE + PACKED(i, j)];
                lower[s * PACKED_SIZE + PACKED(i, j)] = below;
                z[j] = fma(below, d, z[j]);
            }
            float diagonal = squash_diagonal(l[s * PACKED_SIZE + PACKED(i, i)], bound).value;
            lower[s * PACKED_SIZE + PACKED(i, i)] = diagonal;
            z[i] = fma(diagonal, d, z[i]);
        }
        float square = 0;
        for (int j = 0; j < ACTION; j++) square = fma(z[j], z[j], square);
        advantage[s] = -0.5f * square;
        q[s] = v[s] - 0.5f * square;
    }
}
