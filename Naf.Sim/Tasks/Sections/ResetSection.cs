using Naf.Kernels.Observation;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>
/// The section `reset`: a list of {keyframe: name}, {mocap: body, place: constant}, and of {position: joints, at,
/// normal | uniform | polar}, the same with velocity, and with mass, friction and damping; and {settle: steps}.
/// </summary>
internal sealed class ResetSection
{
    private const string Key = "keyframe", Mocap = "mocap", Position = "position", Velocity = "velocity",
        Settle = "settle", Range = "range";

    private static readonly Dictionary<string, ModelParameterKind> Parameters =
        Enum.GetValues<ModelParameterKind>().ToDictionary(kind => $"{kind}".ToLowerInvariant());

    private static readonly string[] Kinds = [Key, Mocap, Settle, Position, Velocity, .. Parameters.Keys];

    private readonly MujocoModel _model;
    private readonly KinematicTree _tree;
    private readonly Dictionary<(string, int), string> _taken = [];
    private readonly List<ResetItem> _items = [];
    private readonly List<ModelParameter> _parameters = [];
    private Keyframe? _start;
    private int _settle;

    private ResetSection(MujocoModel model) => (_model, _tree) = (model, model.KinematicTree);

    /// <summary>Reads the section.</summary>
    /// <param name="mocaps">What <see cref="Mocaps"/> found in it.</param>
    public static ResetDefinition Read(
        YamlCursor? section, MujocoModel model, ImmutableArray<MocapPlacement> mocaps,
        ImmutableArray<EpisodeConstant> constants)
    {
        var reading = new ResetSection(model);
        foreach (YamlCursor item in section?.Items() ?? []) reading.Add(item);
        return new ResetDefinition(
            reading._start, [.. reading._items], [.. reading._parameters], reading._settle, mocaps, constants,
            [.. reading._tree.Joints.Where(j => j.HasQuaternion).Select(j => j.QuaternionAddress)]);
    }

    /// <summary>The mocap bodies that the section places, which an observation sees at their constants.</summary>
    public static ImmutableArray<MocapPlacement> Mocaps(
        YamlCursor? section, MujocoModel model, ImmutableArray<EpisodeConstant> constants)
    {
        var found = ImmutableArray.CreateBuilder<MocapPlacement>();
        IReadOnlyList<string> bodies = model.MocapBodies;
        foreach (YamlCursor item in section?.Items() ?? [])
        {
            if (!item.IsMapping || item.Map(null)[Mocap] is not { } name) continue;
            YamlMap map = item.Map(Mocap, "place");
            YamlCursor place = map.Required("place");
            int body = bodies.Contains(name.Text()) ? model.KinematicTree.FindBody(name.Text()) : throw name.Error(
                $"the model has no mocap body '{name.Text()}'; {NearestName.Hint(name.Text(), bodies)}");
            if (found.Any(other => other.Body == body))
                throw name.Error($"'{name.Text()}' is placed already; place it once");
            found.Add(new MocapPlacement(model.MocapId[body], body,
                constants.FirstOrDefault(c => c.Name == place.Text()) ?? throw place.Error(
                    $"the section 'constants' has no '{place.Text()}'; "
                    + NearestName.Hint(place.Text(), constants.Select(c => c.Name)))));
        }
        return found.ToImmutable();
    }

    private void Add(YamlCursor item)
    {
        YamlMap map = item.Map([.. Kinds, "place", .. DrawReader.Keys]);
        (string kind, YamlCursor names) = map.OneOf(Kinds);
        if (kind == Mocap) return;
        map.Refuse("place", $"only {Mocap} has one");
        if (kind is Key or Settle)
            foreach (string key in DrawReader.Keys) map.Refuse(key, $"'{kind}' draws nothing");
        if (kind == Settle)
            _settle = _settle == 0 ? names.Whole(1) : throw names.Error("'settle' stands once; keep one of them");
        else if (kind == Key)
        {
            if (_start is not null || _items.Count > 0)
                throw names.Error("'keyframe' sets all joints, so that it stands once, before the other items");
            _start = Keyframe(names, _model);
        }
        else if (Parameters.TryGetValue(kind, out ModelParameterKind parameter))
            AddParameters(map, kind, parameter, names);
        else
            AddJoints(map, kind, names);
    }

    /// <summary>A keyframe by name.</summary>
    public static Keyframe Keyframe(YamlCursor name, MujocoModel model)
    {
        IReadOnlyList<Keyframe> keys = model.Keyframes;
        return keys.FirstOrDefault(key => key.Name == name.Text()) ?? throw name.Error(
            $"the model has no keyframe '{name.Text()}'; "
            + NearestName.Hint(name.Text(), keys.Select(key => key.Name)));
    }

