using System.Runtime.Intrinsics;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Advantage;

/// <summary>
/// The normalized advantage function (paper, equations 7 to 9) and its gradients, for rows of network outputs on
/// the CPU.
/// <code>
/// μ = tanh(m),  L lower triangular: Lᵢᵢ = exp(B tanh(lᵢᵢ / B)), Lᵢⱼ = lᵢⱼ
/// d = u − μ,  z = Lᵀ d,  A = −½ zᵀz,  Q = V + A,  loss = mean (Q − y)², or Huber's
/// ∂A/∂μ = L z,  ∂A/∂Lᵢⱼ = −dᵢ zⱼ;  natural gradient in μ: P⁻¹ L z = d
/// </code>
/// B bounds the diagonal's logarithm smoothly: overflow of exp is the most common complaint about NAF.
/// </summary>
internal static unsafe class NafAdvantage
{
    // samples whose exponentials are evaluated together
    private const int Tile = 16;

    /// <summary>TD errors and ∂loss/∂outputs of rows [first, last).</summary>
    /// <param name="networks">The networks' passes; output 0 of network 0 is V. V₂ is left to the caller.</param>
    /// <param name="meanAt">Network of m, and its first output for m.</param>
    /// <param name="triangleAt">Network of l, and its first output for l.</param>
    /// <param name="u">[batch, actionRow].</param>
    /// <param name="y">[batch], targets.</param>
    /// <param name="error">[batch], receives Q − y.</param>
    /// <param name="q">[batch], receives Q.</param>
    /// <param name="gradientScale">2 / batch, of the loss and of the penalty.</param>
    public static void Gradient(
        MlpWorkspace[] networks, (int Network, int Output) meanAt, (int Network, int Output) triangleAt, int action,
        LearnerSettings settings, float* u, int actionRow, float* y, float* error, float* q, float gradientScale,
        int first, int last)
    {
        float bound = (float)settings.LogDiagonalBound, penalty = (float)settings.SaturationPenalty,
            huber = (float)settings.Huber;
        bool natural = settings.NaturalGradient;
        MlpWorkspace ofV = networks[0], ofMean = networks[meanAt.Network], ofTriangle = networks[triangleAt.Network];
        float* mean = ofMean.Output + meanAt.Output, meanGradient = ofMean.OutputGradient + meanAt.Output;
        float* triangle = ofTriangle.Output + triangleAt.Output,
            triangleGradient = ofTriangle.OutputGradient + triangleAt.Output;
        int vRow = ofV.OutputRow, meanRow = ofMean.OutputRow, triangleRow = ofTriangle.OutputRow;
        // [Tile, action] each
        float* mu = stackalloc float[4 * Tile * action + 2 * action];
        float* slopeMu = mu + Tile * action, diagonal = slopeMu + Tile * action,
            slopeDiagonal = diagonal + Tile * action;
        float* d = slopeDiagonal + Tile * action, z = d + action;
        for (int m = first; m < last; m++)
        {
            int row = (m - first) % Tile * action;
            float* l = triangle + (nint)m * triangleRow, lGradient = triangleGradient + (nint)m * triangleRow;
            if (row == 0)
                Squash(mean + (nint)m * meanRow, meanRow, l, triangleRow, Math.Min(Tile, last - m), action, bound,
                    mu, slopeMu, diagonal, slopeDiagonal);

            // d = u − μ, z = Lᵀ d, and zᵀz
            for (int i = 0; i < action; i++)
            {
                d[i] = u[(nint)m * actionRow + i] - mu[row + i];
                z[i] = diagonal[row + i] * d[i];
                float* below = l + AdvantageKernel.Packed(i, 0);
                for (int j = 0; j < i; j++) z[j] += below[j] * d[i];
            }
            float square = 0;
            for (int j = 0; j < action; j++) square += z[j] * z[j];
            q[m] = ofV.Output[(nint)m * vRow] - 0.5f * square;
            error[m] = q[m] - y[m];

            // ∂loss/∂V, ∂loss/∂m and ∂loss/∂l
            float dq = gradientScale * HuberLoss.HalfSlope<float, FloatMath>(error[m], huber);
            ofV.OutputGradient[(nint)m * vRow] = dq;
            for (int i = 0; i < action; i++)
            {
                int packed = AdvantageKernel.Packed(i, 0);
                float sum = diagonal[row + i] * z[i];
                for (int j = 0; j < i; j++)
                {
                    sum += l[packed + j] * z[j];
                    lGradient[packed + j] = -dq * d[i] * z[j];
                }
                lGradient[packed + i] = -dq * d[i] * z[i] * slopeDiagonal[row + i];
                nint at = (nint)m * meanRow + i;
                meanGradient[at] = dq * (natural ? d[i] : sum) * slopeMu[row + i]
                    + SaturationPenalty.Gradient<float, FloatMath>(mean[at], gradientScale * penalty);
            }
        }
    }

