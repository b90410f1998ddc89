// The policy of a tile of rollouts: the layout of the weights that it reads, and mu(x)

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
        UNROLL_BY(TURNS_AHEAD)
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

// u = clip(mu(x) + sigma eps, -1, 1); weights as rollout_policy lays them out, act holds x and is used up
DEVICE void act_by_policy(GLOBAL const float* weights, float sigma, LOCAL const float* noise, LOCAL float* act, LOCAL float* u)
{
    for (int layer = 0; layer < LAYERS; layer++)
        hidden_layer(weights + POLICY_AT[layer], layer == 0 ? OBSERVATION : UNITS[layer - 1], PAD(UNITS[layer]), act);
    EACH(e, ACTION * ROWS)
    {
        int i = e / ROWS, row = e % ROWS, inner = UNITS[LAYERS - 1];
        GLOBAL const float* w = weights + POLICY_AT[LAYERS];
        float m = w[inner * PAD(ACTION) + i];
        UNROLL_BY(TURNS_AHEAD)
        for (int k = 0; k < inner; k++) m = fma(act[k * ROWS + row], w[k * PAD(ACTION) + i], m);
        float a = tanh(m);
        if (sigma > 0) a = fma(sigma, noise[e], a);
        u[e] = a < -1 ? -1 : a > 1 ? 1 : a;
    }
}
