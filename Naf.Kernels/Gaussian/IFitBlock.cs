namespace Naf.Kernels;

/// <summary>Fits blocks of time steps, a step in each element of a register: one thread's memory, and the stages in order.</summary>
internal interface IFitBlock : IDisposable
{
    /// <summary>Time steps of a block.</summary>
    int Width { get; }

    /// <summary>Fits steps block · Width, … of a learner; false: not every number of them is finite in float32.</summary>
    bool Run(FitLearner learner, int block);
}
