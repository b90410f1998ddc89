using System.Runtime.Intrinsics;
using Naf.Kernels.Network;

namespace Naf.Kernels.Rollout;

/// <summary>
/// s′ = f + Σᵢ [s; u]ᵢ Fᵢ + Σⱼ εⱼ Cⱼ over the packed rows of one time step, which hold the columns Fᵢ of F_t and Cⱼ of
/// chol(N_t).
/// </summary>
internal static unsafe class PackedDynamics
{
    /// <param name="model">The packed rows of the time step, [2 S + A + 1, Pad(S)].</param>
    /// <param name="z">[inputs], [s; u].</param>
    /// <param name="noise">[state], ε; null: s′ is the mean.</param>
    /// <param name="next">[Pad(state)], receives s′ and zero padding.</param>
    public static void Step(float* model, int state, int inputs, float* z, float* noise, float* next)
    {
        int row = MlpShape.Pad(state);
        // two vectors at a time, each with a sum for the mean and one for the noise; a single last vector is used twice
        for (int column = 0; column < row; column += 32)
        {
            int second = column + 16 < row ? 16 : 0;
            float* at = model + column, offset = at + (nint)inputs * row;
            Vector512<float> mean0 = Vector512.Load(offset), mean1 = Vector512.Load(offset + second);
            Vector512<float> noise0 = Vector512<float>.Zero, noise1 = Vector512<float>.Zero;
            for (int i = 0; i < inputs; i++, at += row)
            {
                Vector512<float> x = Vector512.Create(z[i]);
                mean0 = Vector512.MultiplyAddEstimate(x, Vector512.Load(at), mean0);
                mean1 = Vector512.MultiplyAddEstimate(x, Vector512.Load(at + second), mean1);
            }
            at += row;
            // column j of the lower triangle is zero above row j
            int last = noise is null ? 0 : Math.Min(state, column + 32);
            for (int j = 0; j < last; j++, at += row)
            {
                Vector512<float> e = Vector512.Create(noise[j]);
                noise0 = Vector512.MultiplyAddEstimate(e, Vector512.Load(at), noise0);
                noise1 = Vector512.MultiplyAddEstimate(e, Vector512.Load(at + second), noise1);
            }
            (mean0 + noise0).Store(next + column);
            (mean1 + noise1).Store(next + column + second);
        }
    }
}
