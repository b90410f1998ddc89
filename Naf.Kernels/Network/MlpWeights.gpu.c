// The gradient of a learner's weights, and Adam, by tiles of a layer's matrix. Included after what says what a Learner is: `state` is its row of
// memory, in which every array has its place ..._AT; rate and epsilon are Adam's, corrected. Where there is a target, TARGET_AT is defined.

#include "Mlp.gpu.c"
#include "Reduction.gpu.c"

// every thread takes 2 x 4 weights
#define TILE_A (THREADS / 16 * 2)
#define TILE_B 64

// which weights a tile holds: G[a][b] = sum_m A[m][a] B[m][b]. The first layer's rows are inputs (A = x, B = dz), those above are units
// (A = dz, B = h); the biases belong to the units' side
typedef struct { int network, layer, a, b, a_count, b_count, a_at, a_row, b_at, weights, bias; bool first_layer; } Tile;

#define TILES_OF(a_count, b_count) (((a_count) + TILE_A - 1) / TILE_A * (((b_count) + TILE_B - 1) / TILE_B))

DEVICE Tile tile_at(int index)
{
    Tile t;
    t.network = t.layer = 0;
    for (;;)
    {
        t.a_count = t.layer == 0 ? INPUT : t.layer < LAYERS ? UNITS[t.layer] : OUTPUTS[t.network];
        t.b_count = t.layer == 0 ? PAD(UNITS[0]) : PAD(UNITS[t.layer - 1]);
        int tiles = TILES_OF(t.a_count, t.b_count);
        if (index < tiles) break;
        index -= tiles;
        if (++t.layer > LAYERS)
        {
            t.layer = 0;
            t.network++;
        }
    }
    int across = (t.b_count + TILE_B - 1) / TILE_B, network_at = BATCH * t.network * TOTAL_WIDTH;
    t.a = index / across * TILE_A;
    t.b = index % across * TILE_B;
    t.first_layer = t.layer == 0;
    t.a_at = t.first_layer ? X_AT
        : t.layer < LAYERS ? DELTA_AT + network_at + BATCH * WIDTH_BEFORE[t.layer] : HEADS_GRADIENT_AT + FIRST_OUTPUT[t.network];
    t.a_row = t.first_layer ? PAD(INPUT) : t.layer < LAYERS ? PAD(UNITS[t.layer]) : HEADS;
    t.b_at = t.first_layer ? DELTA_AT + network_at : HIDDEN_AT + network_at + BATCH * WIDTH_BEFORE[t.layer - 1];
    t.weights = BASE[t.network] + WEIGHTS[t.layer];
    // with normalisation a hidden layer's shift has its gradient from the backward phase
    t.bias = BASE[t.network] + (t.layer < LAYERS ? BIASES[t.layer] : HEAD_BIAS[t.network]);
    return t;
}

// the gradient of a tile of weights and of the biases at its edge; their squares summed
DEVICE void gradient_tile(const Learner* l, int index, LOCAL float* partial)
{
    Tile t = tile_at(index);
    int a = t.a + THREAD / 16 * 2, b = t.b + THREAD % 16 * 4;
    bool has0 = a < t.a_count && b < t.b_count, has1 = a + 1 < t.a_count && b < t.b_count;
    float sums[2][4] = { { 0, 0, 0, 0 }, { 0, 0, 0, 0 } }, bias_a[2] = { 0, 0 }, bias_b[4] = { 0, 0, 0, 0 };
    if (has0)
    {
        UNROLL_BY(LOADS_AHEAD)
        for (int m = 0; m < BATCH; m++)
        {
            GLOBAL const float* left = l->state + t.a_at + m * t.a_row + a;
            float a0 = left[0], a1 = has1 ? left[1] : 0;
            float4 right = LOAD4(l->state + t.b_at + m * t.b_count + b);
            sums[0][0] = fma(a0, right.x, sums[0][0]);
            sums[0][1] = fma(a0, right.y, sums[0][1]);
            sums[0][2] = fma(a0, right.z, sums[0][2]);
            sums[0][3] = fma(a0, right.w, sums[0][3]);
            sums[1][0] = fma(a1, right.x, sums[1][0]);
            sums[1][1] = fma(a1, right.y, sums[1][1]);
            sums[1][2] = fma(a1, right.z, sums[1][2]);
            sums[1][3] = fma(a1, right.w, sums[1][3]);
            bias_a[0] += a0;
            bias_a[1] += a1;
            bias_b[0] += right.x;
            bias_b[1] += right.y;
            bias_b[2] += right.z;
            bias_b[3] += right.w;
        }
    }

    float square = 0;
    for (int i = 0; i < 2; i++)
        if (i == 0 ? has0 : has1)
            for (int j = 0; j < 4; j++)
            {
                l->state[GRADIENT_AT + t.weights + (a + i) * t.b_count + b + j] = sums[i][j];
                square = fma(sums[i][j], sums[i][j], square);
            }
    if (!(BATCH_NORM && t.layer < LAYERS))
    {
        if (t.first_layer && a == 0 && has0)
            for (int j = 0; j < 4; j++)
            {
                l->state[GRADIENT_AT + t.bias + b + j] = bias_b[j];
                square = fma(bias_b[j], bias_b[j], square);
            }
        if (!t.first_layer && b == 0)
            for (int i = 0; i < 2; i++)
                if (i == 0 ? has0 : has1)
                {
                    l->state[GRADIENT_AT + t.bias + a + i] = bias_a[i];
                    square = fma(bias_a[i], bias_a[i], square);
                }
    }
    else if (t.first_layer ? a == 0 && has0 : b == 0 && has0)
        // scale and shift of the units at this edge
        for (int i = 0; i < (t.first_layer ? 4 : has1 ? 2 : 1); i++)
        {
            int unit = (t.first_layer ? b : a) + i;
            float shift = l->state[GRADIENT_AT + t.bias + unit];
            square = fma(shift, shift, square);
#if BATCH_NORM
            float scale = l->state[GRADIENT_AT + BASE[t.network] + SCALES[t.layer] + unit];
            square = fma(scale, scale, square);
#endif
        }
    square = group_sum(square, partial);
    if (THREAD == 0) l->state[SQUARES_AT + index] = square;
}

