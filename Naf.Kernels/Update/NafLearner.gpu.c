// A learner in a GPU's memory, and which update is made

#include "Philox.gpu.c"

#define HEADS (1 + ACTION + ACTION * (ACTION + 1) / 2)
#define REPLAY_ROW (2 * INPUT + ACTION + 2)

// what differs between learners, and what a call says of each (GpuTrainer.cs)
enum { BETA1, REST1, BETA2, REST2, GAMMA, TAU, REWARD_SCALE, CLIP_NORM, BOUND };
enum { SEED_LOW, SEED_HIGH, UPDATES_LOW, UPDATES_HIGH, REAL_COUNT, IMAGINED_COUNT, ACTIVE, CALL_HEADER = 8 };

// state: the learner's row, in which every array has its place ..._AT (LearnerLayout.cs)
// rows, count: the buffer that the minibatch is drawn from      update: which update of this learner, from 0
// runs: 0 where the learner is switched off, has stopped or holds no minibatch
typedef struct
{
    GLOBAL float *state, *result;
    GLOBAL const float* rows;
    float rate, epsilon;
    ulong seed, update;
    int count, runs;
} Learner;

// Update k of a call of learner number `learner` of `learners`; the first `imagined_updates` draw from R_f, the rest from R.
DEVICE Learner learner_at(GLOBAL float* states, GLOBAL float* results, GLOBAL const int* calls, GLOBAL const float* replay,
                          GLOBAL const float* imagined, ulong replay_rows, ulong imagined_rows, int call_row, int imagined_updates,
                          int learner, int learners, int k)
{
    Learner l;
    GLOBAL const int* call = calls + (ulong)learner * (ulong)call_row;
    bool imagines = k < imagined_updates;
    // updates from an R_f that holds no minibatch are not made
    int made = call[IMAGINED_COUNT] >= BATCH ? k : k < imagined_updates ? 0 : k - imagined_updates;
    l.state = states + (ulong)learner * LEARNER_ROW;
    l.result = results + ((ulong)k * learners + learner) * 4;
    l.count = call[imagines ? IMAGINED_COUNT : REAL_COUNT];
    l.rows = imagines ? imagined + (ulong)learner * imagined_rows * REPLAY_ROW : replay + (ulong)learner * replay_rows * REPLAY_ROW;
    l.seed = (ulong)(uint)call[SEED_LOW] | (ulong)(uint)call[SEED_HIGH] << 32;
    l.update = ((ulong)(uint)call[UPDATES_LOW] | (ulong)(uint)call[UPDATES_HIGH] << 32) + (ulong)made;
    l.rate = AS_FLOAT(call[CALL_HEADER + 2 * made]);
    l.epsilon = AS_FLOAT(call[CALL_HEADER + 2 * made + 1]);
    l.runs = call[ACTIVE] != 0 && l.count >= BATCH && *(volatile GLOBAL float*)(l.state + STOPPED_AT) == 0;
    return l;
}

// row of the buffer that sample m of the minibatch is: drawn with replacement
DEVICE GLOBAL const float* sampled_row(const Learner* l, int m)
{
    uint word = philox_word(philox(l->seed, STREAM_MINIBATCH, l->update, (uint)m >> 2), m & 3);
    return l->rows + (ulong)philox_index(word, l->count) * REPLAY_ROW;
}
