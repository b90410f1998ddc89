using System.Collections.Immutable;
using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The section `reset`: a list of {position: joints, at, normal | uniform | polar} and {velocity: joints, …}.</summary>
internal static class ResetSection
{
    private static readonly string[] FreePositions = ["x", "y", "z", "qw", "qx", "qy", "qz"], FreeVelocities = ["x", "y", "z", "rx", "ry", "rz"];

    public static ResetDefinition Read(YamlCursor? section, KinematicTree tree, ConstantTable constants)
    {
        var items = ImmutableArray.CreateBuilder<ResetItem>();
        var taken = new Dictionary<(ResetTarget, int), string>();
        foreach (YamlCursor item in section?.Items() ?? [])
        {
            YamlMap map = item.Map(["position", "velocity", .. DrawReader.Keys]);
            (string key, YamlCursor joints) = map.OneOf("position", "velocity");
            ResetTarget target = key == "position" ? ResetTarget.Position : ResetTarget.Velocity;
            Dictionary<string, int[]> names = Coordinates(tree, target);
            int[] indices = [.. joints.OneOrMore().SelectMany(joint => Lookup(joint, names))];
            if (indices.Length > ResetDefinition.MaxDraw)
                throw joints.Error($"one item sets {indices.Length} values; at most {ResetDefinition.MaxDraw}");
            foreach (int index in indices)
                if (!taken.TryAdd((target, index), item.Where))
                    throw joints.Error($"'{key}' sets a coordinate that {taken[(target, index)]} has set already; set each once");
            double[] standing = [.. indices.Select(i => target == ResetTarget.Position ? tree.Qpos0[i] : 0)];
            items.Add(new ResetItem(target, [.. indices], DrawReader.Read(map, standing)));
        }
        return new ResetDefinition(items.ToImmutable(), constants.Constants,
            [.. tree.Joints.Where(joint => joint.Type == TreeJointType.Free).Select(joint => joint.QposAddress + 3)]);
    }

    private static int[] Lookup(YamlCursor joint, Dictionary<string, int[]> names) => names.TryGetValue(joint.Text(), out int[]? indices)
        ? indices
        : throw joint.Error($"the model has no joint '{joint.Text()}'; {NearestName.Hint(joint.Text(), names.Keys)}");

    /// <summary>A hinge or slide by its name; a free joint by its name (all its numbers) or one of them as name.x, name.qw, ….</summary>
    private static Dictionary<string, int[]> Coordinates(KinematicTree tree, ResetTarget target)
    {
        var names = new Dictionary<string, int[]>();
        foreach (TreeJoint joint in tree.Joints)
        {
            int first = target == ResetTarget.Position ? joint.QposAddress : joint.DofAddress;
            if (joint.Name.Length == 0) continue;
            if (joint.Type != TreeJointType.Free)
            {
                names[joint.Name] = [first];
                continue;
            }
            string[] parts = target == ResetTarget.Position ? FreePositions : FreeVelocities;
            names[joint.Name] = [.. Enumerable.Range(first, parts.Length)];
            for (int i = 0; i < parts.Length; i++) names[$"{joint.Name}.{parts[i]}"] = [first + i];
        }
        return names;
    }
}
