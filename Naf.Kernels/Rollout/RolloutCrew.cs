using System.Runtime.Intrinsics;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>One thread's workspace for rollouts.</summary>
internal abstract unsafe class RolloutCrew : IDisposable
{
    /// <summary>Most rollouts of a block.</summary>
    public const int MaximalRollouts = 128;

    // floats of a block's rows: they should stay in the second-level cache
    private const int BlockFloats = 80_000;

    /// <param name="width">Floats of a register (16, 8 or 4), or 0 for the widest that the processor has.</param>
    public static RolloutCrew Create(RolloutDefinition definition, NafShape shape, float[] inputScale, int width = 0)
    {
        return (width == 0 ? CpuDevice.RegisterFloats : width) switch
        {
            16 => new LaneRolloutCrew<Lanes512, Vector512<float>>(definition, shape, inputScale),
            8 => new LaneRolloutCrew<Lanes256, Vector256<float>>(definition, shape, inputScale),
            _ => new LaneRolloutCrew<Lanes128, Vector128<float>>(definition, shape, inputScale),
        };
    }

    /// <summary>Rollouts of a block: by a learner's own settings, so that its numbers do not depend on the others.</summary>
    public static int BlockRollouts(RolloutSettings settings, int rowLength) =>
        Math.Clamp(BlockFloats / (settings.Steps * rowLength) & ~7, 8, MaximalRollouts);

    /// <summary>Computes a block; its rows stay here.</summary>
    public abstract void Run(in RolloutBlock block);

    /// <summary>Appends the rows of the last block to a replay, in the order (rollout, step); returns how many.</summary>
    public abstract int Append(ReplayBuffer replay);

    /// <summary>The weights may have changed: they are transposed anew with the next block.</summary>
    public abstract void Forget();

    /// <summary>Rollouts of the last block that were cut.</summary>
    public int Cuts { get; protected set; }

    public abstract void Dispose();
}
