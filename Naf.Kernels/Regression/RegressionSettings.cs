using Naf.Kernels.Network;

namespace Naf.Kernels.Regression;

/// <summary>How a network learns a function from samples. The paper (section 6.3) names no sizes for its dynamics: those of its policies.</summary>
/// <param name="Batch">Samples of a minibatch, drawn with replacement.</param>
internal sealed record RegressionSettings(
    int Batch = 64, float LearningRate = 1e-3f, float Beta1 = 0.9f, float Beta2 = 0.999f, float Epsilon = 1e-8f)
{
    /// <summary>Units of the hidden ReLU layers.</summary>
    public ImmutableArray<int> Hidden { get; init; } = [200, 200];

    /// <summary>As kernels take them, in the order of <see cref="SettingPlaces"/>.</summary>
    internal IReadOnlyList<double> Places => [Beta1, 1 - (double)Beta1, Beta2, 1 - (double)Beta2];

    internal AdamSettings Adam => new(LearningRate, Beta1, Beta2, Epsilon);
}
