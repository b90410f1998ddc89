using Naf.Kernels.Network;

namespace Naf.Kernels.Regression;

/// <summary>How a network learns a function from samples. The paper (section 6.3) names no sizes for its dynamics: those of its policies.</summary>
/// <param name="Batch">Samples of a minibatch, drawn with replacement.</param>
/// <param name="LearningRate">Adam's rate α.</param>
/// <param name="Beta1">Adam's β₁.</param>
/// <param name="Beta2">Adam's β₂.</param>
/// <param name="Epsilon">Adam's ε.</param>
internal sealed record RegressionSettings(
    int Batch = 64, float LearningRate = 1e-3f, float Beta1 = 0.9f, float Beta2 = 0.999f, float Epsilon = 1e-8f)
{
    /// <summary>Units of the hidden ReLU layers.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Check()
    {
        Require(!Hidden.IsDefaultOrEmpty && Hidden.All(units => units is >= 1 and <= 65536), "hidden", Text, "one layer or more of 1 to 65536");
        Require(Batch is >= 1 and <= 65536, "batch_size", Batch, "1 to 65536");
        Require(LearningRate is > 0 and <= 1, "learning_rate", LearningRate, "above 0, at most 1");
        Require(Beta1 is >= 0 and < 1, "beta1", Beta1, "0 to below 1");
        Require(Beta2 is >= 0 and < 1, "beta2", Beta2, "0 to below 1");
        Require(Epsilon is > 0 and < 1, "epsilon", Epsilon, "above 0, below 1");

        static void Require(bool holds, string name, object value, string range)
        {
            if (!holds) throw new ArgumentException(FormattableString.Invariant($"{name} = {value} of the network is out of range; give {range}"));
        }
    }

    private string Text => Hidden.IsDefault ? "[]" : $"[{string.Join(',', Hidden)}]";

    /// <summary>As kernels take them, in the order of <see cref="SettingPlaces"/>.</summary>
    internal IReadOnlyList<double> Places => [Beta1, 1 - (double)Beta1, Beta2, 1 - (double)Beta2];

    internal AdamSettings Adam => new(LearningRate, Beta1, Beta2, Epsilon);
}
