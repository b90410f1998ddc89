using System.Runtime.Intrinsics;
using Naf.Kernels.Network;

namespace Naf.Kernels.Advantage;

/// <summary>
/// The normalized advantage function (paper, equations 7 to 9) and its gradients, for rows of network outputs on the CPU.
/// <code>
/// μ = tanh(m),  L lower triangular: Lᵢᵢ = exp(B tanh(lᵢᵢ / B)), Lᵢⱼ = lᵢⱼ
/// d = u − μ,  z = Lᵀ d,  A = −½ zᵀz,  Q = V + A,  loss = mean (Q − y)²
/// ∂A/∂μ = L z,  ∂A/∂Lᵢⱼ = −dᵢ zⱼ
/// </code>
/// B bounds the diagonal's logarithm smoothly: the complaint heard most about NAF is that exp overflows.
/// </summary>
internal static unsafe class NafAdvantage
{
    // samples whose exponentials are taken together
    private const int Tile = 16;

    /// <summary>TD errors and ∂loss/∂outputs of rows [first, last).</summary>
    /// <param name="heads">Where V, m and l stand in the networks' outputs, and their gradients.</param>
    /// <param name="u">[batch, actionRow].</param>
    /// <param name="y">Targets, [batch].</param>
    /// <param name="error">Takes Q − y, [batch].</param>
    /// <param name="q">Takes Q, [batch].</param>
    /// <param name="gradientScale">2 / batch.</param>
    public static void Gradient(
        in NafHeads heads, int action, float bound, float* u, int actionRow, float* y, float* error, float* q, float gradientScale,
        int first, int last)
    {
        // [Tile, action] each
        float* mu = stackalloc float[4 * Tile * action + 2 * action];
        float* slopeMu = mu + Tile * action, diagonal = slopeMu + Tile * action, slopeDiagonal = diagonal + Tile * action;
        float* d = slopeDiagonal + Tile * action, z = d + action;
        for (int m = first; m < last; m++)
        {
            int row = (m - first) % Tile * action;
            if (row == 0) Squash(heads, m, Math.Min(Tile, last - m), action, bound, mu, slopeMu, diagonal, slopeDiagonal);
            float* l = heads.L + (nint)m * heads.LRow, lGradient = heads.LGradient + (nint)m * heads.LRow;

            // z = Lᵀ d and A = −½ zᵀz
            for (int i = 0; i < action; i++)
            {
                d[i] = u[(nint)m * actionRow + i] - mu[row + i];
                z[i] = diagonal[row + i] * d[i];
                float* below = l + i * (i + 1) / 2;
                for (int j = 0; j < i; j++) z[j] += below[j] * d[i];
            }
            float square = 0;
            for (int j = 0; j < action; j++) square += z[j] * z[j];
            q[m] = heads.V[(nint)m * heads.VRow] - 0.5f * square;
            error[m] = q[m] - y[m];

            // ∂loss/∂V, ∂loss/∂m and ∂loss/∂l
            float dq = gradientScale * error[m];
            heads.VGradient[(nint)m * heads.VRow] = dq;
            for (int i = 0; i < action; i++)
            {
                int packed = i * (i + 1) / 2;
                float sum = diagonal[row + i] * z[i];
                for (int j = 0; j < i; j++)
                {
                    sum += l[packed + j] * z[j];
                    lGradient[packed + j] = -dq * d[i] * z[j];
                }
                lGradient[packed + i] = -dq * d[i] * z[i] * slopeDiagonal[row + i];
                heads.MuGradient[(nint)m * heads.MuRow + i] = dq * sum * slopeMu[row + i];
            }
        }
    }

    /// <summary>μ, L, A and Q of samples [first, last).</summary>
    public static void Evaluate(in AdvantageRows rows, int action, float bound, int first, int last)
    {
        int packed = action * (action + 1) / 2;
        var heads = new NafHeads(rows.V, null, 1, rows.M, null, action, rows.L, null, packed);
        // [Tile, action] each
        float* mu = stackalloc float[4 * Tile * action + action];
        float* slopeMu = mu + Tile * action, diagonal = slopeMu + Tile * action, slopeDiagonal = diagonal + Tile * action;
        float* z = slopeDiagonal + Tile * action;
        for (int m = first; m < last; m++)
        {
            int row = (m - first) % Tile * action;
            if (row == 0) Squash(heads, m, Math.Min(Tile, last - m), action, bound, mu, slopeMu, diagonal, slopeDiagonal);
            float* l = rows.L + (nint)m * packed, lower = rows.Lower + (nint)m * packed, u = rows.U + (nint)m * action;
            // z = Lᵀ d and A = −½ zᵀz
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

    /// <summary>tanh m for the acting policy.</summary>
    public static void Act(float* raw, int action, Span<float> u)
    {
        int width = MlpShape.Pad(action);
        float* mu = stackalloc float[width];
        new Span<float>(mu, width).Clear();
        new ReadOnlySpan<float>(raw, action).CopyTo(new Span<float>(mu, action));
        for (int i = 0; i < width; i += 16) Tanh(Vector512.Load(mu + i)).Store(mu + i);
        new ReadOnlySpan<float>(mu, action).CopyTo(u);
    }

    // μ and the diagonal of L of some samples from row m on, with their slopes
    private static void Squash(
        in NafHeads heads, int m, int samples, int action, float bound, float* mu, float* slopeMu, float* diagonal, float* slopeDiagonal)
    {
        for (int i = 0; i < samples * action; i++)
        {
            int entry = i % action;
            mu[i] = heads.Mu[(nint)(m + i / action) * heads.MuRow + entry];
            diagonal[i] = heads.L[(nint)(m + i / action) * heads.LRow + entry * (entry + 3) / 2];
        }
        // Tile · action is a multiple of 16: whole registers, whatever the last samples leave in them
        Vector512<float> one = Vector512<float>.One, b = Vector512.Create(bound), inverse = Vector512.Create(1 / bound);
        for (int i = 0; i < samples * action; i += 16)
        {
            Vector512<float> t = Tanh(Vector512.Load(mu + i));
            t.Store(mu + i);
            (one - t * t).Store(slopeMu + i);
            t = Tanh(Vector512.Load(diagonal + i) * inverse);
            Vector512<float> e = Vector512.Exp(b * t);
            e.Store(diagonal + i);
            (e * (one - t * t)).Store(slopeDiagonal + i);
        }
    }

    // tanh x = 1 − 2 / (exp 2x + 1); saturates to ±1
    private static Vector512<float> Tanh(Vector512<float> x)
    {
        Vector512<float> one = Vector512<float>.One;
        return one - Vector512.Create(2f) / (Vector512.Exp(x + x) + one);
    }
}
