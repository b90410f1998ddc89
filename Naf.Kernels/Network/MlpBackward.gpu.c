// Backward pass of a perceptron by one group, for the tile of samples whose forward pass Mlp.gpu.c made. Included after what says what a Learner
// is: `state` is its row of memory, in which every array has its place ..._AT.

#include "Mlp.gpu.c"

#if BATCH_NORM
// dz = scale / sqrt(variance + eps) (dy - mean dy - n mean(n dy)) for one unit and all rows, and the gradients of scale and shift; BatchNorm.cs
DEVICE void normalise_backward(int column, int columns, float scale, float inverse, GLOBAL const float* normalised,
                               GLOBAL float* scale_gradient, GLOBAL float* shift_gradient, LOCAL float* act)
{
    float by_shift = 0, by_scale = 0;
    for (int row = 0; row < ROWS; row++)
    {
        by_shift += act[column * ROWS + row];
        by_scale = fma(act[column * ROWS + row], normalised[row * columns + column], by_scale);
    }
    shift_gradient[column] = by_shift;
    scale_gradient[column] = by_scale;
    for (int row = 0; row < ROWS; row++)
        act[column * ROWS + row] = scale * inverse
            * (act[column * ROWS + row] - fma(by_scale / ROWS, normalised[row * columns + column], by_shift / ROWS));
}
#endif

// dloss/dz of every hidden layer for a tile of rows that begins at row `first` of the minibatch: dh(l-1) = Wl dz(l), kept where h > 0.
// act holds dloss/doutput as [output][ROWS] and is used up.
DEVICE void mlp_backward(const Learner* l, int network, int first, int rows, LOCAL float* act, LOCAL float* partial)
{
    GLOBAL const float* theta = l->state + THETA_AT + BASE[network];
    for (int layer = LAYERS; layer > 0; layer--)
    {
        int columns = PAD(UNITS[layer - 1]), inner = layer == LAYERS ? OUTPUTS[network] : UNITS[layer];
        int at = BATCH * (network * TOTAL_WIDTH + WIDTH_BEFORE[layer - 1]) + first * columns;
        int splits = product(theta + WEIGHTS[layer], columns, inner, act, partial);
        EACH(e, columns * ROWS)
        {
            int column = e % columns, row = e / columns;
            bool active = row < rows && l->state[HIDDEN_AT + at + row * columns + column] > 0;
            act[column * ROWS + row] = active ? product_sum(partial, splits, columns, column, row) : 0;
        }
        BARRIER();
#if BATCH_NORM
        EACH(column, columns)
            normalise_backward(column, columns, theta[SCALES[layer - 1] + column],
                l->state[MOMENTS_AT + 3 * (network * TOTAL_WIDTH + WIDTH_BEFORE[layer - 1]) + 2 * columns + column],
                l->state + NORMALISED_AT + at, l->state + GRADIENT_AT + BASE[network] + SCALES[layer - 1],
                l->state + GRADIENT_AT + BASE[network] + BIASES[layer - 1], act);
        BARRIER();
#endif
        EACH(e, columns * rows)
            l->state[DELTA_AT + at + e] = act[e % columns * ROWS + e / columns];
    }
    BARRIER();
}
