using Naf.Kernels.Gaussian;
using Naf.Kernels.Random;

namespace Naf.Tests;

/// <summary>
/// A system s′ ~ N(F_t [s; u] + f_t, C_t C_tᵀ) that drifts with time, started at N(μ, P) and driven by u ~ N(0, σ² I):
/// its parameters, samples, and exact moments of its states by recursion.
/// </summary>
/// <param name="Horizon">T.</param>
/// <param name="State">S.</param>
/// <param name="Action">A.</param>
internal sealed record LinearGaussianSystem(int Horizon, int State, int Action)
{
    /// <summary>How much F, f and C change from the first time step to the last.</summary>
    public double Drift { get; init; } = 1;

    /// <summary>σ: far enough below 1 that no action is clipped.</summary>
    public double ActionDeviation { get; init; } = 0.15;

    /// <summary>Magnitude of the noise C.</summary>
    public double Noise { get; init; } = 0.1;

    public DynamicsShape Shape => new(Horizon, State, Action);

    /// <summary>F_t[i, j]: a damped coupling of all entries, some driven by actions.</summary>
    public double F(int t, int i, int j) => j < State
        ? (i == j ? 0.7 : 0) + 0.6 / State * Math.Sin(1 + 3 * i + 5 * j + Drift * (1 + i) * Phase(t))
        : 2 * Math.Cos(i + 2 * (j - State) + Drift * Phase(t));

    /// <summary>f_t[i].</summary>
    public double Offset(int t, int i) => 0.3 * Math.Sin(2 * i + 4 * Drift * Phase(t));

    /// <summary>C_t[i, j], lower triangular.</summary>
    public double C(int t, int i, int j) =>
        j > i
            ? 0
            : Noise * (i == j ? 1 + 0.5 * Math.Sin(i + 3 * Drift * Phase(t))
                : 0.4 * Math.Cos(i - 2 * j + 3 * Drift * Phase(t)));

    /// <summary>N_t = C_t C_tᵀ.</summary>
    public double N(int t, int i, int j) => Enumerable.Range(0, State).Sum(k => C(t, i, k) * C(t, j, k));

    /// <summary>Mean and covariance of the state at a time step, [S] and [S, S].</summary>
    public (double[] Mean, double[,] Covariance) Moments(int time)
    {
        (double[] mean, double[,] p) = (new double[State], new double[State, State]);
        for (int i = 0; i < State; i++) (mean[i], p[i, i]) = (StartMean(i), StartDeviation(i) * StartDeviation(i));
        return Moments(mean, p, 0, time);
    }

    /// <summary>Mean and covariance some time steps after a state of given mean and covariance.</summary>
    public (double[] Mean, double[,] Covariance) Moments(double[] mean, double[,] covariance, int from, int to)
    {
        for (int t = from; t < to; t++)
        {
            // m ← F m + f,   P ← F [P 0; 0 σ² I] Fᵀ + N
            (double[] m, double[,] p) = (mean, covariance);
            mean = [.. Enumerable.Range(0, State)
                .Select(i => Offset(t, i) + Enumerable.Range(0, State).Sum(j => F(t, i, j) * m[j]))];
            covariance = new double[State, State];
            for (int i = 0; i < State; i++)
                for (int j = 0; j < State; j++)
                {
                    double sum = N(t, i, j);
                    for (int k = 0; k < State; k++)
                        for (int l = 0; l < State; l++) sum += F(t, i, k) * p[k, l] * F(t, j, l);
                    for (int a = State; a < State + Action; a++)
                        sum += F(t, i, a) * ActionDeviation * ActionDeviation * F(t, j, a);
                    covariance[i, j] = sum;
                }
        }
        return (mean, covariance);
    }

    /// <summary>An initial state.</summary>
    public double[] Start(ulong seed, int episode) => [.. Enumerable.Range(0, State).Select(i =>
        StartMean(i) + StartDeviation(i) * Philox.Normal(seed, RandomStream.Reset, (ulong)episode, (uint)i))];

    /// <summary>Episodes, each [T, D].</summary>
    public double[][] Draw(int episodes, ulong seed) =>
        [.. Enumerable.Range(0, episodes).Select(e => Episode(seed, e))];

    /// <summary>The packed models, [T, PackedStep], in the layout of <see cref="DynamicsShape"/>.</summary>
    public float[] Packed()
    {
        DynamicsShape shape = Shape;
        var packed = new float[Horizon * shape.PackedStep];
        for (int t = 0; t < Horizon; t++)
            for (int i = 0; i < State; i++)
            {
                int at = t * shape.PackedStep + i;
                for (int j = 0; j < shape.Input; j++) packed[at + j * shape.PackedRow] = (float)F(t, i, j);
                packed[at + shape.Input * shape.PackedRow] = (float)Offset(t, i);
                for (int j = 0; j <= i; j++) packed[at + (shape.Input + 1 + j) * shape.PackedRow] = (float)C(t, i, j);
            }
        return packed;
    }

    private double[] Episode(ulong seed, int episode)
    {
        var samples = new double[Horizon * Shape.Sample];
        double[] s = Start(seed, episode);
        for (int t = 0; t < Horizon; t++)
        {
            Span<double> z = samples.AsSpan(t * Shape.Sample, Shape.Sample);
            s.CopyTo(z);
            for (int a = 0; a < Action; a++) z[State + a] = ActionDeviation * Normal(RandomStream.Exploration, t, a);
            for (int i = 0; i < State; i++)
            {
                double next = Offset(t, i);
                for (int j = 0; j < State + Action; j++) next += F(t, i, j) * z[j];
                for (int j = 0; j <= i; j++) next += C(t, i, j) * Normal(RandomStream.ImaginationDynamics, t, j);
                z[State + Action + i] = next;
            }
            z[(State + Action)..].CopyTo(s);
        }
        return samples;

        double Normal(RandomStream stream, int t, int entry) =>
            Philox.Normal(seed, stream, (ulong)episode, (uint)(1000 * t + entry));
    }

    private double Phase(int t) => (double)t / Horizon;

    private static double StartMean(int i) => 1 - 0.5 * i;

    private static double StartDeviation(int i) => 0.3 + 0.1 * i;
}
