using Naf.Kernels.Random;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>Distribution of values around their centre.</summary>
internal enum Spread
{
    Fixed,
    /// <summary>Normal, each with its own standard deviation.</summary>
    Normal,
    /// <summary>Uniform between two bounds, independently.</summary>
    Uniform,
    /// <summary>A pair, r (cos a, sin a): radius and angle uniform between bounds.</summary>
    Polar,
    /// <summary>A pair, r (cos a, sin a), uniform by area of the ring: r = √U(r₀², r₁²).</summary>
    PolarByArea,
}

/// <summary>The random numbers of one reset: draw n is lane n of the episode's block.</summary>
internal struct DrawSource(ulong seed, RandomStream stream, ulong episode)
{
    private uint _lane = 0;

    public double Normal() => Philox.Normal(seed, stream, episode, _lane++);

    public double Uniform(double low, double high) =>
        low + (high - low) * Philox.Uniform(seed, stream, episode, _lane++);
}

/// <summary>A distribution of a few values: at + a random offset.</summary>
/// <param name="At">[n], the centre.</param>
/// <param name="A">Normal: [n] standard deviations. Uniform: [n] lower bounds. Polar: the bounds of the radius.</param>
/// <param name="B">Uniform: [n] upper bounds. Polar: the bounds of the angle, radians.</param>
internal sealed record Draw(ImmutableArray<double> At, Spread Spread, ImmutableArray<double> A,
    ImmutableArray<double> B)
{
    /// <summary>Uniform: values whose Euclidean norm is not above it are drawn again; 0 for none.</summary>
    public double Outside { get; init; }

    public int Size => At.Length;

    internal void Sample(ref DrawSource source, Span<double> values)
    {
        At.CopyTo(values);
        switch (Spread)
        {
            case Spread.Normal:
                for (int i = 0; i < Size; i++) values[i] += A[i] * source.Normal();
                break;
            case Spread.Uniform:
                do
                    for (int i = 0; i < Size; i++) values[i] = At[i] + source.Uniform(A[i], B[i]);
                while (Outside > 0 && Norm(values[..Size]) <= Outside);
                break;
            case Spread.Polar or Spread.PolarByArea:
                double radius = Spread == Spread.Polar
                    ? source.Uniform(A[0], A[1]) : Math.Sqrt(source.Uniform(A[0] * A[0], A[1] * A[1]));
                (double sine, double cosine) = Math.SinCos(source.Uniform(B[0], B[1]));
                values[0] += radius * cosine;
                values[1] += radius * sine;
                break;
        }
    }

    private static double Norm(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values) sum += value * value;
        return Math.Sqrt(sum);
    }
}
