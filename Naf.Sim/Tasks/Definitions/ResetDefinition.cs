using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Mujoco;

namespace Naf.Sim.Tasks.Definitions;

/// <summary>What a draw of a reset sets.</summary>
internal enum ResetTarget { Position, Velocity, Parameter }

/// <summary>One draw of a reset.</summary>
/// <param name="Indices">[n], the entries of qpos, of qvel or of the parameters to set.</param>
internal sealed record ResetItem(ResetTarget Target, ImmutableArray<int> Indices, Draw Draw);

/// <summary>A constant of the episode, such as the target: 1 to 3 numbers, fixed or drawn at each reset.</summary>
/// <param name="Offset">First index in the vector of constants.</param>
internal sealed record EpisodeConstant(string Name, int Offset, Draw Draw);

/// <summary>A mocap body that stands at a constant of the episode.</summary>
/// <param name="Mocap">Its number among the mocap bodies.</param>
/// <param name="Body">Its number among the bodies.</param>
/// <param name="Place">The constant.</param>
internal sealed record MocapPlacement(int Mocap, int Body, EpisodeConstant Place);

/// <summary>
/// The distribution of initial states, model parameters and episode constants. Draws follow the order of the file,
/// items before constants; draw n of an episode is lane n of the block that seed, stream and episode select.
/// </summary>
/// <param name="Start">The keyframe that episodes start from; null for the model's reference, at rest.</param>
/// <param name="Items">What is set; everything else stays at the start.</param>
/// <param name="Parameters">Parameters of the model that are drawn for each episode.</param>
/// <param name="Settle">Steps of the simulator with the controls of the start, after the draws.</param>
/// <param name="Mocaps">Mocap bodies that stand at constants.</param>
/// <param name="Quaternions">
/// Indices in qpos of the quaternions of free and ball joints; normalised after the draws.
/// </param>
internal sealed record ResetDefinition(
    Keyframe? Start, ImmutableArray<ResetItem> Items, ImmutableArray<ModelParameter> Parameters, int Settle,
    ImmutableArray<MocapPlacement> Mocaps, ImmutableArray<EpisodeConstant> Constants, ImmutableArray<int> Quaternions)
{
    /// <summary>Maximum number of values in one draw.</summary>
    internal const int MaxDraw = 256;

    /// <summary>Draws an initial state, starting from the model's reference state or the keyframe.</summary>
    /// <param name="qpos">[Nq], contains the start; receives positions.</param>
    /// <param name="qvel">[Nv], contains the start; receives velocities.</param>
    /// <param name="parameters">[Parameters], receives their values.</param>
    public void Sample(ulong seed, RandomStream stream, ulong episode, Span<double> qpos, Span<double> qvel,
        Span<double> parameters, Span<double> constants)
    {
        var source = new DrawSource(seed, stream, episode);
        Span<double> values = stackalloc double[MaxDraw];
        foreach (ResetItem item in Items)
        {
            item.Draw.Sample(ref source, values[..item.Draw.Size]);
            Span<double> target = item.Target switch
            {
                ResetTarget.Position => qpos,
                ResetTarget.Velocity => qvel,
                _ => parameters,
            };
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

    /// <summary>Puts the mocap bodies where the constants of an episode are.</summary>
    public void PlaceMocaps(MujocoData data, ReadOnlySpan<double> constants)
    {
        foreach (MocapPlacement mocap in Mocaps)
            data.PlaceMocap(mocap.Mocap, constants.Slice(mocap.Place.Offset, mocap.Place.Draw.Size));
    }
}
