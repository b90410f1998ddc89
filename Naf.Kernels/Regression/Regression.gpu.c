// An update of a regression (RegressionCrew.cs is the same on a CPU) in four launches:
//   forward    a group a tile of rows: g(z), the errors, and the loss's gradient at the outputs
//   backward   the same tiles: its gradient at every hidden unit
//   gradient   a group a tile of weights
//   apply      the same tiles: Adam; nothing that is not finite is applied
// Constants: GpuRegression.cs.

// settings of a learner
enum { BETA1, REST1, BETA2, REST2 };

typedef struct
{
    GLOBAL float* state;
    float rate, epsilon;
} Learner;

#include "MlpBackward.gpu.c"
#include "MlpWeights.gpu.c"

DEVICE Learner learner_at(GLOBAL float* states, int learner)
{
    Learner l;
    l.state = states + (ulong)learner * LEARNER_ROW;
    l.rate = l.epsilon = 0;
    return l;
}

// samples: [updates][BATCH][INPUT + HEADS], minibatches as they were drawn, standardised
KERNEL(THREADS) void regression_forward(GLOBAL float* states, GLOBAL const float* samples, int learner, int k)
{
    SHARED(float, pool, ACTIVATIONS + PARTIALS);
    Learner l = learner_at(states, learner);
    int first = GROUP * ROWS, rows = BATCH - first < ROWS ? BATCH - first : ROWS;
    GLOBAL const float* from = samples + ((ulong)k * BATCH + (ulong)first) * (INPUT + HEADS);
    EACH(e, INPUT * ROWS)
    {
        int i = e / ROWS, r = e % ROWS;
        float z = r < rows ? from[r * (INPUT + HEADS) + i] : 0;
        pool[e] = z;
        if (r < rows) l.state[X_AT + (first + r) * PAD(INPUT) + i] = z;
    }
    BARRIER();

    MlpPass pass;
    pass.theta = l.state + THETA_AT;
    pass.transposed = l.state + TRANSPOSED_AT;
    pass.hidden = l.state + HIDDEN_AT;
    pass.running = pass.normalised = pass.moments = l.state;
    pass.network = 0;
    pass.batch = BATCH;
    pass.first = first;
    pass.rows = rows;
    pass.trains = true;
    mlp_forward(&pass, pool, pool + ACTIVATIONS);

    // the errors g(z) - y, and dloss/dg
    EACH(e, HEADS * ROWS)
    {
        int output = e / ROWS, r = e % ROWS, at = (first + r) * HEADS + output;
        float error = r < rows ? pool[e] - from[r * (INPUT + HEADS) + INPUT + output] : 0, gradient = 2.0f / (BATCH * HEADS) * error;
        if (r < rows) l.state[ERROR_AT + at] = error;
        if (r < rows) l.state[HEADS_GRADIENT_AT + at] = gradient;
    }
}

KERNEL(THREADS) void regression_backward(GLOBAL float* states, int learner)
{
    SHARED(float, pool, ACTIVATIONS + PARTIALS);
    Learner l = learner_at(states, learner);
    int first = GROUP * ROWS, rows = BATCH - first < ROWS ? BATCH - first : ROWS;
    EACH(e, HEADS * ROWS) pool[e] = e % ROWS < rows ? l.state[HEADS_GRADIENT_AT + (first + e % ROWS) * HEADS + e / ROWS] : 0;
    BARRIER();
    mlp_backward(&l, 0, first, rows, pool, pool + ACTIVATIONS);
}

KERNEL(THREADS) void regression_gradient(GLOBAL float* states, int learner)
{
    SHARED(float, pool, THREADS);
    Learner l = learner_at(states, learner);
    gradient_tile(&l, GROUP, pool);
}

// results: [updates][2], the loss and 1 made, 0 not, -1 stopped;  corrections: [updates][2], Adam's rate and epsilon of each
KERNEL(THREADS) void regression_apply(GLOBAL float* states, GLOBAL float* results, GLOBAL const float* corrections, int learner, int k)
{
    SHARED(float, pool, THREADS);
    Learner l = learner_at(states, learner);
    l.rate = corrections[2 * k];
    l.epsilon = corrections[2 * k + 1];

    // loss and the gradient's norm, by every group for itself
    float loss = 0, square = 0;
    EACH(e, BATCH * HEADS) loss = fma(l.state[ERROR_AT + e], l.state[ERROR_AT + e], loss);
    EACH(tile, TILES) square += l.state[SQUARES_AT + tile];
    loss = group_sum(loss, pool) / (BATCH * HEADS);
    square = group_sum(square, pool);

    // nothing that is not finite reaches the parameters: the learner stops
    int runs = *(volatile GLOBAL float*)(l.state + STOPPED_AT) == 0, finite = IS_FINITE(loss) && IS_FINITE(square);
    for (int tile = GROUP; tile < (runs && finite ? TILES : 0); tile += GROUPS) apply_tile(&l, tile, 1);
    if (GROUP == 0 && THREAD == 0)
    {
        results[2 * k] = loss;
        results[2 * k + 1] = !runs ? 0 : finite ? 1 : -1;
        if (runs && !finite) l.state[STOPPED_AT] = 1;
    }
}

// the copies of the weights that the forward pass reads, after theta was written from outside: a group a tile
KERNEL(THREADS) void regression_transpose(GLOBAL float* states, int learner)
{
    transpose_tile(states + (ulong)learner * LEARNER_ROW, GROUP);
}
