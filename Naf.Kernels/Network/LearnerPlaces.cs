namespace Naf.Kernels.Network;

/// <summary>Places of a learner's own settings, from <see cref="LearnerSizes.Settings"/> on.</summary>
internal static class SettingPlaces
{
    public const int Beta1 = 0, Rest1 = 1, Beta2 = 2, Rest2 = 3, Gamma = 4, Tau = 5, RewardScale = 6, ClipNorm = 7, Bound = 8;
}

/// <summary>Where the networks' outputs V, m and l of sample 0 stand in a learner's row, and the strides to the next sample.</summary>
internal struct HeadPlaces
{
    /// <summary>Entries of an action.</summary>
    public int Action;

    /// <summary>V.</summary>
    public int Value, ValueStride;

    /// <summary>[action], m.</summary>
    public int Mean, MeanStride;

    /// <summary>[packed], l.</summary>
    public int Triangle, TriangleStride;
}
