using Naf.Host.Planning.Ilqg;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;
using Naf.Torch;
using static TorchSharp.torch;

namespace Naf.Tests;

/// <summary>
/// A random time-varying linear system with quadratic cost C = ½ zᵀHz + gᵀz + 0.7, z = [s; u], for planning tests:
/// optimal controllers and costs computed independently of the product.
/// </summary>
internal sealed class LinearSystem
{
    private readonly ulong _seed;
    private uint _draw;

    /// <param name="radius">Approximate spectral radius of F_s.</param>
    /// <param name="scale">Factor of the cost.</param>
    /// <param name="indefinite">Whether H has negative eigenvalues, also for the actions.</param>
    public LinearSystem(
        ulong seed, int horizon, int state, int action, double radius = 0.95, double scale = 1, bool indefinite = false)
    {
        (_seed, Shape) = (seed, new DynamicsShape(horizon, state, action));
        int n = Shape.Input;
        Model = new TimeVaryingModel(
            Shape, Draw(horizon * state * n, 0.4 / Math.Sqrt(n)), Draw(horizon * state, 0.3),
            Covariances(horizon, state, 0.1));
        for (int i = 0; i < horizon * state; i++) Model.F[i * n + i % state] += radius;
        H = Covariances(1, n, scale);
        for (int i = 0; i < n && indefinite; i++) H[i * (n + 1)] -= 3 * scale;
        G = Draw(n, scale);
        (StartMean, StartCovariance) = (Draw(state, 1), Covariances(1, state, 0.2));
        Previous = Controller(0.3);
    }

    public DynamicsShape Shape { get; }

    public TimeVaryingModel Model { get; }

    /// <summary>[S + A, S + A].</summary>
    public double[] H { get; }

    /// <summary>[S + A].</summary>
    public double[] G { get; }

    public double[] StartMean { get; }

    public double[] StartCovariance { get; }

    /// <summary>A controller with feedback and correlated noise.</summary>
    public LinearGaussianController Previous { get; }

    /// <summary>C, as a <see cref="StageCost"/>.</summary>
    public double Cost(ReadOnlySpan<double> s, ReadOnlySpan<double> u, Span<double> gradient, Span<double> hessian)
    {
        double[] z = [.. s, .. u];
        double cost = 0.7;
        H.CopyTo(hessian);
        for (int i = 0; i < z.Length; i++)
        {
            double product = 0;
            for (int j = 0; j < z.Length; j++) product += H[i * z.Length + j] * z[j];
            gradient[i] = G[i] + product;
            cost += z[i] * (G[i] + 0.5 * product);
        }
        return cost;
    }

    public IlqgResult Step(IlqgPlanner planner, LinearGaussianController? previous = null, double? cost = null) =>
        planner.Step(Model, StartMean, StartCovariance, Cost, previous ?? Previous, cost);

    public TrajectoryDistribution Trajectory(LinearGaussianController controller) =>
        new(Model, StartMean, StartCovariance, controller);

    /// <summary>
    /// The optimal u = K_t s + k_t by the textbook recursion, V = ½ sᵀPs + pᵀs: K = −(H_uu + BᵀPB)⁻¹(H_us + BᵀPA), k =
    /// −(H_uu + BᵀPB)⁻¹(g_u + Bᵀ(Pf + p)).
    /// </summary>
    public (double[] Gain, double[] Offset) Riccati()
    {
        TorchNatives.Load();
        using var scope = NewDisposeScope();
        (int s, int n) = (Shape.State, Shape.Input);
        Tensor f = tensor(Model.F).view(-1, s, n), offset = tensor(Model.Offset).view(-1, s, 1);
        Tensor h = tensor(H).view(n, n), g = tensor(G).view(n, 1), p = zeros(s, s, float64), q = zeros(s, 1, float64);
        var (gains, steps) = (new List<double>(), new List<double>());
        for (int t = Shape.Horizon - 1; t >= 0; t--)
        {
            Tensor big = h + f[t].t().matmul(p).matmul(f[t]), small = g + f[t].t().matmul(p.matmul(offset[t]) + q);
            Tensor gain = -linalg.solve(big[s.., s..], big[s.., ..s]), step = -linalg.solve(big[s.., s..], small[s..]);
            (p, q) = (big[..s, ..s] + big[..s, s..].matmul(gain), small[..s] + big[..s, s..].matmul(step));
            gains.InsertRange(0, gain.contiguous().data<double>());
            steps.InsertRange(0, step.contiguous().data<double>());
        }
        return ([.. gains], [.. steps]);
    }

