using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>
/// The section `reset`: a list of {position: joints, at, normal | uniform | polar} and {velocity: joints, …}.
/// </summary>
internal static class ResetSection
{
    public static ResetDefinition Read(
        YamlCursor? section, KinematicTree tree, ImmutableArray<EpisodeConstant> constants)
    {
        var items = ImmutableArray.CreateBuilder<ResetItem>();
        var taken = new Dictionary<(string, int), string>();
        foreach (YamlCursor item in section?.Items() ?? [])
        {
            YamlMap map = item.Map(["position", "velocity", .. DrawReader.Keys]);
            (string key, YamlCursor joints) = map.OneOf("position", "velocity");
            bool ofVelocity = key == "velocity";
            Dictionary<string, int[]> names = Coordinates(tree, ofVelocity);
            int[] indices = [.. joints.OneOrMore().SelectMany(joint => names.GetValueOrDefault(joint.Text())
                ?? throw joint.Error(
                    $"the model has no joint '{joint.Text()}'; {NearestName.Hint(joint.Text(), names.Keys)}"))];
            if (indices.Length > ResetDefinition.MaxDraw)
                throw joints.Error($"one item sets {indices.Length} values; at most {ResetDefinition.MaxDraw}");
            foreach (int index in indices)
                if (!taken.TryAdd((key, index), item.Where))
                    throw joints.Error(
                        $"'{key}' sets a coordinate that {taken[(key, index)]} has set already; set each once");
            double[] reference = [.. indices.Select(i => ofVelocity ? 0 : tree.Qpos0[i])];
            items.Add(new ResetItem(ofVelocity, [.. indices], DrawReader.Read(map, reference)));
        }
        return new ResetDefinition(items.ToImmutable(), constants,
            [.. tree.Joints.Where(joint => joint.HasQuaternion).Select(joint => joint.QuaternionAddress)]);
    }

    /// <summary>Indices by name: all of a joint, or one of a free or ball joint as name.x, ….</summary>
    private static Dictionary<string, int[]> Coordinates(KinematicTree tree, bool ofVelocity)
    {
        var names = new Dictionary<string, int[]>();
        foreach (TreeJoint joint in tree.Joints)
        {
            int first = ofVelocity ? joint.DofAddress : joint.QposAddress;
            ImmutableArray<string> parts = ofVelocity ? joint.VelocityParts : joint.PositionParts;
            names[joint.Name] = [.. Enumerable.Range(first, Math.Max(1, parts.Length))];
            for (int i = 0; i < parts.Length; i++) names[$"{joint.Name}.{parts[i]}"] = [first + i];
        }
        return names;
    }
}
