// The update of Algorithm 1 in four phases; NafCrew.cs is the same on a CPU:
//   forward    sample the minibatch; h and outputs of every network for x; y = r + gamma V'(x')
//   backward   Q(x, u), the loss, and its gradient at every hidden unit
//   gradient   of every weight, by tiles
//   apply      Adam, and theta' <- tau theta + (1 - tau) theta'; nothing that is not finite is applied
// Between two phases the groups of a learner meet. Every number is made by one thread in a fixed order, whichever group it is in.

#include "NafPasses.gpu.c"
#include "MlpWeights.gpu.c"
#include "NafPolicy.gpu.c"

#define ROW_TILES ((BATCH + ROWS - 1) / ROWS)

DEVICE void forward_phase(const Learner* l, int part, int parts, LOCAL float* pool)
{
    for (int task = part; task < (l->runs ? (NETWORKS + 1) * ROW_TILES : 0); task += parts)
        forward_tile(l, task % (NETWORKS + 1), task / (NETWORKS + 1) * ROWS, pool, pool + ACTIVATIONS);
}

DEVICE void backward_phase(const Learner* l, int part, int parts, LOCAL float* pool)
{
    for (int task = part; task < (l->runs ? NETWORKS * ROW_TILES : 0); task += parts)
        backward_tile(l, task % NETWORKS, task / NETWORKS * ROWS, pool, pool + ACTIVATIONS, pool + SCRATCH_AT);
}

DEVICE void gradient_phase(const Learner* l, int part, int parts, LOCAL float* pool)
{
    for (int tile = part; tile < (l->runs ? TILES : 0); tile += parts) gradient_tile(l, tile, pool);
}

DEVICE void apply_phase(const Learner* l, int part, int parts, LOCAL float* pool)
{
    // loss, mean Q and the gradient's norm, by every group for itself
    float loss = 0, q = 0, square = 0;
    EACH(m, BATCH)
    {
        float error = l->state[ERROR_AT + m];
        loss = fma(error, error, loss);
        q += l->state[Q_AT + m];
    }
    EACH(tile, TILES) square += l->state[SQUARES_AT + tile];
    loss = group_sum(loss, pool) / BATCH;
    q = group_sum(q, pool) / BATCH;
    float norm = sqrt(group_sum(square, pool));

    // nothing that is not finite reaches the parameters: the learner stops
    bool finite = IS_FINITE(loss) && IS_FINITE(norm);
    float clip = l->state[SETTINGS_AT + CLIP_NORM], scale = clip > 0 && norm > clip ? clip / norm : 1;
    for (int tile = part; tile < (l->runs && finite ? TILES : 0); tile += parts) apply_tile(l, tile, scale);
#if BATCH_NORM
    if (part == 0 && l->runs && finite) apply_statistics(l);
#endif
    if (part == 0 && THREAD == 0)
    {
        l->result[0] = loss;
        l->result[1] = norm;
        l->result[2] = q;
        l->result[3] = !l->runs ? 0 : finite ? 1 : -1;
        if (l->runs && !finite) l->state[STOPPED_AT] = 1;
    }
}

// Waits for the other groups of the learner: all of them run at the same time (a cooperative launch), or there is one.
DEVICE void meet(GLOBAL uint* meeting, int parts, uint until)
{
    BARRIER();
    if (parts > 1 && THREAD == 0)
    {
        MEMORY_FENCE();
        ATOMIC_ADD(meeting, 1u);
        while ((int)(*(volatile GLOBAL uint*)meeting - until) < 0) SPIN();
        MEMORY_FENCE();
    }
    BARRIER();
}

