namespace Naf.Kernels;

/// <summary>
/// s′ = f + Σᵢ [s; u]ᵢ Fᵢ + Σⱼ εⱼ Cⱼ over the packed rows of one time step: Fᵢ the columns of F_t, Cⱼ those of chol(N_t), both as rows.
/// </summary>
internal static unsafe class PackedDynamics<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <param name="model">The packed rows of the time step, [2 S + A + 1, Pad(S)].</param>
    /// <param name="z">[inputs], [s; u].</param>
    /// <param name="noise">[state], ε; null: the mean.</param>
    /// <param name="next">[Pad(state)], receives s′ and zeros.</param>
    public static void Step(float* model, int state, int inputs, float* z, float* noise, float* next)
    {
        int row = MlpShape.Pad(state), width = TLanes.Width;
        // two registers at a time, each with one sum for the mean and one for the noise; a row has at least 16 floats
        for (int column = 0; column < row; column += 2 * width)
        {
            bool two = column + width < row;
            float* at = model + column;
            TVector mean0 = TLanes.Load(at + (nint)inputs * row), mean1 = two ? TLanes.Load(at + (nint)inputs * row + width) : default;
            TVector noise0 = TLanes.All(0), noise1 = TLanes.All(0);
            if (two)
                for (int i = 0; i < inputs; i++, at += row)
                {
                    TVector x = TLanes.All(z[i]);
                    mean0 = TLanes.MultiplyAdd(x, TLanes.Load(at), mean0);
                    mean1 = TLanes.MultiplyAdd(x, TLanes.Load(at + width), mean1);
                }
            else
                for (int i = 0; i < inputs; i++, at += row) mean0 = TLanes.MultiplyAdd(TLanes.All(z[i]), TLanes.Load(at), mean0);
            at += row;
            // column j of a lower triangle is zero above j
            int last = noise is null ? 0 : Math.Min(state, column + 2 * width);
            if (two)
                for (int j = 0; j < last; j++, at += row)
                {
                    TVector e = TLanes.All(noise[j]);
                    noise0 = TLanes.MultiplyAdd(e, TLanes.Load(at), noise0);
                    noise1 = TLanes.MultiplyAdd(e, TLanes.Load(at + width), noise1);
                }
            else
                for (int j = 0; j < last; j++, at += row) noise0 = TLanes.MultiplyAdd(TLanes.All(noise[j]), TLanes.Load(at), noise0);
            TLanes.Store(next + column, TLanes.Add(mean0, noise0));
            if (two) TLanes.Store(next + column + width, TLanes.Add(mean1, noise1));
        }
    }
}
