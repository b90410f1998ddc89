// The fit of one time step of one learner by a group; FitBlock.cs is the same on a CPU, eight steps in a register. real is double where the
// device has it. With D = 2 STATE + ACTION, z = [s; u; s'] and I = STATE + ACTION:
//   samples: [learner][episodes][horizon][D]      lengths: [learner][episodes]      diagonal: [learner][D], 0 for a constant entry
//   prior_mean: [learner][prior_steps][D]      prior_scatter: [learner][prior_steps][D][D]; prior_steps 0, 1 or horizon
//   f: [learner][horizon][STATE][I]      offset: [learner][horizon][STATE]      noise: [learner][horizon][STATE][STATE]
//   packed: [learner][horizon][2 STATE + ACTION + 1][PAD(STATE)]      wrong: [learner], 1 where a number is not finite in float32
// Every number is made by one thread in a fixed order.

#define I (STATE + ACTION)
#define D (I + STATE)
// odd rows, so that a column of them lies in different banks
#define M_ROW (I | 1)
#define N_ROW (STATE | 1)
#define POOL (2 * D + I + D * M_ROW + STATE * N_ROW)
#define COLUMNS 16
// the rows of a matrix by the group's rows of threads, the columns before end by its columns; all threads take the same turns (see EACH)
#define ROWS (THREADS / COLUMNS)
#define EACH_ROW(r, from, to) for (int r##_turn = (from), r = (from) + THREAD / COLUMNS; r##_turn < (to); r##_turn += ROWS, r += ROWS) if (r < (to))
#define EACH_COLUMN(c, from, end, to) \
    for (int c##_turn = (from), c = (from) + THREAD % COLUMNS; c##_turn < (to); c##_turn += COLUMNS, c += COLUMNS) if (c < (end))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
// in this order a NaN stays one
#define AT_LEAST(x, least) ((x) < (least) ? (least) : (x))

KERNEL(THREADS) void gaussian_fit(
    GLOBAL const real* RESTRICT samples, GLOBAL const int* RESTRICT lengths, GLOBAL const real* RESTRICT diagonal,
    GLOBAL const real* RESTRICT prior_mean, GLOBAL const real* RESTRICT prior_scatter, int prior_steps, real mean_strength, real strength,
    int horizon, int episodes, GLOBAL real* RESTRICT f, GLOBAL real* RESTRICT offset, GLOBAL real* RESTRICT noise,
    GLOBAL float* RESTRICT packed, GLOBAL int* RESTRICT wrong)
{
    SHARED(real, pool, POOL);
    LOCAL real* x = pool;
    LOCAL real* mean = x + D;
    LOCAL real* inverse = mean + D;
    LOCAL real* m = inverse + I;
    LOCAL real* n = m + D * M_ROW;
    int learner = GROUP / horizon, t = GROUP % horizon;
    lengths += learner * episodes;
    diagonal += learner * D;
    samples += (long)learner * episodes * horizon * D;

    // the step whose samples are fitted: where the prior has no strength, a step without samples takes over the last one that has any
    int longest = 0, count = 0;
    for (int e = 0; e < episodes; e++) longest = lengths[e] > longest ? lengths[e] : longest;
    int from = strength > 0 ? t : SMALLER(t, longest - 1);
    for (int e = 0; e < episodes; e++) count += lengths[e] > from;
    samples += (long)from * D;
    long step = (long)learner * prior_steps + (prior_steps == 1 ? 0 : from);
    prior_mean += step * D;
    prior_scatter += step * D * D;
    real weight = 1 / (count + strength), shift = prior_steps > 0 && count * mean_strength > 0 ? count * mean_strength / (count + mean_strength) : 0;

    // mean; x = (mean - mu0) sqrt(n m / (n + m)) for entries that are not constant
    EACH(i, D)
    {
        real sum = 0;
        for (int e = 0; e < episodes; e++)
            if (lengths[e] > from) sum += samples[(long)e * horizon * D + i];
        mean[i] = count > 0 ? sum / count : prior_mean[i];
        x[i] = diagonal[i] > 0 && shift > 0 ? (mean[i] - prior_mean[i]) * sqrt(shift) : 0;
    }
    BARRIER();

    // the lower triangle of Sigma: the columns of [s; u] in m, the rest in n. First the prior, then sample by sample;
    // an episode that has ended takes its turn too, since PoCL goes wrong with a barrier under a condition
    EACH_ROW(r, 0, D)
        EACH_COLUMN(c, 0, r + 1, D)
        {
            real prior = prior_steps > 0 && diagonal[r] > 0 && diagonal[c] > 0 ? prior_scatter[r * D + c] : 0;
            LOCAL real* at = c < I ? m + r * M_ROW + c : n + (r - I) * N_ROW + c - I;
            *at = weight * (prior + x[r] * x[c]);
        }
    for (int e = 0; e < episodes; e++)
    {
        BARRIER();
        EACH(i, D) x[i] = diagonal[i] > 0 && lengths[e] > from ? samples[(long)e * horizon * D + i] - mean[i] : 0;
        BARRIER();
        EACH_ROW(r, 0, D)
            EACH_COLUMN(c, 0, r + 1, D)
            {
                LOCAL real* at = c < I ? m + r * M_ROW + c : n + (r - I) * N_ROW + c - I;
                *at += weight * x[r] * x[c];
            }
    }
    BARRIER();
    // R and the floor; a constant input has a pivot of 1
    EACH(i, I) m[i * M_ROW + i] = diagonal[i] > 0 ? m[i * M_ROW + i] + diagonal[i] : 1;
    EACH(i, STATE) n[i * N_ROW + i] += diagonal[I + i];

    // Sigma_ii + R = L P L', the columns of m those of L P; n becomes what conditioning leaves. A pivot is at least half of R
    for (int k = 0; k < I; k++)
    {
        BARRIER();
        real q = 1 / AT_LEAST(m[k * M_ROW + k], diagonal[k] / 2);
        if (THREAD == 0) inverse[k] = q;
        EACH_ROW(r, k + 1, D)
        {
            real factor = m[r * M_ROW + k] * q;
            EACH_COLUMN(c, k + 1, SMALLER(r + 1, I), I) m[r * M_ROW + c] -= factor * m[c * M_ROW + k];
            EACH_COLUMN(c, 0, r - I + 1, STATE) n[(r - I) * N_ROW + c] -= factor * m[(I + c) * M_ROW + k];
        }
    }

    // F = ((Sigma_ii + R)^-1 Sigma_ip)', backwards through L, in the last rows of m
    for (int k = I - 1; k >= 0; k--)
    {
        BARRIER();
        EACH_ROW(r, I, D)
        {
            real value = m[r * M_ROW + k] * inverse[k];
            EACH_COLUMN(c, 0, k, k) m[r * M_ROW + c] -= value * m[k * M_ROW + c];
        }
    }
    BARRIER();
    bool finite = true;
    f += (long)GROUP * STATE * I;
    packed += (long)GROUP * (D + 1) * PAD(STATE);
    EACH_ROW(r, 0, STATE)
        EACH_COLUMN(c, 0, I, I)
        {
            real value = m[(I + r) * M_ROW + c] * inverse[c];
            m[(I + r) * M_ROW + c] = value;
            f[r * I + c] = value;
            packed[c * PAD(STATE) + r] = (float)value;
            finite = finite && IS_FINITE((float)value);
        }
    BARRIER();

    // f = mean_p - F mean_i; N = (Sigma_pp - what the inputs explain) + F R F' + floor
    EACH(r, STATE)
    {
        real value = mean[I + r];
        for (int k = 0; k < I; k++) value -= m[(I + r) * M_ROW + k] * mean[k];
        offset[(long)GROUP * STATE + r] = value;
        packed[I * PAD(STATE) + r] = (float)value;
        finite = finite && IS_FINITE((float)value);
    }
    noise += (long)GROUP * STATE * STATE;
    EACH_ROW(r, 0, STATE)
        EACH_COLUMN(c, 0, r + 1, STATE)
        {
            real value = n[r * N_ROW + c];
            for (int k = 0; k < I; k++) value += m[(I + r) * M_ROW + k] * diagonal[k] * m[(I + c) * M_ROW + k];
            n[r * N_ROW + c] = value;
            noise[r * STATE + c] = value;
            noise[c * STATE + r] = value;
        }

    // C C' = N, as L P L' in n; a pivot is at least half the floor, and 0 for a constant entry
    for (int k = 0; k < STATE; k++)
    {
        BARRIER();
        real least = diagonal[I + k] / 2, q = least > 0 ? 1 / AT_LEAST(n[k * N_ROW + k], least) : 0;
        EACH_ROW(r, k + 1, STATE)
        {
            real factor = n[r * N_ROW + k] * q;
            EACH_COLUMN(c, k + 1, r + 1, STATE) n[r * N_ROW + c] -= factor * n[c * N_ROW + k];
        }
    }
    BARRIER();
    packed += (I + 1) * PAD(STATE);
    EACH_ROW(c, 0, STATE)
    {
        real least = diagonal[I + c] / 2, root = sqrt(AT_LEAST(n[c * N_ROW + c], least));
        EACH_COLUMN(r, 0, PAD(STATE), PAD(STATE))
        {
            real value = r < c || r >= STATE || !(least > 0) ? 0 : r == c ? root : n[r * N_ROW + c] / root;
            packed[c * PAD(STATE) + r] = (float)value;
            finite = finite && IS_FINITE((float)value);
        }
    }
    // padding
    packed -= (I + 1) * PAD(STATE);
    EACH_ROW(r, 0, I + 1)
        EACH_COLUMN(c, STATE, PAD(STATE), PAD(STATE)) packed[r * PAD(STATE) + c] = 0;
    if (!finite) wrong[learner] = 1;
}
