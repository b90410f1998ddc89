using Naf.Kernels.Reward;
using Naf.Sim;

/// <summary>
/// Steering a beam through 16 monitors by 16 correcting magnets, as NAF is used for at accelerators: the observation is
/// the beam's deviation x at each monitor, an action changes the currents of the magnets, and x′ = x + R u with the
/// fixed response matrix R of the beam line. The reward of a step is −rms(x); an episode ends when rms(x′) is below
/// the threshold.
/// </summary>
internal sealed class BeamSteering : IEnvironment
{
    private const int Size = 16;
    private const double Threshold = 0.1, PhaseAdvance = 1.1;

    private readonly double[] _x = new double[Size];

    public Box ObservationSpace { get; } = new(Size, double.NegativeInfinity, double.PositiveInfinity);

    public Box ActionSpace { get; } = new(Size, -1, 1);

    public int MaxEpisodeSteps => 25;

    // −√(Σ x²/16): a smooth norm whose α makes no difference
    public RewardDefinition Reward { get; } = new(Size, Size,
    [
        new RewardTerm(RewardKind.SmoothNorm, Weight: -1, Alpha: 1e-7, Offset: 0, [.. Enumerable.Range(0, Size)],
            [.. new double[Size]], [.. Enumerable.Repeat(1.0 / Size, Size)]),
    ], bounds: []);

    public double[] Reset(ulong seed)
    {
        // a beam line that is well aligned but for magnets that stand up to 1 unit off
        var random = new Random(unchecked((int)(seed ^ seed >> 32)));
        double[] error = [.. Enumerable.Range(0, Size).Select(_ => 2 * random.NextDouble() - 1)];
        Array.Clear(_x);
        Kick(error);
        return _x;
    }

    public EnvironmentStep Step(ReadOnlySpan<double> action)
    {
        double reward = -Rms();
        Kick(action);
        return new EnvironmentStep(_x, reward, Terminated: Rms() < Threshold, Truncated: false);
    }

    public void Dispose()
    {
    }

    private double Rms() => Math.Sqrt(_x.Sum(x => x * x) / Size);

    // x ← x + R u: a magnet moves the beam at the monitors behind it, by the sine of the phase between them
    private void Kick(ReadOnlySpan<double> u)
    {
        for (int monitor = 0; monitor < Size; monitor++)
            for (int magnet = 0; magnet <= monitor; magnet++)
                _x[monitor] += 0.5 * Math.Sin(PhaseAdvance * (monitor - magnet + 1)) * u[magnet];
    }
}
