using Naf.Kernels.Reward;

namespace Naf.Sim;

/// <summary>
/// A user-defined environment in Gymnasium's terms, which a run trains on like a task file. The seed of
/// <see cref="Reset"/> determines everything that follows: the same seed and the same actions give the same numbers.
/// </summary>
public interface IEnvironment : IDisposable
{
    /// <summary>Range of each component of the observation; infinite where it is unbounded.</summary>
    Box ObservationSpace { get; }

    /// <summary>Range of each component of the action; all bounds are finite.</summary>
    Box ActionSpace { get; }

    /// <summary>Steps after which an episode is truncated.</summary>
    int MaxEpisodeSteps { get; }

    /// <summary>
    /// Whether an episode can be repeated: the same seed and the same actions give the same numbers. False for a
    /// machine: a run that is resumed then begins a new episode.
    /// </summary>
    bool IsRepeatable => true;

    /// <summary>
    /// r(x, u) of the observation before a step and the action u in [−1, 1], with the bounds of the observation that
    /// terminate an episode; imagination in fitted dynamics needs it. Null if the reward is not known as such a
    /// function. If it has bounds, an episode terminates exactly when the observation leaves them; without bounds,
    /// imagination continues past every termination.
    /// </summary>
    RewardDefinition? Reward => null;

    /// <summary>
    /// [action], the most that each number of the action may change from one step to the next, in its unit; infinite
    /// where it may change at once. Null: there is no limit. With a <see cref="SafeAction"/> the first action of an
    /// episode is limited from there.
    /// </summary>
    IReadOnlyList<double>? MaxActionChange => null;

    /// <summary>
    /// [action], within <see cref="ActionSpace"/>: what a machine is left at when an episode is not finished, such as
    /// no torque. Null: the environment sees to that itself.
    /// </summary>
    IReadOnlyList<double>? SafeAction => null;

    /// <summary>Starts an episode.</summary>
    /// <returns>[observation], the first observation; the environment may reuse the array.</returns>
    double[] Reset(ulong seed);

    /// <summary>Performs one step.</summary>
    /// <param name="action">
    /// [action], within <see cref="ActionSpace"/> and <see cref="MaxActionChange"/>.
    /// </param>
    EnvironmentStep Step(ReadOnlySpan<double> action);
}

/// <summary>Result of a step.</summary>
/// <param name="Observation">[observation], the next observation; the environment may reuse the array.</param>
/// <param name="Reward">The reward of the step.</param>
/// <param name="Terminated">A terminal state was reached; its value is 0.</param>
/// <param name="Truncated">The episode ended otherwise, such as by a time limit; its value is bootstrapped.</param>
public readonly record struct EnvironmentStep(double[] Observation, double Reward, bool Terminated, bool Truncated);

/// <summary>A box of real numbers: Low_i ≤ value_i ≤ High_i.</summary>
public sealed class Box
{
    /// <param name="low">[size].</param>
    /// <param name="high">[size].</param>
    /// <exception cref="ArgumentException">Sizes differ or are 0, or a lower bound is not below its upper.</exception>
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

    /// <summary>Number of components.</summary>
    public int Size => Low.Count;

    /// <summary>Whether all bounds, and the ranges between them, are finite.</summary>
    public bool IsBounded => Low.Zip(High, (low, high) => high - low).All(double.IsFinite);
}
