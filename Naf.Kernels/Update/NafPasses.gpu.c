// Forward and backward pass of a learner's networks for a tile of the minibatch's rows, by one group.
// No BARRIER stands under a condition: a condition becomes a loop of no turns.

#include "NafLearner.gpu.c"
#include "MlpBackward.gpu.c"
#include "NafAdvantage.gpu.c"

// local memory of a group: activations, partial sums, and what the loss keeps
#define SCRATCH_AT (ACTIVATIONS + PARTIALS)
#define POOL (SCRATCH_AT + 7 * ACTION * ROWS)

// one tile of rows through one network, or x' through V' (network = NETWORKS)
DEVICE void forward_tile(const Learner* l, int network, int first, LOCAL float* act, LOCAL float* partial)
{
    bool is_target = network == NETWORKS;
    int rows = BATCH - first < ROWS ? BATCH - first : ROWS, column = is_target ? INPUT + ACTION + 2 : 0;

    // sample the minibatch
    EACH(e, INPUT * ROWS)
    {
        int i = e / ROWS, r = e % ROWS;
        float x = 0;
        if (r < rows) x = l->state[INPUT_SCALE_AT + i] * sampled_row(l, first + r)[column + i];
        act[e] = x;
        if (network == 0 && r < rows) l->state[X_AT + (first + r) * PAD(INPUT) + i] = x;
    }
    EACH(e, network == 0 ? ACTION * rows : 0)
        l->state[U_AT + first * ACTION + e] = sampled_row(l, first + e / ACTION)[INPUT + e % ACTION];
    BARRIER();

    // outputs of the network; the target normalises by its running statistics and keeps nothing
    MlpPass pass;
    pass.network = is_target ? 0 : network;
    pass.theta = l->state + (is_target ? TARGET_AT : THETA_AT + BASE[pass.network]);
    pass.transposed = l->state + (is_target ? TARGET_TRANSPOSED_AT : TRANSPOSED_AT + TRANSPOSED_BASE[pass.network]);
    pass.running = l->state + TARGET_STATISTICS_AT;
    pass.hidden = l->state + HIDDEN_AT + pass.network * BATCH * TOTAL_WIDTH;
    pass.normalised = l->state + NORMALISED_AT + pass.network * BATCH * TOTAL_WIDTH;
    pass.moments = l->state + MOMENTS_AT + pass.network * 3 * TOTAL_WIDTH;
    pass.batch = BATCH;
    pass.first = first;
    pass.rows = rows;
    pass.trains = !is_target;
    mlp_forward(&pass, act, partial);

    // y = r + gamma V'(x'), or the heads
    EACH(r, is_target ? rows : 0)
    {
        GLOBAL const float* row = sampled_row(l, first + r) + INPUT + ACTION;
        l->state[Y_AT + first + r] = l->state[SETTINGS_AT + REWARD_SCALE] * row[0] + l->state[SETTINGS_AT + GAMMA] * row[1] * act[r];
    }
    EACH(e, is_target ? 0 : OUTPUTS[pass.network] * rows)
    {
        int output = e % OUTPUTS[pass.network], r = e / OUTPUTS[pass.network];
        l->state[HEADS_AT + (first + r) * HEADS + FIRST_OUTPUT[pass.network] + output] = act[output * ROWS + r];
    }
    BARRIER();
}

// Q(x, u), the TD error, and the gradient of the loss at the outputs of one network: act becomes [output][ROWS]
DEVICE void loss_gradient(const Learner* l, int network, int first, int rows, LOCAL float* act, LOCAL float* scratch)
{
    LOCAL float *slope = scratch, *diagonal = slope + ACTION * ROWS, *slope_diagonal = diagonal + ACTION * ROWS;
    LOCAL float *d = slope_diagonal + ACTION * ROWS, *z = d + ACTION * ROWS, *dq = z + ACTION * ROWS;
    GLOBAL const float* heads = l->state + HEADS_AT + first * HEADS;

    // mu, the diagonal of L and d = u - mu
    EACH(e, ACTION * rows)
    {
        int i = e / rows, r = e % rows, at = i * ROWS + r;
        GLOBAL const float* head = heads + r * HEADS;
        Squashed mean = squash_mean(head[1 + i]), diag = squash_diagonal(head[1 + ACTION + PACKED(i, i)], l->state[SETTINGS_AT + BOUND]);
        slope[at] = mean.slope;
        diagonal[at] = diag.value;
        slope_diagonal[at] = diag.slope;
        d[at] = l->state[U_AT + (first + r) * ACTION + i] - mean.value;
    }
    BARRIER();

    // z = L' d
    EACH(e, ACTION * rows)
    {
        int j = e / rows, r = e % rows;
        GLOBAL const float* triangle = heads + r * HEADS + 1 + ACTION;
        float sum = diagonal[j * ROWS + r] * d[j * ROWS + r];
        for (int i = j + 1; i < ACTION; i++) sum = fma(triangle[PACKED(i, j)], d[i * ROWS + r], sum);
        z[j * ROWS + r] = sum;
    }
    BARRIER();

    // A = -1/2 z'z, the error Q - y and dloss/dQ
    EACH(r, rows)
    {
        float square = 0;
        for (int j = 0; j < ACTION; j++) square = fma(z[j * ROWS + r], z[j * ROWS + r], square);
        float q = heads[r * HEADS] - 0.5f * square, error = q - l->state[Y_AT + first + r];
        dq[r] = 2.0f / BATCH * error;
        // the same numbers from each network's group
        l->state[Q_AT + first + r] = q;
        l->state[ERROR_AT + first + r] = error;
    }
    BARRIER();

    // dloss/dV, dloss/dm and dloss/dl
    EACH(e, OUTPUTS[network] * ROWS)
    {
        int r = e % ROWS, output = FIRST_OUTPUT[network] + e / ROWS;
        GLOBAL const float* triangle = heads + r * HEADS + 1 + ACTION;
        float g = 0;
        if (r < rows)
        {
            if (output == 0)
                g = dq[r];
            else if (output <= ACTION)
            {
                int i = output - 1;
                float sum = diagonal[i * ROWS + r] * z[i * ROWS + r];
                for (int j = 0; j < i; j++) sum = fma(triangle[PACKED(i, j)], z[j * ROWS + r], sum);
                g = dq[r] * sum * slope[i * ROWS + r];
            }
            else
            {
                int i = 0, packed = output - 1 - ACTION;
                while (PACKED(i + 1, 0) <= packed) i++;
                int j = packed - PACKED(i, 0);
                g = -dq[r] * d[i * ROWS + r] * z[j * ROWS + r] * (i == j ? slope_diagonal[i * ROWS + r] : 1);
            }
            l->state[HEADS_GRADIENT_AT + (first + r) * HEADS + output] = g;
        }
        act[e] = g;
    }
    BARRIER();
}

// dloss/dz of every hidden layer for one tile of rows
DEVICE void backward_tile(const Learner* l, int network, int first, LOCAL float* act, LOCAL float* partial, LOCAL float* scratch)
{
    int rows = BATCH - first < ROWS ? BATCH - first : ROWS;
    loss_gradient(l, network, first, rows, act, scratch);
    mlp_backward(l, network, first, rows, act, partial);
}
