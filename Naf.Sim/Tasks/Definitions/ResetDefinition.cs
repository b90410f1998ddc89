using Naf.Kernels.Observation;
using Naf.Kernels.Random;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>One draw of a reset.</summary>
/// <param name="OfVelocity">Whether it sets entries of qvel, else of qpos.</param>
/// <param name="Indices">[n], the entries to set.</param>
internal sealed record ResetItem(bool OfVelocity, ImmutableArray<int> Indices, Draw Draw);

/// <summary>A constant of the episode, such as the target: 1 to 3 numbers, fixed or drawn at each reset.</summary>
/// <param name="Offset">First index in the vector of constants.</param>
internal sealed record EpisodeConstant(string Name, int Offset, Draw Draw);

/// <summary>
/// The distribution of initial states and episode constants. Draws follow the order of the file, items before
/// constants; draw n of an episode is lane n of the block that seed, stream and episode select.
/// </summary>
/// <param name="Items">What is set; everything else stays at the model's reference, at rest.</param>
/// <param name="Quaternions">
/// Indices in qpos of the quaternions of free and ball joints; normalised after the draws.
/// </param>
internal sealed record ResetDefinition(
    ImmutableArray<ResetItem> Items, ImmutableArray<EpisodeConstant> Constants, ImmutableArray<int> Quaternions)
{
    /// <summary>Maximum number of values in one draw.</summary>
    internal const int MaxDraw = 256;

    /// <summary>Draws an initial state, starting from the model's reference state.</summary>
    /// <param name="qpos">[Nq], contains the reference; receives positions.</param>
    /// <param name="qvel">[Nv], contains zeros; receives velocities.</param>
    public void Sample(ulong seed, RandomStream stream, ulong episode, Span<double> qpos, Span<double> qvel,
        Span<double> constants)
    {
        var source = new DrawSource(seed, stream, episode);
        Span<double> values = stackalloc double[MaxDraw];
        foreach (ResetItem item in Items)
        {
            item.Draw.Sample(ref source, values[..item.Draw.Size]);
            Span<double> target = item.OfVelocity ? qvel : qpos;
            for (int i = 0; i < item.Indices.Length; i++) target[item.Indices[i]] = values[i];
        }
        foreach (EpisodeConstant constant in Constants)
            constant.Draw.Sample(ref source, constants.Slice(constant.Offset, constant.Draw.Size));
        foreach (int w in Quaternions)
        {
            Span<double> q = qpos.Slice(w, 4);
            Quat<double> unit = Quat<double>.At(q, 0).Normalized();
            (q[0], q[1], q[2], q[3]) = (unit.W, unit.X, unit.Y, unit.Z);
        }
    }
}