// one step of Adam; Adam.cs
DEVICE float adam(const Learner* l, int i, float scale)
{
    float g = scale * l->state[GRADIENT_AT + i];
    float m = fma(l->state[SETTINGS_AT + REST1], g, l->state[SETTINGS_AT + BETA1] * l->state[FIRST_AT + i]);
    float v = fma(l->state[SETTINGS_AT + REST2] * g, g, l->state[SETTINGS_AT + BETA2] * l->state[SECOND_AT + i]);
    m = fabs(m) < SMALLEST_FIRST ? 0 : m;
    v = v < SMALLEST_SECOND ? 0 : v;
    l->state[FIRST_AT + i] = m;
    l->state[SECOND_AT + i] = v;
    float theta = fma(l->rate, m / (sqrt(v) + l->epsilon), l->state[THETA_AT + i]);
    l->state[THETA_AT + i] = theta;
#ifdef TARGET_AT
    // theta' <- theta' + tau (theta - theta')
    if (i < BASE[1]) l->state[TARGET_AT + i] = fma(l->state[SETTINGS_AT + TAU], theta - l->state[TARGET_AT + i], l->state[TARGET_AT + i]);
#endif
    return theta;
}

// Adam for the weights of a tile and the biases at its edge, and the copies of the weights that the forward pass reads
DEVICE void apply_tile(const Learner* l, int index, float scale)
{
    Tile t = tile_at(index);
    EACH(e, TILE_A * TILE_B)
    {
        int a = t.a + e / TILE_B, b = t.b + e % TILE_B;
        if (a >= t.a_count || b >= t.b_count) continue;
        int i = t.weights + a * t.b_count + b;
        float theta = adam(l, i, scale);
        if (t.first_layer) continue;
        int to = TRANSPOSED[t.layer] + b * PAD(t.a_count) + a;
        // rows of padding are not read
        if (b < INPUTS(t.layer)) l->state[TRANSPOSED_AT + TRANSPOSED_BASE[t.network] + to] = theta;
#ifdef TARGET_AT
        if (b < INPUTS(t.layer) && t.network == 0) l->state[TARGET_TRANSPOSED_AT + to] = l->state[TARGET_AT + i];
#endif
    }
    int edge = t.first_layer ? t.b : t.a, end = t.first_layer ? t.b_count : t.a_count, units = t.first_layer ? TILE_B : TILE_A;
    if ((t.first_layer ? t.a : t.b) == 0)
        EACH(e, units < end - edge ? units : end - edge)
        {
            adam(l, t.bias + edge + e, scale);
#if BATCH_NORM
            if (t.layer < LAYERS) adam(l, BASE[t.network] + SCALES[t.layer] + edge + e, scale);
#endif
        }
}

// the copies of a tile of weights that the forward pass reads
DEVICE void transpose_tile(GLOBAL float* state, int index)
{
    Tile t = tile_at(index);
    EACH(e, t.first_layer ? 0 : TILE_A * TILE_B)
    {
        int a = t.a + e / TILE_B, b = t.b + e % TILE_B, to = TRANSPOSED[t.layer] + b * PAD(t.a_count) + a;
        if (a >= t.a_count || b >= INPUTS(t.layer)) continue;
        int from = t.weights + a * t.b_count + b;
        state[TRANSPOSED_AT + TRANSPOSED_BASE[t.network] + to] = state[THETA_AT + from];
#ifdef TARGET_AT
        if (t.network == 0) state[TARGET_TRANSPOSED_AT + to] = state[TARGET_AT + from];
#endif
    }
}

#if BATCH_NORM
// running <- running + rate (batch - running), and the target's after them
DEVICE void apply_statistics(const Learner* l)
{
    for (int network = 0; network < NETWORKS; network++)
        for (int layer = 0; layer < LAYERS; layer++)
        {
            int columns = PAD(UNITS[layer]), at = network * STATISTICS + MEANS[layer];
            GLOBAL const float* moments = l->state + MOMENTS_AT + 3 * (network * TOTAL_WIDTH + WIDTH_BEFORE[layer]);
            EACH(e, 2 * columns)
            {
                float s = fma(BATCH_NORM_RATE, moments[e] - l->state[STATISTICS_AT + at + e], l->state[STATISTICS_AT + at + e]);
                l->state[STATISTICS_AT + at + e] = s;
                if (network == 0)
                {
                    float target = l->state[TARGET_STATISTICS_AT + at + e];
                    l->state[TARGET_STATISTICS_AT + at + e] = fma(l->state[SETTINGS_AT + TAU], s - target, target);
                }
            }
        }
}
#endif
