// The normals of a tile of rollouts, and the step that its fitted models make

// normals of one step of the tile's rollouts, [the action's, padded to blocks, then the dynamics'][ROWS]; RolloutNormals.cs
DEVICE void draw_normals(ulong seed, ulong number, int step, int first, int end, LOCAL float* noise)
{
    EACH(e, (end - first) * ROWS)
    {
        int block = first + e / ROWS, row = e % ROWS, acts = block < BLOCKS(ACTION);
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

// s += f v, an entry of [s; u] or of eps by a row of the packed model
#define ADD4(s, f, v)         \
    s.x = fma((f).x, v, s.x); \
    s.y = fma((f).y, v, s.y); \
    s.z = fma((f).z, v, s.z); \
    s.w = fma((f).w, v, s.w);

// s' = F [s; u] + f + chol(N) eps of the rollouts that are alive, each at its time step; four entries a thread
DEVICE void step_by_model(GLOBAL const float* model, LOCAL const int* alive, LOCAL const int* now, LOCAL const float* z, LOCAL const float* noise,
                          int sample, LOCAL float* next)
{
    EACH(e, BLOCKS(STATE) * ROWS)
    {
        int i = 4 * (e % BLOCKS(STATE)), row = e / BLOCKS(STATE);
        if (!alive[row]) continue;
        GLOBAL const float* at = model + (ulong)now[row] * PACKED_STEP + (ulong)i;
        float4 s = LOAD4(at + INPUTS_OF_MODEL * PAD(STATE));
        UNROLL_BY(TURNS_AHEAD)
        for (int j = 0; j < INPUTS_OF_MODEL; j++)
        {
            float4 f = LOAD4(at + j * PAD(STATE));
            float v = z[j * ROWS + row];
            ADD4(s, f, v)
        }
        // column j of a lower triangle is zero above j
        int last = !sample ? 0 : i + 4 < STATE ? i + 4 : STATE;
        UNROLL_BY(TURNS_AHEAD)
        for (int j = 0; j < last; j++)
        {
            float4 f = LOAD4(at + (INPUTS_OF_MODEL + 1 + j) * PAD(STATE));
            float v = noise[j * ROWS + row];
            ADD4(s, f, v)
        }
        next[i * ROWS + row] = s.x;
        if (i + 1 < STATE) next[(i + 1) * ROWS + row] = s.y;
        if (i + 2 < STATE) next[(i + 2) * ROWS + row] = s.z;
        if (i + 3 < STATE) next[(i + 3) * ROWS + row] = s.w;
    }
}
