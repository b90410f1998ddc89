using System.Numerics;

namespace Naf.Kernels.Observation;

/// <summary>
/// The observation x = h(qpos, qvel, c) as data: a list of entries over a kinematic tree and a vector c of constants of
/// the episode. Validated on construction; evaluated by <see cref="ObservationFunction{T}"/>. Entries that are read
/// from the simulation (<see cref="SimulatedEntry"/>) are left to the simulator.
/// </summary>
internal sealed class ObservationDefinition
{
    /// <param name="tree">The model's kinematic tree.</param>
    /// <exception cref="ArgumentException">An entry refers to something missing or to an unsuitable joint.</exception>
    public ObservationDefinition(KinematicTree tree, int constantSize, ImmutableArray<ObservationEntry> entries)
    {
        (Tree, ConstantSize, Entries) = (tree, constantSize, entries);
        CheckTree(tree);
        var names = ImmutableArray.CreateBuilder<string>();
        var starts = ImmutableArray.CreateBuilder<int>();
        foreach (ObservationEntry entry in entries)
        {
            Check(entry);
            starts.Add(names.Count);
            AddNames(entry, names);
        }
        starts.Add(names.Count);
        (ComponentNames, Starts) = (names.ToImmutable(), starts.ToImmutable());
    }

    /// <summary>Positions, and optionally velocities, of a tree that has slide joints only.</summary>
    public static ObservationDefinition OfSlides(int joints, bool velocities)
    {
        int[] all = [.. Enumerable.Range(0, joints)];
        var tree = new KinematicTree(
            [
                new("world", 0, default, Quat<double>.Identity, 0, 0),
                new("x", 0, default, Quat<double>.Identity, 0, joints),
            ],
            [.. all.Select(i => new TreeJoint($"x{i}", TreeJointType.Slide, 1, i, i, default, new(1, 0, 0), 0))],
            [], [.. new double[joints]], joints);
        return new ObservationDefinition(tree, 0,
        [
            .. all.Select(i => new JointEntry($"x{i}", JointQuantity.Position, i)),
            .. velocities ? all.Select(i => new JointEntry($"v{i}", JointQuantity.Velocity, i)) : [],
        ]);
    }

    public KinematicTree Tree { get; }

    public ImmutableArray<ObservationEntry> Entries { get; }

    public int ConstantSize { get; }

    /// <summary>[Size], one name per component of x: the entry's name, or name.x, name.y, name.z.</summary>
    public ImmutableArray<string> ComponentNames { get; }

    /// <summary>[Size], the unit of each component of x: "1" for sines and axes, empty for a constant.</summary>
    public IEnumerable<string> ComponentUnits =>
        Entries.SelectMany((entry, i) => Enumerable.Repeat(UnitOf(entry), Starts[i + 1] - Starts[i]));

    /// <summary>[entries + 1]: entry i fills x[Starts[i] .. Starts[i + 1]).</summary>
    public ImmutableArray<int> Starts { get; }

    public int Size => ComponentNames.Length;

    /// <summary>The entries that are read from the simulation: with any, the task is model-free.</summary>
    public IEnumerable<SimulatedEntry> Simulated => Entries.OfType<SimulatedEntry>();

    /// <summary>The entries of h prepared for evaluation in T.</summary>
    public PreparedEntry<T>[] Prepare<T>() where T : IFloatingPointIeee754<T> =>
        [.. Entries.Select((entry, i) => (Entry: entry, Start: Starts[i])).Where(e => e.Entry is not SimulatedEntry)
            .Select(e => new PreparedEntry<T>(this, e.Entry, e.Start))];

    /// <summary>The letters of the kept components, in order.</summary>
    public static string Letters(Components keep) =>
        (keep.HasFlag(Components.X) ? "x" : "") + (keep.HasFlag(Components.Y) ? "y" : "")
        + (keep.HasFlag(Components.Z) ? "z" : "");

    private void AddNames(ObservationEntry entry, ImmutableArray<string>.Builder names)
    {
        if (entry is JointEntry joint && Tree.Joints[joint.Joint].HasQuaternion)
            names.AddRange((joint.Quantity == JointQuantity.Position
                ? TreeJoint.QuaternionParts : TreeJoint.RotationParts).Select(part => $"{entry.Name}.{part}"));
        else if (entry is SimulatedEntry { Parts.Length: > 0 } simulated)
            names.AddRange(simulated.Parts.Select(part => $"{entry.Name}.{part}"));
        else if (entry is VectorEntry vector && BitOperations.PopCount((uint)vector.Keep) > 1)
            foreach (char letter in Letters(vector.Keep)) names.Add($"{entry.Name}.{letter}");
        else
            names.Add(entry.Name);
    }