    private void AddJoints(YamlMap map, string kind, YamlCursor joints)
    {
        bool ofVelocity = kind == Velocity;
        int[] indices = Indices(joints, kind, "joint", Coordinates(_tree, ofVelocity));
        ImmutableArray<double> start = ofVelocity
            ? _start?.Qvel ?? [.. new double[_tree.Nv]] : _start?.Qpos ?? [.. _tree.Qpos0];
        _items.Add(new ResetItem(ofVelocity ? ResetTarget.Velocity : ResetTarget.Position, [.. indices],
            DrawReader.Read(map, [.. indices.Select(i => start[i])],
                ofVelocity ? null : OwnRanges(map["uniform"], indices))));
    }

    // the limits of joints, and a full turn of hinges that have none; null unless the file asks for them
    private (double, double)[]? OwnRanges(YamlCursor? uniform, int[] positions) =>
        uniform is null || uniform.IsSequence || uniform.Text() != Range ? null
        : [.. positions.Select(position =>
        {
            int j = Enumerable.Range(0, _tree.Joints.Length).Last(k => _tree.Joints[k].QposAddress <= position);
            TreeJoint joint = _tree.Joints[j];
            bool hinge = joint.Type == TreeJointType.Hinge;
            return (hinge || joint.Type == TreeJointType.Slide) && _model.JointLimited[j] != 0
                ? (_model.JointRange[2 * j], _model.JointRange[2 * j + 1])
                : hinge ? (-Math.PI, Math.PI) : throw uniform.Error(
                    $"the joint '{joint.Name}' has no range to draw from; give it 'uniform: [low, high]'");
        })];

    private void AddParameters(YamlMap map, string kind, ModelParameterKind parameter, YamlCursor names)
    {
        ModelParameter[] all = parameter switch
        {
            ModelParameterKind.Mass => Numbered(_tree.Bodies.Length),
            ModelParameterKind.Friction => Numbered(_tree.Geoms.Length),
            _ => [.. _tree.Joints.Select(joint =>
                new ModelParameter(parameter, joint.DofAddress, Math.Max(1, joint.VelocityParts.Length)))],
        };
        (string what, IEnumerable<string> known) = parameter switch
        {
            ModelParameterKind.Mass => ("body", _tree.Bodies.Select(body => body.Name)),
            ModelParameterKind.Friction => ("geom", _tree.Geoms.Select(geom => geom.Name)),
            _ => ("joint", _tree.Joints.Select(joint => joint.Name)),
        };
        int[] chosen = Indices(names, kind, what, 
            known.Index().DistinctBy(n => n.Item).ToDictionary(n => n.Item, n => new[] { n.Index }));
        ModelParameter[] drawn = [.. chosen.Select(i => all[i])];
        double[] reference = [.. drawn.Select(p => p.In(_model))];
        Draw draw = DrawReader.Read(map, reference);
        bool positive = parameter == ModelParameterKind.Mass;
        if (positive && reference.Any(mass => mass <= 0))
            throw names.Error($"'{kind}' needs bodies that have a mass in the model");
        if (draw.Spread is not (Spread.Fixed or Spread.Uniform))
            throw map.At.Error($"'{kind}' can't be drawn without a lowest value; give it 'uniform: [low, high]'");
        for (int i = 0; i < draw.Size; i++)
            if (draw.At[i] + (draw.Spread == Spread.Uniform ? draw.A[i] : 0) is var low
                && (positive ? low <= 0 : low < 0))
                throw map.At.Error(string.Create(CultureInfo.InvariantCulture,
                    $"'{kind}' may be {low:G6} here, where MuJoCo needs {(positive ? "more than" : "at least")} 0; "
                    + $"'uniform' is added to 'at', which is the model's value unless you give one"));
        _items.Add(new ResetItem(ResetTarget.Parameter,
            [.. Enumerable.Range(_parameters.Count, drawn.Length)], draw));
        _parameters.AddRange(drawn);

        ModelParameter[] Numbered(int count) =>
            [.. Enumerable.Range(0, count).Select(i => new ModelParameter(parameter, i))];
    }

    // the entries that names stand for, each set once
    private int[] Indices(YamlCursor list, string kind, string what, Dictionary<string, int[]> names)
    {
        int[] indices = [.. list.OneOrMore().SelectMany(name => names.GetValueOrDefault(name.Text())
            ?? throw name.Error(
                $"the model has no {what} '{name.Text()}'; {NearestName.Hint(name.Text(), names.Keys)}"))];
        if (indices.Length > ResetDefinition.MaxDraw)
            throw list.Error($"one item sets {indices.Length} values; at most {ResetDefinition.MaxDraw}");
        foreach (int index in indices)
            if (!_taken.TryAdd((kind, index), list.Where))
                throw list.Error(
                    $"'{kind}' sets what {_taken[(kind, index)]} has set already; set each once");
        return indices;
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
