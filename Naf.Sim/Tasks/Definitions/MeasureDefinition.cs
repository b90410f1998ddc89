namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// How a measure reduces the values of an episode: last value, mean, standard deviation (of the population, not of a
/// sample), minimum, maximum, or the number of the first step, from 1, after which the value is below or above the
/// bound.
/// </summary>
internal enum Take { End, Mean, Deviation, Minimum, Maximum, FirstBelow, FirstAbove }

/// <summary>A number that rates an episode, computed from the observations after its steps.</summary>
/// <param name="Indices">Indices of the components of the observation that it uses.</param>
/// <param name="IsNorm">Whether the value is their Euclidean norm; else it is the only component.</param>
/// <param name="Steps">
/// Number of steps before the horizon that it uses; the horizon for all. An episode that ends early may have none of
/// them.
/// </param>
/// <param name="Bound">The bound of FirstBelow and FirstAbove.</param>
internal sealed record MeasureDefinition(
    string Name, ImmutableArray<int> Indices, bool IsNorm, Take Take, int Steps, double Bound);

/// <summary>For success, a measure must lie strictly between bounds.</summary>
/// <param name="Above">Lower bound; −∞ for none.</param>
/// <param name="Below">Upper bound; +∞ for none.</param>
internal readonly record struct SuccessCondition(int Measure, double Above, double Below);