    private string UnitOf(ObservationEntry entry) => entry switch
    {
        AxisEntry or JointEntry { Quantity: JointQuantity.Sine or JointQuantity.Cosine } => "1",
        JointEntry { Quantity: JointQuantity.Position } joint when Tree.Joints[joint.Joint].HasQuaternion => "1",
        JointEntry joint => (Tree.Joints[joint.Joint].Type == TreeJointType.Slide ? "m" : "rad")
            + (joint.Quantity == JointQuantity.Velocity ? "/s" : ""),
        PlaceEntry => "m",
        LinearVelocityEntry => "m/s",
        AngularVelocityEntry => "rad/s",
        SimulatedEntry { Quantity: SimulatedQuantity.Elapsed or SimulatedQuantity.Remaining } => "s",
        SimulatedEntry { Quantity: SimulatedQuantity.PreviousAction or SimulatedQuantity.Phase } => "1",
        _ => "",
    };

    private static void CheckTree(KinematicTree tree)
    {
        for (int b = 1; b < tree.Bodies.Length; b++)
            if (tree.Bodies[b].Parent < 0 || tree.Bodies[b].Parent >= b)
                throw new ArgumentException(
                    $"body {b} ('{tree.Bodies[b].Name}') has parent {tree.Bodies[b].Parent}; a parent comes before "
                    + "its children");
    }

    private void Check(ObservationEntry entry)
    {
        if (entry is VectorEntry vector)
        {
            CheckIndex(entry, "frame", vector.Frame, Tree.Bodies.Length);
            if (vector.Keep == 0 || (vector.Keep & ~Components.All) != 0)
                throw Wrong(entry, $"keeps the components {(int)vector.Keep}; keep some of x, y, z");
        }
        switch (entry)
        {
            case JointEntry e:
                CheckIndex(entry, "joint", e.Joint, Tree.Joints.Length);
                TreeJoint joint = Tree.Joints[e.Joint];
                if (joint.Type != TreeJointType.Hinge && e.Quantity is JointQuantity.Sine or JointQuantity.Cosine)
                    throw Wrong(entry, $"takes sine or cosine of the {joint.Type.ToString().ToLowerInvariant()} joint "
                        + $"'{joint.Name}'; only a hinge has an angle");
                break;
            case PlaceEntry e:
                CheckPlace(entry, e.Of);
                if (e.Minus is { } minus) CheckPlace(entry, minus);
                break;
            case LinearVelocityEntry e:
                CheckPlace(entry, e.Of);
                if (e.Of.IsConstant) throw Wrong(entry, "asks for the velocity of a constant; it has none");
                break;
            case AxisEntry e:
                CheckIndex(entry, "body", e.Body, Tree.Bodies.Length);
                CheckIndex(entry, "axis", e.Axis, 3);
                break;
            case AngularVelocityEntry e:
                CheckIndex(entry, "body", e.Body, Tree.Bodies.Length);
                break;
            case ConstantEntry e:
                CheckPlace(entry, Place.Constant(e.Offset, e.Count));
                if ((int)e.Keep >> e.Count != 0)
                    throw Wrong(entry, $"keeps the components {Letters(e.Keep)} of a constant of size {e.Count}");
                break;
            case SimulatedEntry:
                break;
            default:
                throw Wrong(entry, $"is a {entry.GetType().Name}, which is not in the vocabulary");
        }
    }

    private void CheckPlace(ObservationEntry entry, Place place)
    {
        if (!place.IsConstant)
            CheckIndex(entry, "body", place.Body, Tree.Bodies.Length);
        else if (place.Offset < 0 || place.Count is < 1 or > 3 || place.Offset + place.Count > ConstantSize)
            throw Wrong(entry, $"uses constants {place.Offset} .. {place.Offset + place.Count - 1} of {ConstantSize}");
    }

    private static void CheckIndex(ObservationEntry entry, string what, int index, int count)
    {
        if (index < 0 || index >= count) throw Wrong(entry, $"uses {what} {index} of {count}");
    }

    private static ArgumentException Wrong(ObservationEntry entry, string problem) =>
        new($"observation entry '{entry.Name}' {problem}");
}