// One phase of update k of a call, or all its updates: groups learner * parts .. + parts - 1 are a learner's.
//   states: [learner][LEARNER_ROW]      results: [update][learner][4] loss, norm, mean Q and 1 made, 0 not, -1 stopped
//   calls: [learner][call_row], header and per update {rate, epsilon} as bits      replay, imagined: [learner][..._rows][REPLAY_ROW]
#define PHASE(pool_size, phase) \
    { \
        SHARED(float, pool, pool_size); \
        Learner l = learner_at(states, results, calls, replay, imagined, replay_rows, imagined_rows, call_row, imagined_updates, \
                               GROUP / parts, GROUPS / parts, k); \
        phase(&l, GROUP % parts, parts, pool); \
    }

KERNEL(THREADS) void naf_forward(
    GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay, GLOBAL const float* imagined,
    ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates, int parts, int k)
PHASE(SCRATCH_AT, forward_phase)

KERNEL(THREADS) void naf_backward(
    GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay, GLOBAL const float* imagined,
    ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates, int parts, int k)
PHASE(POOL, backward_phase)

KERNEL(THREADS) void naf_gradient(
    GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay, GLOBAL const float* imagined,
    ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates, int parts, int k)
PHASE(THREADS, gradient_phase)

KERNEL(THREADS) void naf_apply(
    GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay, GLOBAL const float* imagined,
    ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates, int parts, int k)
PHASE(THREADS, apply_phase)

// meetings: [learner], met: what each stood at before; it grows by parts at every meeting
KERNEL(THREADS) void naf_update(
    GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay, GLOBAL const float* imagined,
    ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates, int parts, int updates, GLOBAL uint* meetings, uint met)
{
    SHARED(float, pool, POOL);
    int part = GROUP % parts;
    GLOBAL uint* meeting = meetings + GROUP / parts;
    for (int k = 0; k < updates; k++)
    {
        Learner l = learner_at(states, results, calls, replay, imagined, replay_rows, imagined_rows, call_row, imagined_updates,
                               GROUP / parts, GROUPS / parts, k);
        forward_phase(&l, part, parts, pool);
        meet(meeting, parts, met += (uint)parts);
        backward_phase(&l, part, parts, pool);
        meet(meeting, parts, met += (uint)parts);
        gradient_phase(&l, part, parts, pool);
        meet(meeting, parts, met += (uint)parts);
        apply_phase(&l, part, parts, pool);
        meet(meeting, parts, met += (uint)parts);
    }
}

// u = mu(x), one sample of each learner from `learner` on: x [groups][INPUT], u [groups][ACTION]
KERNEL(THREADS) void naf_act(GLOBAL float* states, GLOBAL const float* x, GLOBAL float* u, int learner)
{
    SHARED(float, pool, ACTIVATIONS + PARTIALS);
    GLOBAL float* state = states + (ulong)(learner + GROUP) * LEARNER_ROW;
    EACH(e, INPUT * ROWS)
        pool[e] = e % ROWS == 0 ? state[INPUT_SCALE_AT + e / ROWS] * x[GROUP * INPUT + e / ROWS] : 0;
    BARRIER();
    MlpPass pass = policy_pass(state);
    mlp_forward(&pass, pool, pool + ACTIVATIONS);
    EACH(e, ACTION) u[GROUP * ACTION + e] = tanh(pool[(MU_OUTPUT + e) * ROWS]);
}

// transitions from where they were staged: rows [count][REPLAY_ROW], each with its place in replay
KERNEL(THREADS) void replay_insert(GLOBAL float* replay, GLOBAL const float* rows, GLOBAL const ulong* places, int count)
{
    for (int e = GROUP * THREADS + THREAD; e < count * REPLAY_ROW; e += GROUPS * THREADS)
        replay[places[e / REPLAY_ROW] * REPLAY_ROW + e % REPLAY_ROW] = rows[e];
}

// the copies of the weights that the forward pass reads, after theta and theta' were written from outside: a group a tile
KERNEL(THREADS) void naf_transpose(GLOBAL float* states) { transpose_tile(states + (ulong)(GROUP / TILES) * LEARNER_ROW, GROUP % TILES); }
