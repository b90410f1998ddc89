using System.Collections.Immutable;
using Naf.Kernels.Observation;
using Naf.Kernels.Random;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>What a draw of a reset sets.</summary>
public enum ResetTarget
{
    /// <summary>Entries of qpos.</summary>
    Position,
    /// <summary>Entries of qvel.</summary>
    Velocity,
}

/// <summary>One draw of a reset.</summary>
/// <param name="Target">qpos or qvel.</param>
/// <param name="Indices">[n], which entries.</param>
/// <param name="Draw">The distribution of the n values.</param>
public sealed record ResetItem(ResetTarget Target, ImmutableArray<int> Indices, Draw Draw);

/// <summary>
/// The distribution of initial states and episode constants. Draws are made in the order of the file, first the items, then the constants;
/// draw n of an episode is lane n of the block that seed, stream and episode select.
/// </summary>
/// <param name="Items">What is set; all else stands at the model's reference, at rest.</param>
/// <param name="Constants">The constants of the episode.</param>
/// <param name="Quaternions">Indices in qpos at which the quaternion of a free joint begins; made unit length after the draws.</param>
public sealed record ResetDefinition(ImmutableArray<ResetItem> Items, ImmutableArray<EpisodeConstant> Constants, ImmutableArray<int> Quaternions)
{
    /// <summary>Draws an initial state over the model's reference state.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Training or test episodes.</param>
    /// <param name="episode">Number of the episode.</param>
    /// <param name="qpos">[Nq], holds the reference; receives positions.</param>
    /// <param name="qvel">[Nv], holds zeros; receives velocities.</param>
    /// <param name="constants">Receives the constants of the episode.</param>
    public void Sample(ulong seed, RandomStream stream, ulong episode, Span<double> qpos, Span<double> qvel, Span<double> constants)
    {
        var source = new DrawSource(seed, stream, episode);
        Span<double> values = stackalloc double[MaxDraw];
        foreach (ResetItem item in Items)
        {
            item.Draw.Sample(ref source, values[..item.Draw.Size]);
            Span<double> target = item.Target == ResetTarget.Position ? qpos : qvel;
            for (int i = 0; i < item.Indices.Length; i++) target[item.Indices[i]] = values[i];
        }
        foreach (EpisodeConstant constant in Constants) constant.Draw.Sample(ref source, constants.Slice(constant.Offset, constant.Draw.Size));
        foreach (int w in Quaternions) Normalize(qpos.Slice(w, 4));
    }

    /// <summary>Most values of one draw.</summary>
    internal const int MaxDraw = 256;

    private static void Normalize(Span<double> q)
    {
        Quat<double> unit = new Quat<double>(q[0], q[1], q[2], q[3]).Normalized();
        (q[0], q[1], q[2], q[3]) = (unit.W, unit.X, unit.Y, unit.Z);
    }
}
