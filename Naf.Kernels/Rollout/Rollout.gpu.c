// Imagination rollouts, the formulas of RolloutCrew.cs: a group takes ROWS rollouts of one learner through all their steps.
//   x = h(s, c),  u = clip(mu(x) + sigma eps, -1, 1),  s' = F_t [s; u] + f_t + chol(N_t) eps',  x' = h(s', c),  r = r(x, u),  t <- t + 1
// A tile holds what it holds as [entry][ROWS]. Constants: GpuRollouts.cs, which also generates Task.gpu.c (observe, reward, terminates).

#include "Philox.gpu.c"
#include "Task.gpu.c"

// loads of several rounds under way together; a CPU's compiler knows better
#ifdef __OPENCL_VERSION__
#define LOADS_AHEAD
#else
#define LOADS_AHEAD _Pragma("unroll 4")
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

// The policy's weights for the tile forward: of every layer a row per input, then the biases; the input scale and the running statistics
// of a batch normalisation are multiplied into them.  policy: [learners, POLICY]
KERNEL(THREADS) void rollout_policy(GLOBAL const float* parameters, ulong parameters_at, ulong parameters_row,
                                    GLOBAL const float* statistics, ulong statistics_at, ulong statistics_row,
                                    GLOBAL const float* input_scale, GLOBAL float* policy, int parts)
{
    GLOBAL const float* theta = parameters + parameters_at + (ulong)(GROUP / parts) * parameters_row;
    GLOBAL const float* running = statistics + statistics_at + (ulong)(GROUP / parts) * statistics_row;
    GLOBAL float* to = policy + (ulong)(GROUP / parts) * POLICY;
    for (int layer = 0; layer <= LAYERS; layer++)
    {
        int inputs = layer == 0 ? OBSERVATION : UNITS[layer - 1], units = layer < LAYERS ? UNITS[layer] : ACTION, columns = PAD(units);
        for (int e = GROUP % parts * THREADS + THREAD; e < (inputs + 1) * columns; e += parts * THREADS)
        {
            int k = e / columns, j = e % columns, unit = layer < LAYERS ? j : MU_OUTPUT + j;
            float value = 0, factor = 1, shift = 0;
            if (j < units)
            {
#if BATCH_NORM
                if (layer < LAYERS)
                {
                    factor = theta[SCALES[layer] + j] / sqrt(running[MEANS[layer] + columns + j] + BATCH_NORM_EPSILON);
                    shift = theta[BIASES[layer] + j] - running[MEANS[layer] + j] * factor;
                }
                else
#endif
                shift = theta[BIASES[layer] + unit];
                value = k == inputs ? shift : layer == 0 ? theta[WEIGHTS[0] + k * columns + j] * input_scale[k] * factor
                                                         : theta[WEIGHTS[layer] + unit * PAD(inputs) + k] * factor;
            }
            to[POLICY_AT[layer] + e] = value;
        }
    }
}

#define ADD8(i, weight)                  \
    sum[i][0] = fma(weight, h.x, sum[i][0]); \
    sum[i][1] = fma(weight, h.y, sum[i][1]); \
    sum[i][2] = fma(weight, h.z, sum[i][2]); \
    sum[i][3] = fma(weight, h.w, sum[i][3]); \
    sum[i][4] = fma(weight, g.x, sum[i][4]); \
    sum[i][5] = fma(weight, g.y, sum[i][5]); \
    sum[i][6] = fma(weight, g.z, sum[i][6]); \
    sum[i][7] = fma(weight, g.w, sum[i][7]);

// act <- max(act W + b, 0) in place: a thread has 8 units and 8 rollouts in registers, neighbours share the units; there are enough threads
DEVICE void hidden_layer(GLOBAL const float* w, int inner, int columns, LOCAL float* act)
{
    float sum[8][8];
    int row = 8 * (THREAD % (ROWS / 8)), column = 8 * (THREAD / (ROWS / 8));
    bool mine = column < columns;
    if (mine)
    {
        UNROLL
        for (int i = 0; i < 8; i++)
        {
            float bias = w[inner * columns + column + i];
            UNROLL
            for (int r = 0; r < 8; r++) sum[i][r] = bias;
        }
        LOADS_AHEAD
        for (int k = 0; k < inner; k++)
        {
            float4 a = LOAD4(w + k * columns + column), b = LOAD4(w + k * columns + column + 4);
            float4 h = LOAD4(act + k * ROWS + row), g = LOAD4(act + k * ROWS + row + 4);
            ADD8(0, a.x) ADD8(1, a.y) ADD8(2, a.z) ADD8(3, a.w)
            ADD8(4, b.x) ADD8(5, b.y) ADD8(6, b.z) ADD8(7, b.w)
        }
    }
    BARRIER();
    if (mine)
    {
        UNROLL
        for (int i = 0; i < 8; i++)
        {
            UNROLL
            for (int r = 0; r < 8; r++) act[(column + i) * ROWS + row + r] = sum[i][r] < 0 ? 0 : sum[i][r];
        }
    }
    BARRIER();
}

