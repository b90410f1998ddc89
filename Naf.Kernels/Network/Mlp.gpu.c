// Forward pass of a perceptron by one group, for a tile of ROWS samples that stay in local memory:
//   h0 = x,  zl = h(l-1) Wl + bl,  hl = max(zl, 0),  output = h W + b
// Layout of parameters: MlpShape.cs. Weights above the first layer are read transposed, a row per input, so that neighbouring threads read
// neighbouring floats. Constants: THREADS, ROWS, ROWS_PER_THREAD and what GpuNetworks.cs generates.
// Parameters change while a persistent kernel runs: nothing here is RESTRICT, which would let stale caches be read.

#include "Networks.gpu.c"

// floats of local memory: a tile's activations [unit][ROWS], and the partial sums of a product
#define ACTIVATIONS (MAX_WIDTH * ROWS)
#define PARTIALS (THREADS * 4 * ROWS_PER_THREAD > ACTIVATIONS ? THREADS * 4 * ROWS_PER_THREAD : ACTIVATIONS)

// turns of a sum whose loads are under way at the same time: on a GPU, where one takes some hundred cycles
#if THREADS >= 128
#define LOADS_AHEAD 8
#else
#define LOADS_AHEAD 1
#endif

#define INPUTS(layer) ((layer) == 0 ? INPUT : UNITS[(layer) - 1])

// one unit's activations in a thread's rows, four at a time where they can be
DEVICE void load_rows(LOCAL const float* from, float* h)
{
#if ROWS_PER_THREAD % 4 == 0
    UNROLL
    for (int r = 0; r < ROWS_PER_THREAD; r += 4)
    {
        float4 four = LOAD4(from + r);
        h[r] = four.x;
        h[r + 1] = four.y;
        h[r + 2] = four.z;
        h[r + 3] = four.w;
    }
#else
    UNROLL
    for (int r = 0; r < ROWS_PER_THREAD; r++) h[r] = from[r];
#endif
}

// partial[split][column][row] = the split's part of sum_k in[k][row] w[k][column]; returns the number of splits.
// A thread takes 4 columns and ROWS_PER_THREAD rows; where there are more threads than that, they split the sum.
DEVICE int product(GLOBAL const float* w, int columns, int inner, LOCAL const float* in, LOCAL float* partial)
{
    int column_groups = columns / 4, tiles = column_groups * (ROWS / ROWS_PER_THREAD);
    int splits = tiles < THREADS ? THREADS / tiles : 1;
    if (splits > inner) splits = inner;
    EACH(task, tiles * splits)
    {
        int column = 4 * (task % column_groups), row = task / column_groups % (ROWS / ROWS_PER_THREAD) * ROWS_PER_THREAD;
        int split = task / tiles, end = inner * (split + 1) / splits;
        float s0[ROWS_PER_THREAD], s1[ROWS_PER_THREAD], s2[ROWS_PER_THREAD], s3[ROWS_PER_THREAD];
        UNROLL
        for (int r = 0; r < ROWS_PER_THREAD; r++) s0[r] = s1[r] = s2[r] = s3[r] = 0;
        UNROLL_BY(LOADS_AHEAD)
        for (int k = inner * split / splits; k < end; k++)
        {
            float4 weights = LOAD4(w + k * columns + column);
            float h[ROWS_PER_THREAD];
            load_rows(in + k * ROWS + row, h);
            UNROLL
            for (int r = 0; r < ROWS_PER_THREAD; r++)
            {
                s0[r] = fma(weights.x, h[r], s0[r]);
                s1[r] = fma(weights.y, h[r], s1[r]);
                s2[r] = fma(weights.z, h[r], s2[r]);
                s3[r] = fma(weights.w, h[r], s3[r]);
            }
        }
        LOCAL float* to = partial + (split * columns + column) * ROWS + row;
        UNROLL
        for (int r = 0; r < ROWS_PER_THREAD; r++)
        {
            to[r] = s0[r];
            to[ROWS + r] = s1[r];
            to[2 * ROWS + r] = s2[r];
            to[3 * ROWS + r] = s3[r];
        }
    }
    BARRIER();
    return splits;
}

