namespace Naf.Sim.Tasks.Definitions;

/// <summary>What the simulator makes of a component v of h before it is observed.</summary>
/// <param name="Index">The component of x.</param>
/// <param name="Log1p">Whether v is replaced with ln(1 + v), before the bounds.</param>
/// <param name="Low">Lower bound; −∞ for none.</param>
/// <param name="High">Upper bound; +∞ for none.</param>
internal readonly record struct ObservationTransform(int Index, bool Log1p, double Low, double High)
{
    /// <summary>x, from v.</summary>
    public double Of(double v) => Math.Clamp(Log1p ? double.LogP1(v) : v, Low, High);
}
