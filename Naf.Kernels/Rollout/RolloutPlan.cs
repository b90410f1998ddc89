using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Update;

namespace Naf.Kernels.Rollout;

/// <summary>Launch plan for rollouts on a GPU: tile size and threads of a group. Affects the order of sums.</summary>
/// <param name="Rows">Rollouts of a tile, a multiple of 8.</param>
internal sealed record RolloutPlan(int Rows, int Threads)
{
    /// <summary>
    /// The largest tile that fits, up to 32 rollouts, so that a multiprocessor holds several groups at a time; smaller
    /// if a call would have fewer groups than multiprocessors.
    /// </summary>
    /// <param name="rollouts">Rollouts of all learners in one call.</param>
    /// <exception cref="DeviceException">The networks do not fit.</exception>
    internal static RolloutPlan Choose(
        GpuDevice device, RolloutDefinition definition, LearnerShape shape, long rollouts)
    {
        GpuLimits limits = device.Limits;
        int rows = device.Info.IsGpu ? 32 : 16;
        while (rows > RolloutKernel.SumRows && rollouts < (long)rows * limits.Units) rows /= 2;
        for (;; rows /= 2)
        {
            // a CPU runs the threads of a group one after the other
            int threads = device.Info.IsGpu ? Tasks(rows, shape) : 16;
            var plan = new RolloutPlan(rows, Math.Min(threads, limits.GroupThreads));
            int bytes = plan.Sizes(definition, shape).Memory * sizeof(float);
            if (bytes <= limits.SharedBytes) return plan;
            if (rows == RolloutKernel.SumRows)
                throw new DeviceException(
                    $"imagination with networks {shape} needs {bytes} bytes of shared memory a group, and "
                    + $"{device.Info.Name} has {limits.SharedBytes}; use narrower networks or device=cpu");
        }
    }

    internal RolloutSizes Sizes(RolloutDefinition definition, LearnerShape shape) =>
        RolloutSizes.Of(definition, Rows, MlpForward.Stride(shape.Networks()), RolloutKernel.SumRows, Threads);

    // one thread per four units of a layer, in whole warps
    private static int Tasks(int rows, LearnerShape shape) =>
        Math.Clamp((MlpShape.Pad(shape.Hidden.Max()) / 4 * (rows / RolloutKernel.SumRows) + 31) / 32 * 32, 64, 256);
}
