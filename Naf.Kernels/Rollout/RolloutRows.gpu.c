// Where the rows of the rollouts belong, and their way there

// places: [learners, rollouts], rows of the rollouts before;  totals: [learners, 2], rows and cuts. A group a learner.
KERNEL(THREADS) void rollout_places(GLOBAL const int* calls, GLOBAL const int* lengths, GLOBAL int* places, GLOBAL int* totals, int rollouts)
{
    SHARED(int, sums, 4 * THREADS);
    int count = calls[GROUP * CALL_ROW + COUNT], each = (count + THREADS - 1) / THREADS;
    GLOBAL const int* of = lengths + (ulong)GROUP * (ulong)rollouts;
    int sum = 0, cuts = 0;
    // all threads take the same turns (see EACH)
    for (int turn = 0; turn < each; turn++)
    {
        int m = THREAD * each + turn;
        if (m >= count) continue;
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
    for (int turn = 0; turn < each; turn++)
    {
        int m = THREAD * each + turn;
        if (m >= count) continue;
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
