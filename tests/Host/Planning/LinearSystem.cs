using Naf.Host.Planning;
using Naf.Host.Planning.Ilqg;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>
/// A random time-varying linear system with a quadratic cost, C = ½ zᵀHz + gᵀz + c of z = [s; u], for the tests of planning:
/// what a planner should find, and what a controller costs, by means of their own.
/// </summary>
internal sealed class LinearSystem : IStageCost
{
    private readonly ulong _seed;
    private uint _draw;

    /// <param name="radius">About the spectral radius of F_s.</param>
    /// <param name="scale">Factor on the cost.</param>
    /// <param name="indefinite">Whether H has negative eigenvalues, of the actions too.</param>
    public LinearSystem(ulong seed, int horizon, int state, int action, double radius = 0.95, double scale = 1, bool indefinite = false)
    {
        (_seed, State, Action) = (seed, state, action);
        int n = state + action;
        Model = new TimeVaryingModel(
            horizon, state, action, Draw(horizon * state * n, 0.4 / Math.Sqrt(n)), Draw(horizon * state, 0.3), new double[horizon * state * state]);
        for (int t = 0; t < horizon; t++)
        {
            for (int i = 0; i < state; i++) Model.F[(t * state + i) * n + i] += radius;
            Covariance(state, 0.1).CopyTo(Model.N, t * state * state);
        }
        H = Covariance(n, scale);
        if (indefinite)
            for (int i = 0; i < n; i++) H[i * (n + 1)] -= 3 * scale;
        G = Draw(n, scale);
        (StartMean, StartCovariance) = (Draw(state, 1), Covariance(state, 0.2));
        Previous = Controller(0.3);
    }

    public int State { get; }

    public int Action { get; }

    public int Input => State + Action;

    public TimeVaryingModel Model { get; }

    /// <summary>[S + A, S + A].</summary>
    public double[] H { get; }

    /// <summary>[S + A].</summary>
    public double[] G { get; }

    public double[] StartMean { get; }

    public double[] StartCovariance { get; }

    /// <summary>A controller with feedback and correlated noise.</summary>
    public LinearGaussianController Previous { get; }

    public double Value(ReadOnlySpan<double> s, ReadOnlySpan<double> u)
    {
        double[] z = [.. s, .. u];
        double sum = 0.7;
        for (int i = 0; i < Input; i++)
        {
            sum += G[i] * z[i];
            for (int j = 0; j < Input; j++) sum += 0.5 * z[i] * H[i * Input + j] * z[j];
        }
        return sum;
    }

    public double Expand(ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
    {
        double[] z = [.. s, .. u];
        H.CopyTo(hessian);
        for (int i = 0; i < Input; i++)
        {
            gradient[i] = G[i];
            for (int j = 0; j < Input; j++) gradient[i] += H[i * Input + j] * z[j];
        }
        return Value(s, u);
    }

    /// <summary>
    /// The optimal u = K_t s + k_t by the textbook's recursion, V = ½ sᵀPs + pᵀs:
    /// K = −(H_uu + BᵀPB)⁻¹(H_us + BᵀPA), k = −(H_uu + BᵀPB)⁻¹(g_u + Bᵀ(Pf + p)).
    /// </summary>
    public (double[,] K, double[] k)[] Riccati()
    {
        (int s, int a, int n) = (State, Action, Input);
        double[,] p = new double[s, s];
        double[] q = new double[s];
        var result = new (double[,], double[])[Model.Horizon];
        for (int t = Model.Horizon - 1; t >= 0; t--)
        {
            double F(int i, int j) => Model.F[(t * s + i) * n + j];
            double[] next = [.. Enumerable.Range(0, s).Select(i => q[i] + Enumerable.Range(0, s).Sum(j => p[i, j] * Model.Offset[t * s + j]))];
            var (big, small) = (new double[n, n], new double[n]);
            for (int i = 0; i < n; i++)
            {
                small[i] = G[i] + Enumerable.Range(0, s).Sum(l => F(l, i) * next[l]);
                for (int j = 0; j < n; j++)
                {
                    big[i, j] = H[i * n + j];
                    for (int l = 0; l < s; l++)
                        for (int m = 0; m < s; m++) big[i, j] += F(l, i) * p[l, m] * F(m, j);
                }
            }
            double[,] inverse = SmallMatrices.Inverse(SmallMatrices.Block(big, s, s, a, a));
            var (gain, offset) = (new double[a, s], new double[a]);
            for (int i = 0; i < a; i++)
                for (int l = 0; l < a; l++)
                {
                    offset[i] -= inverse[i, l] * small[s + l];
                    for (int j = 0; j < s; j++) gain[i, j] -= inverse[i, l] * big[s + l, j];
                }
            (p, q) = (new double[s, s], new double[s]);
            for (int i = 0; i < s; i++)
            {
                q[i] = small[i] + Enumerable.Range(0, a).Sum(l => big[i, s + l] * offset[l]);
                for (int j = 0; j < s; j++) p[i, j] = big[i, j] + Enumerable.Range(0, a).Sum(l => big[i, s + l] * gain[l, j]);
            }
            result[t] = (gain, offset);
        }
        return result;
    }

    /// <summary>Simulates an episode of a controller; gives what each step sees.</summary>
    /// <returns>Its cost.</returns>
    public double Simulate(LinearGaussianController controller, ulong episode, Action<int, double[], double[]>? seen = null)
    {
        (int s, int a, int n) = (State, Action, Input);
        ulong draw = 0;
        double[] Normals(int count) =>
            [.. Enumerable.Range(0, count).Select(_ => Philox.Normal(_seed + 77, RandomStream.Plan, draw++, (uint)episode))];
        double[] x = SmallMatrices.Sample(StartMean, StartCovariance, Normals(s)), u = new double[a];
        double cost = 0;
        for (int t = 0; t < Model.Horizon; t++)
        {
            controller.Sample(t, x, Normals(a), u);
            seen?.Invoke(t, x, u);
            cost += Value(x, u);
            double[] z = [.. x, .. u];
            double[] mean = [.. Enumerable.Range(0, s).Select(i =>
                Model.Offset[t * s + i] + Enumerable.Range(0, n).Sum(j => Model.F[(t * s + i) * n + j] * z[j]))];
            x = SmallMatrices.Sample(mean, Model.NAt(t), Normals(s));
        }
        return cost;
    }

    /// <summary>A random controller of this system's sizes.</summary>
    public LinearGaussianController Controller(double deviation)
    {
        int t = Model.Horizon;
        double[] covariance = [.. Enumerable.Range(0, t).SelectMany(_ => Covariance(Action, deviation * deviation))];
        return new LinearGaussianController(t, State, Action, Draw(t * Action * State, 0.2), Draw(t * Action, 0.3), covariance);
    }

    private double[] Draw(int count, double size)
    {
        _draw++;
        return [.. Enumerable.Range(0, count).Select(i => size * Philox.Normal(_seed, RandomStream.RandomPolicy, (ulong)i, _draw))];
    }

    // A Aᵀ / n + 1 / 2, times the size
    private double[] Covariance(int n, double size)
    {
        double[] a = Draw(n * n, 1), c = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++)
                c[i * n + j] = size * (Enumerable.Range(0, n).Sum(k => a[i * n + k] * a[j * n + k]) / n + (i == j ? 0.5 : 0));
        return c;
    }
}