// the whole sum of a column and row, its parts always in the same order
DEVICE float product_sum(LOCAL const float* partial, int splits, int columns, int column, int row)
{
    float sum = partial[column * ROWS + row];
    for (int s = 1; s < splits; s++) sum += partial[(s * columns + column) * ROWS + row];
    return sum;
}

// which network, and what is kept of the pass
//   theta, transposed: of this network      running: statistics to normalise by, unless it trains
//   hidden, normalised: [layer][batch][PAD(units)], moments: [layer][3 PAD(units)], taken when it trains
//   first: the tile's first row in the batch      rows: rows of the tile that exist
typedef struct
{
    GLOBAL const float *theta, *transposed, *running;
    GLOBAL float *hidden, *normalised, *moments;
    int network, batch, first, rows;
    bool trains;
} MlpPass;

#if BATCH_NORM
// h = max(scale (z - mean) / sqrt(variance + eps) + shift, 0) for one unit and all rows of the tile, z in act; BatchNorm.cs.
// When it trains by the batch, whose moments [mean | variance | 1/root] and normalised values are kept; else by running statistics.
DEVICE void normalise(const MlpPass* pass, int layer, int column, int columns, LOCAL float* act)
{
    float mean = 0, variance = 0, scale = pass->theta[SCALES[layer] + column], shift = pass->theta[BIASES[layer] + column];
    for (int row = 0; row < ROWS; row++) mean += act[column * ROWS + row];
    mean *= 1.0f / ROWS;
    for (int row = 0; row < ROWS; row++)
    {
        float centred = act[column * ROWS + row] - mean;
        variance = fma(centred, centred, variance);
    }
    variance *= 1.0f / ROWS;
    if (!pass->trains)
    {
        mean = pass->running[MEANS[layer] + column];
        variance = pass->running[MEANS[layer] + columns + column];
    }
    float inverse = 1.0f / sqrt(variance + BATCH_NORM_EPSILON);
    if (pass->trains)
    {
        GLOBAL float* moments = pass->moments + 3 * WIDTH_BEFORE[layer];
        moments[column] = mean;
        moments[columns + column] = variance;
        moments[2 * columns + column] = inverse;
    }
    for (int row = 0; row < ROWS; row++)
    {
        float n = (act[column * ROWS + row] - mean) * inverse, y = fma(n, scale, shift);
        if (pass->trains) pass->normalised[pass->batch * WIDTH_BEFORE[layer] + row * columns + column] = n;
        act[column * ROWS + row] = y < 0 ? 0 : y;
    }
}
#endif

// Leaves the network's outputs in act as [output][ROWS], where its inputs stood as [input][ROWS].
DEVICE void mlp_forward(const MlpPass* pass, LOCAL float* act, LOCAL float* partial)
{
    for (int layer = 0; layer <= LAYERS; layer++)
    {
        bool is_hidden = layer < LAYERS, normal = BATCH_NORM && is_hidden;
        int columns = PAD(is_hidden ? UNITS[layer] : OUTPUTS[pass->network]);
        GLOBAL const float* bias = pass->theta + (is_hidden ? BIASES[layer] : HEAD_BIAS[pass->network]);
        GLOBAL const float* weights = layer == 0 ? pass->theta : pass->transposed + TRANSPOSED[layer];
        int splits = product(weights, columns, INPUTS(layer), act, partial);
        EACH(e, columns * ROWS)
        {
            int column = e % columns, row = e / columns;
            float z = product_sum(partial, splits, columns, column, row) + (normal ? 0 : bias[column]);
            act[column * ROWS + row] = is_hidden && !normal && z < 0 ? 0 : z;
        }
        BARRIER();
#if BATCH_NORM
        EACH(column, is_hidden ? columns : 0)
            normalise(pass, layer, column, columns, act);
        BARRIER();
#endif
        EACH(e, is_hidden && pass->trains ? columns * pass->rows : 0)
            pass->hidden[pass->batch * WIDTH_BEFORE[layer] + pass->first * columns + e] = act[e % columns * ROWS + e / columns];
    }
}
