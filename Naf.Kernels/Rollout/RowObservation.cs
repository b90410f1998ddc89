using System.Collections.Immutable;

namespace Naf.Kernels;

/// <summary>
/// x = h(s, c) in float32 for one state after the other. Entries that are a coordinate, a velocity or a constant are copied by index; only the
/// others go through the kinematics. A workspace of its own: for one thread.
/// </summary>
internal sealed unsafe class RowObservation
{
    private readonly StateCoordinates _coordinates;
    private readonly ObservationFunction<float>? _rest;
    private readonly (int From, int To)[] _states, _constants, _computed;
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
        (_states, _constants, _computed) = ([.. states], [.. constants], [.. computed]);
        (_qpos, _qvel, _x) = (new float[observation.Tree.Nq], new float[observation.Tree.Nv], new float[size]);
        if (size == 0) return;
        _rest = new ObservationFunction<float>(new ObservationDefinition(observation.Tree, observation.ConstantSize, rest.ToImmutable()));
    }

    /// <param name="state">[State], s.</param>
    /// <param name="constants">[ConstantSize], c.</param>
    /// <param name="x">[ObservationSize], receives x.</param>
    public void Evaluate(float* state, float* constants, float* x)
    {
        foreach ((int from, int to) in _states) x[to] = state[from];
        foreach ((int from, int to) in _constants) x[to] = constants[from];
        if (_rest is null) return;
        _coordinates.FromState<float>(new ReadOnlySpan<float>(state, _coordinates.Size), _qpos, _qvel);
        _rest.Evaluate(_qpos, _qvel, new ReadOnlySpan<float>(constants, _constantSize), _x);
        foreach ((int from, int to) in _computed) x[to] = _x[from];
    }
}
