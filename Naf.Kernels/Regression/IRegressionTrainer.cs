namespace Naf.Kernels.Regression;

/// <summary>What a device does for <see cref="NetworkRegression"/>. The host's memory of a learner is up to date between two calls.</summary>
internal unsafe interface IRegressionTrainer : IDisposable
{
    /// <summary>Makes updates of a learner, until it stops.</summary>
    /// <param name="rows">[count, inputs + outputs].</param>
    void Train(int learner, float* rows, int count, int updates);

    /// <summary>Takes over a learner's host memory after it was loaded.</summary>
    void Push(int learner);
}
