namespace Naf.Kernels;

/// <summary>
/// What keeps a fit from few episodes well posed. Both are variances in units of the scale that the fit is given: parts of an entry's own
/// variance when its scale is 1 / standard deviation.
/// </summary>
public sealed record GaussianFitSettings
{
    /// <summary>R: added to the diagonal of Σ_ii, and to nothing else, before it is inverted. 1e-6 on standardised entries.</summary>
    public double Ridge { get; init; } = 1e-6;

    /// <summary>
    /// Added to the diagonal of N_t, so that it has a Cholesky factor whatever the data: 1e-8 is a ten-thousandth of a standard deviation.
    /// A pivot that rounding leaves below half of it is raised to that.
    /// </summary>
    public double NoiseFloor { get; init; } = 1e-8;

    /// <summary>Checks both.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(Ridge, "ridge");
        Require(NoiseFloor, "noise_floor");

        static void Require(double value, string name)
        {
            if (value is not (>= 1e-14 and <= 1e6)) throw new ArgumentException($"{name} = {value} is out of range; give 1e-14 to 1e6");
        }
    }
}
