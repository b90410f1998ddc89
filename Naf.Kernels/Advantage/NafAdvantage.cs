namespace Naf.Kernels;

/// <summary>
/// The normalized advantage function (paper, equations 7 to 9) and its gradients, for rows of network outputs on the CPU.
/// <code>
/// μ = tanh(m),  L lower triangular: Lᵢᵢ = exp(B tanh(lᵢᵢ / B)), Lᵢⱼ = lᵢⱼ
/// d = u − μ,  z = Lᵀ d,  A = −½ zᵀz,  Q = V + A,  loss = mean (Q − y)²
/// ∂A/∂μ = L z,  ∂A/∂Lᵢⱼ = −dᵢ zⱼ
/// </code>
/// B bounds the diagonal's logarithm smoothly: the complaint heard most about NAF is that exp overflows.
/// </summary>
internal static unsafe class NafAdvantage<TLanes, TVector>
    where TLanes : struct, ILanes<TVector>
    where TVector : struct
{
    /// <summary>TD errors and ∂loss/∂outputs of rows [first, last).</summary>
    /// <param name="heads">Where V, m and l stand in the networks' outputs, and their gradients.</param>
    /// <param name="diagonal">[Pad(packed)]: 1 where the packed entry is on L's diagonal, else 0.</param>
    /// <param name="u">[batch, actionRow].</param>
    /// <param name="y">Targets, [batch].</param>
    /// <param name="error">Takes Q − y, [batch].</param>
    /// <param name="q">Takes Q, [batch].</param>
    /// <param name="gradientScale">2 / batch.</param>
    public static void Gradient(
        in NafHeads heads, int action, float bound, float* diagonal, float* u, int actionRow, float* y,
        float* error, float* q, float gradientScale, int first, int last)
    {
        int packed = action * (action + 1) / 2, muWidth = MlpShape.Pad(action), lWidth = MlpShape.Pad(packed);
        float* mu = stackalloc float[4 * muWidth + 2 * lWidth];
        float* slopeMu = mu + muWidth, d = slopeMu + muWidth, z = d + muWidth, l = z + muWidth, slopeL = l + lWidth;
        for (int m = first; m < last; m++)
        {
            float* rawMu = heads.Mu + (nint)m * heads.MuRow, rawL = heads.L + (nint)m * heads.LRow;
            Squash(rawMu, action, mu, slopeMu, muWidth);
            Triangle(rawL, packed, l, slopeL, diagonal, lWidth, bound);

            // z = Lᵀ d and A = −½ zᵀz
            for (int i = 0; i < action; i++) d[i] = u[(nint)m * actionRow + i] - mu[i];
            float square = 0;
            for (int j = 0; j < action; j++)
            {
                float sum = 0;
                for (int i = j; i < action; i++) sum += l[i * (i + 1) / 2 + j] * d[i];
                z[j] = sum;
                square += sum * sum;
            }
            q[m] = heads.V[(nint)m * heads.VRow] - 0.5f * square;
            error[m] = q[m] - y[m];

            // ∂loss/∂V, ∂loss/∂m and ∂loss/∂l
            float dq = gradientScale * error[m];
            heads.VGradient[(nint)m * heads.VRow] = dq;
            float* muGradient = heads.MuGradient + (nint)m * heads.MuRow, lGradient = heads.LGradient + (nint)m * heads.LRow;
            for (int i = 0; i < action; i++)
            {
                float sum = 0;
                int row = i * (i + 1) / 2;
                for (int j = 0; j <= i; j++)
                {
                    sum += l[row + j] * z[j];
                    lGradient[row + j] = -dq * d[i] * z[j] * slopeL[row + j];
                }
                muGradient[i] = dq * sum * slopeMu[i];
            }
        }
    }

    /// <summary>tanh m for the acting policy.</summary>
    public static void Act(float* raw, int action, Span<float> u)
    {
        int width = MlpShape.Pad(action);
        float* mu = stackalloc float[2 * width];
        Squash(raw, action, mu, mu + width, width);
        new ReadOnlySpan<float>(mu, action).CopyTo(u);
    }

    // value = tanh(raw) and slope = 1 − tanh²; raw may end within the last register
    private static void Squash(float* raw, int count, float* value, float* slope, int width)
    {
        Fill(raw, count, value, width);
        TVector one = TLanes.All(1);
        for (int i = 0; i < width; i += TLanes.Width)
        {
            TVector t = Tanh(TLanes.Load(value + i));
            TLanes.Store(value + i, t);
            TLanes.Store(slope + i, TLanes.Subtract(one, TLanes.Multiply(t, t)));
        }
    }

    private static void Triangle(float* raw, int count, float* value, float* slope, float* diagonal, int width, float bound)
    {
        Fill(raw, count, value, width);
        TVector one = TLanes.All(1), b = TLanes.All(bound), inverse = TLanes.All(1 / bound);
        for (int i = 0; i < width; i += TLanes.Width)
        {
            TVector x = TLanes.Load(value + i), on = TLanes.Load(diagonal + i), off = TLanes.Subtract(one, on);
            TVector t = Tanh(TLanes.Multiply(x, inverse)), e = TLanes.Exp(TLanes.Multiply(b, t));
            TVector onSlope = TLanes.Multiply(e, TLanes.Subtract(one, TLanes.Multiply(t, t)));
            TLanes.Store(value + i, TLanes.Add(TLanes.Gate(e, on), TLanes.Gate(x, off)));
            TLanes.Store(slope + i, TLanes.Add(TLanes.Gate(onSlope, on), TLanes.Gate(one, off)));
        }
    }

    // tanh x = 1 − 2 / (exp 2x + 1); saturates to ±1
    private static TVector Tanh(TVector x)
    {
        TVector one = TLanes.All(1);
        return TLanes.Subtract(one, TLanes.Divide(TLanes.All(2), TLanes.Add(TLanes.Exp(TLanes.Add(x, x)), one)));
    }

    private static void Fill(float* raw, int count, float* value, int width)
    {
        new ReadOnlySpan<float>(raw, count).CopyTo(new Span<float>(value, count));
        new Span<float>(value + count, width - count).Clear();
    }
}

/// <summary>Where the three heads stand in the networks' outputs: first element and row length, and the same for the gradients.</summary>
internal readonly unsafe struct NafHeads(
    float* v, float* vGradient, int vRow, float* mu, float* muGradient, int muRow, float* l, float* lGradient, int lRow)
{
    public readonly float* V = v, VGradient = vGradient, Mu = mu, MuGradient = muGradient, L = l, LGradient = lGradient;
    public readonly int VRow = vRow, MuRow = muRow, LRow = lRow;
}
