// mu of a learner, for acting

#include "Mlp.gpu.c"

// the forward pass through mu's network; its outputs stand in act from row MU_OUTPUT on, before the tanh
DEVICE MlpPass policy_pass(GLOBAL float* state)
{
    MlpPass pass;
    pass.network = MU_NETWORK;
    pass.theta = state + THETA_AT + BASE[MU_NETWORK];
    pass.transposed = state + TRANSPOSED_AT + TRANSPOSED_BASE[MU_NETWORK];
    pass.running = state + STATISTICS_AT + MU_NETWORK * STATISTICS;
    pass.hidden = pass.normalised = pass.moments = state;
    pass.batch = pass.first = pass.rows = 0;
    pass.trains = false;
    return pass;
}