// whether a row's column of a tile holds nothing else than finite numbers: what is not becomes NaN times 0
DEVICE int all_finite(int count, LOCAL const float* column)
{
    float sum = 0;
    for (int i = 0; i < count; i++) sum = fma(column[i * ROWS], 0.0f, sum);
    return sum == 0;
}

// normals of one step of the tile's rollouts, [the action's, padded to blocks, then the dynamics'][ROWS]; RolloutNormals.cs
DEVICE void draw_normals(ulong seed, ulong number, int step, int first, int end, LOCAL float* noise)
{
    for (int e = first * ROWS + THREAD; e < end * ROWS; e += THREADS)
    {
        int block = e / ROWS, row = e % ROWS, acts = block < BLOCKS(ACTION);
        uint lane = (uint)(acts ? step * BLOCKS(ACTION) + block : step * BLOCKS(STATE) + block - BLOCKS(ACTION));
        PhiloxBlock words = philox(seed, acts ? STREAM_ACTION : STREAM_DYNAMICS, number + (ulong)row, lane);
        LOCAL float* to = noise + 4 * block * ROWS + row;
        float unit = 1.0f / 16777216.0f, turn = 6.28318530718f;
        float length = sqrt(-2.0f * log((float)((words.a >> 8) + 1) * unit)), angle = turn * ((float)(words.b >> 8) * unit);
        to[0] = length * cos(angle);
        to[ROWS] = length * sin(angle);
        length = sqrt(-2.0f * log((float)((words.c >> 8) + 1) * unit));
        angle = turn * ((float)(words.d >> 8) * unit);
        to[2 * ROWS] = length * cos(angle);
        to[3 * ROWS] = length * sin(angle);
    }
}

