// Sum over the threads of a group, always in the same order; every thread gets it. scratch: THREADS floats of local memory
DEVICE float group_sum(float value, LOCAL float* scratch)
{
    BARRIER();
    scratch[THREAD] = value;
    BARRIER();
    for (int stride = THREADS / 2; stride > 0; stride /= 2)
    {
        if (THREAD < stride) scratch[THREAD] += scratch[THREAD + stride];
        BARRIER();
    }
    float sum = scratch[0];
    BARRIER();
    return sum;
}
