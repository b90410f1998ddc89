namespace Naf.Kernels;

/// <summary>How a Gaussian mixture is fitted by expectation and maximisation.</summary>
public sealed record MixtureSettings
{
    /// <summary>K: components, 1 or more; where there are fewer samples, as many as samples.</summary>
    public int Components { get; init; } = 1;

    /// <summary>
    /// Added to the diagonal of each component's covariance, so that it has an inverse whatever the samples: a variance in the samples' units, which
    /// <see cref="MixturePrior"/> standardises. 1e-6 is a thousandth of a standard deviation (Levine's gps code).
    /// </summary>
    public double Floor { get; init; } = 1e-6;

    /// <summary>Most rounds of expectation and maximisation.</summary>
    public int Iterations { get; init; } = 100;

    /// <summary>The rounds end when the mean log density of a sample has grown by less than this.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>Draws where the components begin.</summary>
    public ulong Seed { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(Components is >= 1 and <= 10_000, "components", Components, "1 to 10,000");
        Require(Floor is >= 1e-14 and <= 1e6, "floor", Floor, "1e-14 to 1e6");
        Require(Iterations is >= 1 and <= 100_000, "iterations", Iterations, "1 to 100,000");
        Require(Tolerance is >= 0 and <= 1e6, "tolerance", Tolerance, "0 to 1e6");

        static void Require(bool possible, string name, double value, string range)
        {
            if (!possible) throw new ArgumentException($"mixture_{name} = {value} is out of range; give {range}");
        }
    }
}