// starts: state [learners, rollouts, STATE], constants [.., CONSTANTS], time [..];  dynamics: packed, [learners, HORIZON, PACKED_STEP]
// bounds: [learners, 2, PAD(STATE)];  rows: [learners, rollouts, steps, REPLAY_ROW];  lengths: [learners, rollouts], 2 length + cut
KERNEL(THREADS) void rollout(GLOBAL const float* policy, GLOBAL const float* dynamics, GLOBAL const int* calls, GLOBAL const float* bounds,
                             GLOBAL const float* state, GLOBAL const float* constants, GLOBAL const int* time,
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
        int begins = here & (now[THREAD] < HORIZON), finite = all_finite(OBSERVATION, x + THREAD);
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
        for (int layer = 0; layer < LAYERS; layer++)
            hidden_layer(weights + POLICY_AT[layer], layer == 0 ? OBSERVATION : UNITS[layer - 1], PAD(UNITS[layer]), act);
        for (int e = THREAD; e < ACTION * ROWS; e += THREADS)
        {
            int i = e / ROWS, row = e % ROWS, inner = UNITS[LAYERS - 1];
            GLOBAL const float* w = weights + POLICY_AT[LAYERS];
            float m = w[inner * PAD(ACTION) + i];
            LOADS_AHEAD
            for (int k = 0; k < inner; k++) m = fma(act[k * ROWS + row], w[k * PAD(ACTION) + i], m);
            float u = tanh(m);
            if (sigma > 0) u = fma(sigma, noise[e], u);
            z[STATE * ROWS + e] = u < -1 ? -1 : u > 1 ? 1 : u;
        }
        BARRIER();

        // s' = F [s; u] + f + chol(N) eps, four entries a thread
        for (int e = THREAD; e < BLOCKS(STATE) * ROWS; e += THREADS)
        {
            int i = 4 * (e % BLOCKS(STATE)), row = e / BLOCKS(STATE);
            if (!alive[row]) continue;
            GLOBAL const float* at = model + (ulong)now[row] * PACKED_STEP + (ulong)i;
            float4 s = LOAD4(at + INPUTS_OF_MODEL * PAD(STATE));
            LOADS_AHEAD
            for (int j = 0; j < INPUTS_OF_MODEL; j++)
            {
                float4 f = LOAD4(at + j * PAD(STATE));
                float v = z[j * ROWS + row];
                s.x = fma(f.x, v, s.x);
                s.y = fma(f.y, v, s.y);
                s.z = fma(f.z, v, s.z);
                s.w = fma(f.w, v, s.w);
            }
            // column j of a lower triangle is zero above j
            int last = !call[SAMPLE] ? 0 : i + 4 < STATE ? i + 4 : STATE;
            LOADS_AHEAD
            for (int j = 0; j < last; j++)
            {
                float4 f = LOAD4(at + (INPUTS_OF_MODEL + 1 + j) * PAD(STATE));
                float v = noise[(4 * BLOCKS(ACTION) + j) * ROWS + row];
                s.x = fma(f.x, v, s.x);
                s.y = fma(f.y, v, s.y);
                s.z = fma(f.z, v, s.z);
                s.w = fma(f.w, v, s.w);
            }
            next[i * ROWS + row] = s.x;
            if (i + 1 < STATE) next[(i + 1) * ROWS + row] = s.y;
            if (i + 2 < STATE) next[(i + 2) * ROWS + row] = s.z;
            if (i + 3 < STATE) next[(i + 3) * ROWS + row] = s.w;
        }
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
                    alive[THREAD] = stored[THREAD] & !terminal & (now[THREAD] + 1 < HORIZON);
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

// places: [learners, rollouts], rows of the rollouts before;  totals: [learners, 2], rows and cuts. A group a learner.
KERNEL(THREADS) void rollout_places(GLOBAL const int* calls, GLOBAL const int* lengths, GLOBAL int* places, GLOBAL int* totals, int rollouts)
{
    SHARED(int, sums, 4 * THREADS);
    int count = calls[GROUP * CALL_ROW + COUNT], each = (count + THREADS - 1) / THREADS;
    int from = THREAD * each < count ? THREAD * each : count, to = from + each < count ? from + each : count;
    GLOBAL const int* of = lengths + (ulong)GROUP * (ulong)rollouts;
    int sum = 0, cuts = 0;
    for (int m = from; m < to; m++)
    {
        sum += of[m] >> 1;
        cuts += of[m] & 1;
    }
    // running sums over the threads, in two halves by turns
    LOCAL int* steps = sums;
    LOCAL int* lost = sums + 2 * THREADS;
    steps[THREAD] = sum;
    lost[THREAD] = cuts;
    int here = 0;
    for (int far = 1; far < THREADS; far *= 2)
    {
        BARRIER();
        int there = THREADS - here;
        steps[there + THREAD] = steps[here + THREAD] + (THREAD >= far ? steps[here + THREAD - far] : 0);
        lost[there + THREAD] = lost[here + THREAD] + (THREAD >= far ? lost[here + THREAD - far] : 0);
        here = there;
    }
    BARRIER();
    int place = steps[here + THREAD] - sum;
    for (int m = from; m < to; m++)
    {
        places[(ulong)GROUP * (ulong)rollouts + (ulong)m] = place;
        place += of[m] >> 1;
    }
    if (THREAD == THREADS - 1)
    {
        totals[2 * GROUP] = steps[here + THREAD];
        totals[2 * GROUP + 1] = lost[here + THREAD];
    }
}

// the rows of the rollouts, with nothing between, behind those that R_f holds; the oldest are overwritten, and what would be at once is left out
KERNEL(THREADS) void rollout_append(GLOBAL const int* calls, GLOBAL const int* lengths, GLOBAL const int* places, GLOBAL const int* totals,
                                    GLOBAL const float* rows, GLOBAL float* imagined, ulong imagined_at, ulong imagined_row, int capacity,
                                    int rollouts, int steps)
{
    int learner = GROUP / rollouts, m = GROUP % rollouts;
    if (m >= calls[learner * CALL_ROW + COUNT]) return;
    int length = lengths[GROUP] >> 1, place = places[GROUP], lost = totals[2 * learner] - capacity;
    GLOBAL const float* from = rows + (ulong)GROUP * (ulong)steps * REPLAY_ROW;
    GLOBAL float* to = imagined + imagined_at + (ulong)learner * imagined_row;
    for (int e = THREAD; e < length * REPLAY_ROW; e += THREADS)
    {
        int at = place + e / REPLAY_ROW;
        if (at < lost) continue;
        to[(ulong)((calls[learner * CALL_ROW + NEXT] + at) % capacity) * REPLAY_ROW + (ulong)(e % REPLAY_ROW)] = from[e];
    }
}
