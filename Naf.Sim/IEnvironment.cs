using Naf.Kernels.Reward;

namespace Naf.Sim;

/// <summary>
/// An environment of one's own, in Gymnasium's terms, that a run trains on as on a task file. A seed decides all that
/// follows its <see cref="Reset"/>: two resets with one seed and the same actions give the same numbers.
/// </summary>
public interface IEnvironment : IDisposable
{
    /// <summary>The range of each number of the observation; unbounded ones are infinite.</summary>
    Box ObservationSpace { get; }

    /// <summary>The range of each number of the action; all bounds are finite.</summary>
    Box ActionSpace { get; }

    /// <summary>Steps after which an episode is truncated.</summary>
    int MaxEpisodeSteps { get; }

    /// <summary>
    /// r(x, u) of the observation before a step and the action, over u in [−1, 1], with the bounds of the observation
    /// that end an episode: what imagination in fitted dynamics needs. Null: it is not known as such a function. Where
    /// it has bounds, an episode terminates where the observation leaves them and nowhere else; without any,
    /// imagination goes on past every end.
    /// </summary>
    RewardDefinition? Reward => null;

    /// <summary>Begins an episode.</summary>
    /// <returns>[observation], the first observation; the environment may reuse the array.</returns>
    double[] Reset(ulong seed);

    /// <summary>One step.</summary>
    /// <param name="action">[action], within <see cref="ActionSpace"/>.</param>
    EnvironmentStep Step(ReadOnlySpan<double> action);
}

/// <summary>What a step gave.</summary>
/// <param name="Observation">[observation], the next observation; the environment may reuse the array.</param>
/// <param name="Reward">The reward of the step.</param>
/// <param name="Terminated">A terminal state was reached: its value is 0.</param>
/// <param name="Truncated">
/// The episode ends for another reason, such as a time limit: its value is that of any other state.
/// </param>
public readonly record struct EnvironmentStep(double[] Observation, double Reward, bool Terminated, bool Truncated);

/// <summary>A box of real numbers: Low_i ≤ value_i ≤ High_i.</summary>
public sealed class Box
{
    /// <param name="low">[size].</param>
    /// <param name="high">[size].</param>
    /// <exception cref="ArgumentException">The sizes differ or are 0, or a bound is not below the other.</exception>
    public Box(IEnumerable<double> low, IEnumerable<double> high)
    {
        ArgumentNullException.ThrowIfNull(low);
        ArgumentNullException.ThrowIfNull(high);
        (Low, High) = ([.. low], [.. high]);
        if (Low.Count == 0 || Low.Count != High.Count)
            throw new ArgumentException(
                $"a box needs as many upper bounds as lower ones, at least one, not {Low.Count} and {High.Count}");
        for (int i = 0; i < Low.Count; i++)
            if (!(Low[i] < High[i]))
                throw new ArgumentException(
                    $"a box needs lower bounds below the upper ones: bound {i} is from {Low[i]} to {High[i]}");
    }

    /// <summary>The same bounds for each of <paramref name="size"/> numbers.</summary>
    public Box(int size, double low, double high) : this(Enumerable.Repeat(low, size), Enumerable.Repeat(high, size))
    {
    }

    /// <summary>[size], the lower bounds.</summary>
    public IReadOnlyList<double> Low { get; }

    /// <summary>[size], the upper bounds.</summary>
    public IReadOnlyList<double> High { get; }

    /// <summary>How many numbers.</summary>
    public int Size => Low.Count;

    /// <summary>Whether all bounds, and the ranges between them, are finite.</summary>
    public bool IsBounded => Low.Zip(High, (low, high) => high - low).All(double.IsFinite);
}
