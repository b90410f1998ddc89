namespace Naf.Kernels.Reward;

/// <summary>
/// How dm_control's tolerance falls from 1 at the bounds to its value at the margin; y is the distance from the bounds,
/// scaled so that y(margin) has that value.
/// </summary>
/// <remarks>dm_control, utils/rewards.py, where they are called sigmoids.</remarks>
public enum ToleranceSigmoid
{
    /// <summary>exp(−y²/2).</summary>
    Gaussian,
    /// <summary>1/cosh y.</summary>
    Hyperbolic,
    /// <summary>1/(1 + y²).</summary>
    LongTail,
    /// <summary>1/(1 + y).</summary>
    Reciprocal,
    /// <summary>(1 + cos y)/2 up to y = π, then 0.</summary>
    Cosine,
    /// <summary>1 − y up to y = 1, then 0.</summary>
    Linear,
    /// <summary>1 − y² up to y = 1, then 0.</summary>
    Quadratic,
    /// <summary>1 − tanh² y.</summary>
    TanhSquared,
}

/// <summary>What a factor takes the tolerance of, with d_i = z_i − c_i.</summary>
public enum ToleranceOf
{
    /// <summary>The sum Σ s_i d_i; of one number, that number.</summary>
    Value,
    /// <summary>The norm √(Σ s_i d_i²).</summary>
    Norm,
    /// <summary>Each s_i d_i; the factor is the mean of the tolerances.</summary>
    Mean,
    /// <summary>Each s_i d_i; the factor is the least of the tolerances.</summary>
    Minimum,
}

/// <summary>
/// A factor f = l + (1 − l) tolerance(e) of a reward term: the tolerance is 1 while e is within bounds, and falls
/// outside as the sigmoid says, to a value at a distance.
/// </summary>
/// <param name="Of">What e is.</param>
/// <param name="Count">The number of entries of the term that it uses, after those of the factors before it.</param>
/// <param name="Low">Lower bound of e, in units of e; −∞ for none.</param>
/// <param name="High">Upper bound of e, in units of e; +∞ for none.</param>
/// <param name="Margin">Distance from the bounds, in units of e; 0: the tolerance is 0 outside.</param>
/// <param name="Sigmoid">How the tolerance falls.</param>
/// <param name="ValueAtMargin">The tolerance at the margin.</param>
/// <param name="Least">l, the factor where the tolerance is 0.</param>
public sealed record ToleranceFactor(
    ToleranceOf Of, int Count, double Low = double.NegativeInfinity, double High = double.PositiveInfinity,
    double Margin = 0, ToleranceSigmoid Sigmoid = ToleranceSigmoid.Gaussian, double ValueAtMargin = 0.1,
    double Least = 0)
{
    /// <summary>Whether the tolerance is 0 beyond a distance.</summary>
    internal bool HasEnd =>
        Sigmoid is ToleranceSigmoid.Cosine or ToleranceSigmoid.Linear or ToleranceSigmoid.Quadratic;

    /// <summary>k with y = k · distance; 0 where the tolerance is a step.</summary>
    internal double Steepness
    {
        get
        {
            double v = ValueAtMargin;
            return Margin == 0 ? 0 : Sigmoid switch
            {
                ToleranceSigmoid.Gaussian => Math.Sqrt(-2 * Math.Log(v)),
                ToleranceSigmoid.Hyperbolic => Math.Acosh(1 / v),
                ToleranceSigmoid.LongTail => Math.Sqrt(1 / v - 1),
                ToleranceSigmoid.Reciprocal => 1 / v - 1,
                ToleranceSigmoid.Cosine => Math.Acos(2 * v - 1),
                ToleranceSigmoid.Linear => 1 - v,
                ToleranceSigmoid.Quadratic => Math.Sqrt(1 - v),
                _ => Math.Atanh(Math.Sqrt(1 - v)),
            } / Margin;
        }
    }

    /// <summary>Why the factor is not valid; null if it is.</summary>
    internal string? Problem()
    {
        if (Count < 1) return "a factor has no entries; it has at least one";
        if (!(Low <= High)) return $"the bounds [{Low}, {High}] of a factor need low, then high";
        if (!(Margin >= 0 && double.IsFinite(Margin))) return $"margin must be finite and not negative, not {Margin}";
        if (!(Least >= 0 && Least < 1)) return $"least must be from 0 to below 1, not {Least}";
        if (!(ValueAtMargin >= 0 && ValueAtMargin < 1) || (ValueAtMargin == 0 && !HasEnd))
            return $"value_at_margin must be {(HasEnd ? "from 0 to below" : "between 0 and")} 1, not {ValueAtMargin}";
        return null;
    }
}
