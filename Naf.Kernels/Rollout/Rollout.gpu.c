// Imagination rollouts, the formulas of LaneRolloutCrew.cs: a group takes ROWS rollouts of one learner through all their steps.
//   x = h(s, c),  u = clip(mu(x) + sigma eps, -1, 1),  s' = F_t [s; u] + f_t + chol(N_t) eps',  x' = h(s', c),  r = r(x, u),  t <- t + 1
// A tile holds what it holds as [entry][ROWS]. Constants: GpuRollouts.cs, which also generates Task.gpu.c (observe, reward, terminates).

#include "Philox.gpu.c"
#include "Task.gpu.c"

// turns of a sum whose loads are under way together, where loads take long
#ifdef __OPENCL_VERSION__
#define TURNS_AHEAD 1
#else
#define TURNS_AHEAD 4
#endif

#define INPUTS_OF_MODEL (STATE + ACTION)
#define REPLAY_ROW (2 * OBSERVATION + ACTION + 2)
#define BLOCKS(count) (((count) + 3) / 4)
#define NOISE (4 * (BLOCKS(ACTION) + BLOCKS(STATE)))
// local memory: activations, [s | u], eps, x, x', s', reward and bootstrap, then five integers a row and one
#define POOL (ROWS * (MAX_WIDTH + INPUTS_OF_MODEL + NOISE + 2 * OBSERVATION + STATE + 2 + 5) + 4)

// a learner's row of calls
enum { SEED_LOW, SEED_HIGH, NUMBER_LOW, NUMBER_HIGH, COUNT, STEPS, SAMPLE, SIGMA, NEXT, CALL_ROW };

#define WIDE(call, low) ((ulong)(uint)(call)[low] | (ulong)(uint)(call)[(low) + 1] << 32)

#include "RolloutPolicy.gpu.c"
#include "RolloutDynamics.gpu.c"
#include "RolloutRows.gpu.c"

// whether a row's column of a tile holds nothing else than finite numbers: what is not becomes NaN times 0
DEVICE int all_finite(int count, LOCAL const float* column)
{
    float sum = 0;
    for (int i = 0; i < count; i++) sum = fma(column[i * ROWS], 0.0f, sum);
    return sum == 0;
}

