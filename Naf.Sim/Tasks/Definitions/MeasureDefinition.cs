namespace Naf.Sim.Tasks.Definitions;

/// <summary>
/// What a measure takes of the values that it sees in an episode: the last one, the mean, the standard deviation (of
/// the values, not of a sample), the least, the largest, or the number of the step, from 1, after which the value is
/// first below or above the bound.
/// </summary>
internal enum Take { End, Mean, Deviation, Minimum, Maximum, FirstBelow, FirstAbove }

/// <summary>A number that an episode is judged by, taken from the observations after its steps.</summary>
/// <param name="Indices">The numbers of the observation that it looks at.</param>
/// <param name="IsNorm">Whether the value is their Euclidean norm; else there is one, and it is the value.</param>
/// <param name="Steps">
/// How many steps before the horizon it looks at; the horizon for all. An episode that ends early may have none
/// of them.
/// </param>
/// <param name="Bound">The bound of first below and first above.</param>
internal sealed record MeasureDefinition(
    string Name, ImmutableArray<int> Indices, bool IsNorm, Take Take, int Steps, double Bound);

/// <summary>A measure must be strictly between bounds for an episode to succeed.</summary>
/// <param name="Above">It must be above this; −∞ for no bound.</param>
/// <param name="Below">It must be below this; +∞ for no bound.</param>
internal readonly record struct SuccessCondition(int Measure, double Above, double Below);