    /// <summary>μ, L, A and Q of samples [first, last).</summary>
    public static void Evaluate(in AdvantageRows rows, int action, float bound, int first, int last)
    {
        int packed = AdvantageKernel.Packed(action, 0);
        // [Tile, action] each
        float* mu = stackalloc float[4 * Tile * action + action];
        float* slopeMu = mu + Tile * action, diagonal = slopeMu + Tile * action,
            slopeDiagonal = diagonal + Tile * action;
        float* z = slopeDiagonal + Tile * action;
        for (int m = first; m < last; m++)
        {
            int row = (m - first) % Tile * action;
            float* l = rows.L + (nint)m * packed, lower = rows.Lower + (nint)m * packed, u = rows.U + (nint)m * action;
            if (row == 0)
                Squash(rows.M + (nint)m * action, action, l, packed, Math.Min(Tile, last - m), action, bound,
                    mu, slopeMu, diagonal, slopeDiagonal);
            // z = Lᵀ (u − μ), with μ and L stored as they are read: an eighth faster than passes of their own
            for (int i = 0, at = 0; i < action; i++, at++)
            {
                float d = u[i] - mu[row + i];
                rows.Mu[(nint)m * action + i] = mu[row + i];
                for (int j = 0; j < i; j++, at++)
                {
                    lower[at] = l[at];
                    z[j] += l[at] * d;
                }
                lower[at] = diagonal[row + i];
                z[i] = diagonal[row + i] * d;
            }
            float square = 0;
            for (int j = 0; j < action; j++) square += z[j] * z[j];
            rows.Advantage[m] = -0.5f * square;
            rows.Q[m] = rows.V[m] - 0.5f * square;
        }
    }

    /// <summary>μ and L of one sample, for the acting policy.</summary>
    public static void Act(float* mean, float* triangle, int action, float bound, Span<float> u, Span<float> lower)
    {
        // [Tile, action] each
        float* mu = stackalloc float[4 * Tile * action];
        float* slopeMu = mu + Tile * action, diagonal = slopeMu + Tile * action,
            slopeDiagonal = diagonal + Tile * action;
        Squash(mean, 0, triangle, 0, samples: 1, action, bound, mu, slopeMu, diagonal, slopeDiagonal);
        new ReadOnlySpan<float>(mu, action).CopyTo(u);
        new ReadOnlySpan<float>(triangle, lower.Length).CopyTo(lower);
        for (int i = 0; i < action; i++) lower[AdvantageKernel.Packed(i, i)] = diagonal[i];
    }

    // μ and the diagonal of L of some samples, with their slopes
    private static void Squash(
        float* mean, int meanRow, float* l, int lRow, int samples, int action, float bound,
        float* mu, float* slopeMu, float* diagonal, float* slopeDiagonal)
    {
        for (int i = 0; i < samples * action; i++)
        {
            int entry = i % action;
            mu[i] = mean[(nint)(i / action) * meanRow + entry];
            diagonal[i] = l[(nint)(i / action) * lRow + AdvantageKernel.Packed(entry, entry)];
        }
        // Tile · action is a multiple of 16: whole registers can be processed; unused elements are ignored
        Vector512<float> one = Vector512<float>.One, b = Vector512.Create(bound), inverse = Vector512.Create(1 / bound);
        for (int i = 0; i < samples * action; i += 16)
        {
            Vector512<float> t = RowOperations.Tanh(Vector512.Load(mu + i));
            t.Store(mu + i);
            (one - t * t).Store(slopeMu + i);
            t = RowOperations.Tanh(Vector512.Load(diagonal + i) * inverse);
            Vector512<float> e = Vector512.Exp(b * t);
            e.Store(diagonal + i);
            (e * (one - t * t)).Store(slopeDiagonal + i);
        }
    }
}