// The loops of this kernel are bare: PoCL gives wrong rows with EACH in their place, though not in the functions that it calls.
// starts: state [learners, rollouts, STATE], constants [.., CONSTANTS], time and end [..];  dynamics: packed, [learners, HORIZON, PACKED_STEP]
// bounds: [learners, 2, PAD(STATE)];  rows: [learners, rollouts, steps, REPLAY_ROW];  lengths: [learners, rollouts], 2 length + cut
KERNEL(THREADS) void rollout(GLOBAL const float* policy, GLOBAL const float* dynamics, GLOBAL const int* calls, GLOBAL const float* bounds,
                             GLOBAL const float* state, GLOBAL const float* constants, GLOBAL const int* time, GLOBAL const int* end,
                             GLOBAL float* rows, GLOBAL int* lengths, int tiles, int rollouts, int steps)
{
    SHARED(float, pool, POOL);
    LOCAL float* act = pool;
    LOCAL float* z = act + MAX_WIDTH * ROWS;
    LOCAL float* noise = z + INPUTS_OF_MODEL * ROWS;
    LOCAL float* x = noise + NOISE * ROWS;
    LOCAL float* x_next = x + OBSERVATION * ROWS;
    LOCAL float* next = x_next + OBSERVATION * ROWS;
    LOCAL float* outcome = next + STATE * ROWS;
    LOCAL int* alive = (LOCAL int*)(outcome + 2 * ROWS);
    LOCAL int* stored = alive + ROWS;
    LOCAL int* length = stored + ROWS;
    LOCAL int* cut = length + ROWS;
    LOCAL int* now = cut + ROWS;
    LOCAL int* living = now + ROWS;

    int learner = GROUP / tiles, first = GROUP % tiles * ROWS;
    GLOBAL const int* call = calls + learner * CALL_ROW;
    int count = call[COUNT] - first < ROWS ? call[COUNT] - first : ROWS;
    ulong seed = WIDE(call, SEED_LOW), number = WIDE(call, NUMBER_LOW) + (ulong)first, place = (ulong)learner * (ulong)rollouts + (ulong)first;
    GLOBAL const float* weights = policy + (ulong)learner * POLICY;
    GLOBAL const float* model = dynamics + (ulong)learner * HORIZON * PACKED_STEP;
    GLOBAL const float* low = bounds + learner * 2 * PAD(STATE);
    float sigma = AS_FLOAT(call[SIGMA]);

    // starts and their observations
    for (int e = THREAD; e < STATE * ROWS; e += THREADS)
        z[e] = e % ROWS < count ? state[(place + (ulong)(e % ROWS)) * STATE + (ulong)(e / ROWS)] : 0;
    if (THREAD == 0) *living = 0;
    BARRIER();
    if (THREAD < ROWS)
    {
        int here = THREAD < count;
        now[THREAD] = here ? time[place + (ulong)THREAD] : 0;
        observe(z + THREAD, constants + (place + (ulong)(here ? THREAD : 0)) * CONSTANTS, x + THREAD);
        int begins = here & (now[THREAD] < (here ? end[place + (ulong)THREAD] : 0)), finite = all_finite(OBSERVATION, x + THREAD);
        alive[THREAD] = begins & finite;
        cut[THREAD] = begins & !finite;
        length[THREAD] = 0;
        ATOMIC_ADD(living, alive[THREAD]);
    }
    BARRIER();

    for (int step = 0; step < call[STEPS] && *living > 0; step++)
    {
        // u = clip(mu(x) + sigma eps, -1, 1)
        for (int e = THREAD; e < OBSERVATION * ROWS; e += THREADS) act[e] = x[e];
        draw_normals(seed, number, step, sigma > 0 ? 0 : BLOCKS(ACTION), BLOCKS(ACTION) + (call[SAMPLE] ? BLOCKS(STATE) : 0), noise);
        BARRIER();
        act_by_policy(weights, sigma, noise, act, z + STATE * ROWS);
        BARRIER();

        // s' = F [s; u] + f + chol(N) eps
        step_by_model(model, alive, now, z, noise + 4 * BLOCKS(ACTION) * ROWS, call[SAMPLE], next);
        if (THREAD == 0) *living = 0;
        BARRIER();

        // x' = h(s', c); a true terminal state is rewarded apart and not bootstrapped from
        if (THREAD < ROWS)
        {
            stored[THREAD] = 0;
            if (alive[THREAD])
            {
                int inside = 1;
                for (int i = 0; i < STATE; i++)
                {
                    float v = next[i * ROWS + THREAD];
                    inside &= (v >= low[i]) & (v <= low[PAD(STATE) + i]);
                }
                if (inside)
                {
                    observe(next + THREAD, constants + (place + (ulong)THREAD) * CONSTANTS, x_next + THREAD);
                    int terminal = terminates(x_next + THREAD);
                    float r = reward(x + THREAD, z + STATE * ROWS + THREAD);
                    if (terminal) r += TERMINATION_REWARD;
                    outcome[THREAD] = r;
                    outcome[ROWS + THREAD] = terminal ? 0 : 1;
                    stored[THREAD] = all_finite(OBSERVATION, x_next + THREAD) & all_finite(ACTION, z + STATE * ROWS + THREAD)
                        & all_finite(1, outcome + THREAD);
                    alive[THREAD] = stored[THREAD] & !terminal & (now[THREAD] + 1 < end[place + (ulong)THREAD]);
                    now[THREAD] += alive[THREAD];
                }
                cut[THREAD] = !stored[THREAD];
                length[THREAD] += stored[THREAD];
                alive[THREAD] &= stored[THREAD];
                ATOMIC_ADD(living, alive[THREAD]);
            }
        }
        BARRIER();

        // rows [x | u | r | b | x']
        for (int e = THREAD; e < REPLAY_ROW * ROWS; e += THREADS)
        {
            int row = e / REPLAY_ROW, i = e % REPLAY_ROW;
            if (!stored[row]) continue;
            LOCAL const float* from = i < OBSERVATION                      ? x + i * ROWS
                                      : i < OBSERVATION + ACTION           ? z + (STATE + i - OBSERVATION) * ROWS
                                      : i < OBSERVATION + ACTION + 2       ? outcome + (i - OBSERVATION - ACTION) * ROWS
                                                                           : x_next + (i - OBSERVATION - ACTION - 2) * ROWS;
            rows[((place + (ulong)row) * (ulong)steps + (ulong)step) * REPLAY_ROW + (ulong)i] = from[row];
        }
        BARRIER();
        for (int e = THREAD; e < STATE * ROWS; e += THREADS) z[e] = next[e];
        for (int e = THREAD; e < OBSERVATION * ROWS; e += THREADS) x[e] = x_next[e];
        BARRIER();
    }
    if (THREAD < count) lengths[place + (ulong)THREAD] = 2 * length[THREAD] + cut[THREAD];
}
