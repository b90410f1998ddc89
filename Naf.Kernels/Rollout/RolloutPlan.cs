using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// How rollouts are laid onto a GPU: the rollouts of a group's tile, and its threads, each of which takes 8 units of 8 rollouts of a layer.
/// </summary>
/// <param name="Rows">Rollouts of a tile, a multiple of 8.</param>
/// <param name="Threads">Threads of a group.</param>
/// <param name="SharedBytes">Local memory of a group.</param>
internal sealed record RolloutPlan(int Rows, int Threads, int SharedBytes)
{
    /// <summary>
    /// The largest tile that fits, up to 32 rollouts, of which a multiprocessor holds several groups at a time; smaller where the rollouts of a call
    /// would not give every multiprocessor a group. A rollout's sums do not depend on it.
    /// </summary>
    /// <param name="rollouts">Of all learners together, in one call.</param>
    /// <exception cref="DeviceException">The networks do not fit.</exception>
    public static RolloutPlan Choose(GpuDevice device, RolloutDefinition definition, NafShape shape, long rollouts)
    {
        GpuLimits limits = device.Limits;
        int most = device.Info.IsGpu ? 32 : 16;
        while (most > 8 && rollouts < (long)most * limits.Units) most /= 2;
        for (int rows = most; rows >= 8; rows /= 2)
        {
            RolloutPlan plan = Of(rows, definition, shape);
            // 64 sums a thread leave room for so many
            int threads = Math.Min(limits.GroupThreads, rows > 8 ? 256 : 512);
            if (plan.Threads <= threads && plan.SharedBytes <= limits.SharedBytes) return plan;
        }
        RolloutPlan least = Of(8, definition, shape);
        throw new DeviceException(
            $"imagination with networks {shape} needs {least.Threads} threads and {least.SharedBytes} bytes of local memory a group, and "
            + $"{device.Info.Name} has {limits.GroupThreads} and {limits.SharedBytes}; use narrower networks or --device cpu");
    }

    /// <summary>The plan with a given tile.</summary>
    public static RolloutPlan Of(int rows, RolloutDefinition definition, NafShape shape)
    {
        (int s, int a, int x, int width) =
            (definition.Dynamics.State, definition.Dynamics.Action, definition.Observation.Size, MaxWidth(definition, shape));
        int tasks = width / 8 * (rows / 8), threads = Math.Max(64, (Math.Max(tasks, rows) + 31) / 32 * 32);
        int noise = 4 * (RolloutNormals.Blocks(a) + RolloutNormals.Blocks(s));
        return new RolloutPlan(rows, threads, sizeof(float) * (rows * (width + s + a + noise + 2 * x + s + 2 + 5) + 4));
    }

    /// <summary>Floats of the widest layer that a tile's activations hold for one rollout.</summary>
    public static int MaxWidth(RolloutDefinition definition, NafShape shape) =>
        Math.Max(MlpShape.Pad(definition.Observation.Size), MlpShape.Pad(shape.Hidden.Max()));

    /// <inheritdoc/>
    public override string ToString() => $"{Threads} threads, {Rows} rollouts a group";
}
