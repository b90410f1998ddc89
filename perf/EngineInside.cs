using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;
using Naf.Kernels.Population;

namespace Naf.Perf;

/// <summary>What the comparison reads that is no part of the engine's public face.</summary>
internal static class EngineInside
{
    /// <summary>[Count, RowLength], the rows of a learner's R_f.</summary>
    public static float[] Imagined(NafPopulation population, int learner) => population.LearnerAt(learner).Imagined.Rows.ToArray();

    /// <summary>Evaluates the samples of the last call once more; on a GPU they stay there, and the call waits.</summary>
    public static Action Again(AdvantageEvaluation evaluation, Device device, Action whole) => device is GpuDevice gpu
        ? () =>
        {
            evaluation.Launch();
            gpu.Synchronize();
        }
        : whole;
}
