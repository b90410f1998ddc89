using Naf.Kernels.Observation;

namespace Naf.Kernels.Rollout.Cpu;

/// <summary>
/// x = h(s, c) in float32, one state at a time. Entries that are a coordinate, a velocity or a constant are copied by
/// index; only the others need the kinematics. Not thread-safe: each thread has its own instance.
/// </summary>
internal sealed unsafe class StateObservation
{
    private readonly StateCoordinates _coordinates;
    private readonly ObservationFunction<float>? _rest;
    private readonly (int From, int To, int Count)[] _states, _constants, _computed;
    private readonly float[] _qpos, _qvel, _x;

    public StateObservation(RolloutDefinition definition)
    {
        ObservationDefinition observation = definition.Observation;
        _coordinates = definition.Coordinates;
        List<(int From, int To, int Count)> states = [], constants = [], computed = [];
        List<ObservationEntry> rest = [];
        int size = 0;
        for (int e = 0; e < observation.Entries.Length; e++)
        {
            (int start, int end) = (observation.Starts[e], observation.Starts[e + 1]);
            switch (observation.Entries[e])
            {
                case JointEntry { Quantity: JointQuantity.Velocity } joint:
                    int velocities = observation.Tree.Nv + VelocityAddress(observation.Tree.Joints[joint.Joint]);
                    for (int i = 0; i < end - start; i++) Add(states, velocities + i, start + i);
                    break;
                case JointEntry { Quantity: JointQuantity.Position } joint when end == start + 1:
                    Add(states, observation.Tree.Joints[joint.Joint].DofAddress, start);
                    break;
                case ConstantEntry constant:
                    for (int i = 0, to = start; i < constant.Count; i++)
                        if (((int)constant.Keep >> i & 1) != 0) Add(constants, constant.Offset + i, to++);
                    break;
                default:
                    for (int to = start; to < end; to++) Add(computed, size++, to);
                    rest.Add(observation.Entries[e]);
                    break;
            }
        }
        (_states, _constants, _computed) = ([.. states], [.. constants], [.. computed]);
        (_qpos, _qvel, _x) = (new float[observation.Tree.Nq], new float[observation.Tree.Nv], new float[size]);
        if (size == 0) return;
        _rest = new ObservationFunction<float>(
            new ObservationDefinition(observation.Tree, observation.ConstantSize, [.. rest]));

        static int VelocityAddress(TreeJoint joint) => joint.HasQuaternion ? joint.RotationAddress : joint.DofAddress;

        // entries that are adjacent in source and destination are merged into one copy
        static void Add(List<(int From, int To, int Count)> runs, int from, int to)
        {
            if (runs.Count > 0 && runs[^1] is var (f, t, n) && f + n == from && t + n == to) runs[^1] = (f, t, n + 1);
            else runs.Add((from, to, 1));
        }
    }

    /// <param name="state">[State], s.</param>
    /// <param name="constants">[ConstantSize], c.</param>
    /// <param name="x">[ObservationSize], receives x.</param>
    public void Evaluate(float* state, ReadOnlySpan<float> constants, float* x)
    {
        var s = new ReadOnlySpan<float>(state, _coordinates.Size);
        Copy(_states, s, x);
        Copy(_constants, constants, x);
        if (_rest is null) return;
        _coordinates.FromState(s, _qpos, _qvel);
        _rest.Evaluate(_qpos, _qvel, constants, _x);
        Copy(_computed, _x, x);
    }

    private static void Copy((int From, int To, int Count)[] runs, ReadOnlySpan<float> source, float* x)
    {
        foreach ((int from, int to, int count) in runs) source.Slice(from, count).CopyTo(new(x + to, count));
    }
}
