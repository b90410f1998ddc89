using System.Collections.Immutable;
using System.Runtime.Intrinsics;
using Naf.Kernels.Observation;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>
/// x = h(s, c) in float32 for one state after the other. Entries that are a coordinate, a velocity or a constant are copied by index; only the
/// others go through the kinematics. A workspace of its own: for one thread.
/// </summary>
internal sealed unsafe class RowObservation
{
    private readonly StateCoordinates _coordinates;
    private readonly ObservationFunction<float>? _rest;
    private readonly (int From, int To, int Count)[] _states, _constants, _computed;
    private readonly float[] _qpos, _qvel, _x;
    private readonly int _constantSize;

    public RowObservation(RolloutDefinition definition)
    {
        ObservationDefinition observation = definition.Observation;
        (_coordinates, _constantSize) = (definition.Coordinates, observation.ConstantSize);
        List<(int From, int To)> states = [], constants = [], computed = [];
        var rest = ImmutableArray.CreateBuilder<ObservationEntry>();
        int size = 0;
        for (int e = 0; e < observation.Entries.Length; e++)
        {
            (int start, int end) = (observation.Starts[e], observation.Starts[e + 1]);
            switch (observation.Entries[e])
            {
                case JointEntry { Quantity: JointQuantity.Position } joint:
                    states.Add((observation.Tree.Joints[joint.Joint].DofAddress, start));
                    break;
                case JointEntry { Quantity: JointQuantity.Velocity } joint:
                    states.Add((observation.Tree.Nv + observation.Tree.Joints[joint.Joint].DofAddress, start));
                    break;
                case ConstantEntry constant:
                    for (int component = 0, to = start; component < constant.Count; component++)
                        if (((int)constant.Keep >> component & 1) != 0) constants.Add((constant.Offset + component, to++));
                    break;
                default:
                    for (int to = start; to < end; to++) computed.Add((size++, to));
                    rest.Add(observation.Entries[e]);
                    break;
            }
        }
        (_states, _constants, _computed) = (Runs(states), Runs(constants), Runs(computed));
        (_qpos, _qvel, _x) = (new float[observation.Tree.Nq], new float[observation.Tree.Nv], new float[size]);
        if (size == 0) return;
        _rest = new ObservationFunction<float>(new ObservationDefinition(observation.Tree, observation.ConstantSize, rest.ToImmutable()));
    }

    /// <param name="state">[State], s.</param>
    /// <param name="constants">[ConstantSize], c.</param>
    /// <param name="x">[ObservationSize], receives x.</param>
    public void Evaluate(float* state, float* constants, float* x)
    {
        Copy(_states, state, x);
        Copy(_constants, constants, x);
        if (_rest is null) return;
        _coordinates.FromState<float>(new ReadOnlySpan<float>(state, _coordinates.Size), _qpos, _qvel);
        _rest.Evaluate(_qpos, _qvel, new ReadOnlySpan<float>(constants, _constantSize), _x);
        fixed (float* computed = _x) Copy(_computed, computed, x);
    }

    // neighbours that stay neighbours are copied together
    private static (int From, int To, int Count)[] Runs(List<(int From, int To)> places)
    {
        var runs = new List<(int From, int To, int Count)>();
        foreach ((int from, int to) in places)
            if (runs.Count > 0 && runs[^1].From + runs[^1].Count == from && runs[^1].To + runs[^1].Count == to)
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add((from, to, 1));
        return [.. runs];
    }

    private static void Copy((int From, int To, int Count)[] runs, float* source, float* x)
    {
        foreach ((int from, int to, int count) in runs)
        {
            int i = 0;
            for (; i + 16 <= count; i += 16) Vector512.Load(source + from + i).Store(x + to + i);
            for (; i < count; i++) x[to + i] = source[from + i];
        }
    }
}
