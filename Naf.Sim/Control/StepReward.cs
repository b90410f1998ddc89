using Naf.Kernels.Reward;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Control;

/// <summary>Evaluates a <see cref="StepRewardDefinition"/> in one environment; allocates nothing in a step.</summary>
/// <param name="observations">Size of the observation x.</param>
/// <param name="controlStep">Δt, seconds.</param>
internal sealed class StepReward(StepRewardDefinition definition, int observations, double controlStep)
{
    private readonly RewardFunction<double> _function = new(definition.Reward);
    private readonly double[] _numbers = new double[definition.Names.Length];

    // size of b = [x; y]
    private readonly int _size = observations + (definition.Signals?.Size ?? 0);

    /// <summary>Whether the signals after the last step are outside their bounds.</summary>
    public bool Terminates => _function.Terminates(_numbers);

    /// <summary>z without u, of the last step.</summary>
    public ReadOnlySpan<double> Numbers => _numbers;

    /// <summary>Takes b before the step.</summary>
    /// <param name="y">[signals].</param>
    public void Before(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        x.CopyTo(_numbers);
        y.CopyTo(_numbers.AsSpan(observations));
    }

    /// <summary>The reward, once the step is done.</summary>
    /// <param name="last">[actions], u₋₁.</param>
    public double After(
        ReadOnlySpan<double> x, ReadOnlySpan<double> y, ReadOnlySpan<double> last, ReadOnlySpan<double> u)
    {
        Span<double> before = _numbers.AsSpan(0, _size), after = _numbers.AsSpan(_size, _size),
            rate = _numbers.AsSpan(2 * _size, _size), actionRate = _numbers.AsSpan(3 * _size);
        x.CopyTo(after);
        y.CopyTo(after[observations..]);
        for (int i = 0; i < _size; i++) rate[i] = (after[i] - before[i]) / controlStep;
        for (int i = 0; i < u.Length; i++) actionRate[i] = u[i] - last[i];
        return _function.Value(_numbers, u);
    }
}