    /// <summary>Simulates an episode of a controller; passes on each step's state and action.</summary>
    /// <returns>Its cost.</returns>
    public double Simulate(LinearGaussianController controller, ulong episode,
        Action<int, double[], double[]>? seen = null)
    {
        (int s, int a, int n) = (Shape.State, Shape.Action, Shape.Input);
        ulong draw = 0;
        double[] x = Sample(StartMean, StartCovariance), u = new double[a], scratch = new double[n * n];
        double cost = 0;
        for (int t = 0; t < Shape.Horizon; t++)
        {
            controller.Sample(t, x, Normals(a), u);
            seen?.Invoke(t, x, u);
            cost += Cost(x, u, scratch, scratch);
            double[] z = [.. x, .. u], mean = Model.OffsetAt(t).ToArray();
            for (int i = 0; i < s * n; i++) mean[i / n] += Model.FAt(t)[i] * z[i % n];
            x = Sample(mean, Model.NAt(t));
        }
        return cost;

        double[] Normals(int count) =>
            [.. Enumerable.Range(0, count)
                .Select(_ => Philox.Normal(_seed + 77, RandomStream.Plan, draw++, (uint)episode))];

        // mean + C ε
        double[] Sample(double[] mean, ReadOnlySpan<double> covariance)
        {
            double[] c = Factor(covariance, s), normals = Normals(s);
            return [.. mean.Select((m, i) => m + Enumerable.Range(0, i + 1).Sum(j => c[i * s + j] * normals[j]))];
        }
    }

    /// <summary>ln N(x; mean, covariance).</summary>
    public static double LogDensity(double[] x, double[] mean, ReadOnlySpan<double> covariance)
    {
        int n = x.Length;
        double[] c = Factor(covariance, n), normals = new double[n];
        double sum = n * Math.Log(2 * Math.PI);
        for (int i = 0; i < n; i++)
        {
            normals[i] = (x[i] - mean[i] - Enumerable.Range(0, i).Sum(j => c[i * n + j] * normals[j])) / c[i * (n + 1)];
            sum += normals[i] * normals[i] + 2 * Math.Log(c[i * (n + 1)]);
        }
        return -0.5 * sum;
    }

    /// <summary>A random controller for this system.</summary>
    public LinearGaussianController Controller(double deviation)
    {
        (int t, int s, int a) = (Shape.Horizon, Shape.State, Shape.Action);
        double[] covariance = Covariances(t, a, deviation * deviation);
        return new LinearGaussianController(Shape, Draw(t * a * s, 0.2), Draw(t * a, 0.3), covariance);
    }

    // lower triangular C with C Cᵀ = Σ
    private static double[] Factor(ReadOnlySpan<double> covariance, int n)
    {
        var c = new double[n * n];
        for (int i = 0; i < n; i++)
            for (int j = 0; j <= i; j++)
            {
                double rest = covariance[i * n + j];
                for (int k = 0; k < j; k++) rest -= c[i * n + k] * c[j * n + k];
                c[i * n + j] = i == j ? Math.Sqrt(rest) : rest / c[j * (n + 1)];
            }
        return c;
    }

    private double[] Draw(int count, double size)
    {
        _draw++;
        return [.. Enumerable.Range(0, count)
            .Select(i => size * Philox.Normal(_seed, RandomStream.RandomPolicy, (ulong)i, _draw))];
    }

    // [count, n, n], (A Aᵀ / n + 1 / 2) times the size
    private double[] Covariances(int count, int n, double size) => [.. Enumerable.Range(0, count).SelectMany(_ =>
    {
        double[] a = Draw(n * n, 1);
        return Enumerable.Range(0, n * n).Select(e => size * (Product(e / n, e % n) + (e / n == e % n ? 0.5 : 0)));

        double Product(int i, int j) => Enumerable.Range(0, n).Sum(k => a[i * n + k] * a[j * n + k]) / n;
    })];
}
