using Naf.Kernels.Observation;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The section `observation`: a list of entries, each of one kind.</summary>
internal sealed class ObservationSection
{
    private static readonly string[] Kinds =
    [
        "position", "sin", "cos", "sin_cos", "velocity",
        "point", "axis", "linear_velocity", "angular_velocity", "constant",
        .. SimulatedNames.Kinds,
    ];

    private static readonly string[] Keys =
        [.. Kinds, "name", "minus", "of", "frame", "components", "input_scale", "clip", "log1p"];

    private readonly PlaceNames _places;
    private readonly SimulatedNames _simulated;
    private readonly List<ObservationEntry> _entries = [];
    private readonly List<float> _scales = [];
    private readonly List<ObservationTransform> _transforms = [];
    private readonly Dictionary<string, string> _names = [];

    public ObservationSection(YamlCursor section, PlaceNames places, MujocoModel model)
    {
        (_places, _simulated) = (places, new SimulatedNames(model));
        foreach (YamlCursor item in section.Items()) Add(item, item.Map(Keys));
        if (_entries.Count == 0) throw section.Error($"'{section.What}' is empty; expected at least one entry");
        Definition = section.Checked(() => new ObservationDefinition(places.Tree, places.ConstantSize, [.. _entries]));
        (InputScale, Transforms) = ([.. _scales], [.. _transforms]);
    }

    public ObservationDefinition Definition { get; }

    /// <summary>[Size], the scale of each component of x at the input of a network.</summary>
    public ImmutableArray<float> InputScale { get; }

    /// <summary>The components that have the keys clip or log1p.</summary>
    public ImmutableArray<ObservationTransform> Transforms { get; }

    private void Add(YamlCursor item, YamlMap map)
    {
        (string kind, YamlCursor value) = map.OneOf(Kinds);
        RefuseForeignKeys(kind, map);
        if (kind is "position" or "sin" or "cos" or "sin_cos" or "velocity")
        {
            AddJoints(kind, value, map);
            return;
        }
        if (SimulatedNames.Kinds.Contains(kind))
        {
            foreach ((YamlCursor at, SimulatedEntry entry) in _simulated.Read(kind, value, map["name"]))
                Put(at, map, entry);
            return;
        }
        int frame = map["frame"] is { } body ? _places.Body(body) : 0;
        Components keep = map["components"] is { } letters ? ReadComponents(letters) : Components.All;
        string text = value.Text(), name = map["name"]?.Text() ?? DefaultName(kind, text, map);
        Place? minus = map["minus"] is { } other ? _places.Place(other) : null;
        Put(item, map, kind switch
        {
            "point" => new PlaceEntry(name, _places.Place(value), minus, frame, keep),
            "axis" => new AxisEntry(name, _places.Body(map.Required("of")), ReadAxis(value), frame, keep),
            "linear_velocity" => new LinearVelocityEntry(name, _places.Place(value), frame, keep),
            "angular_velocity" => new AngularVelocityEntry(name, _places.Body(value), frame, keep),
            _ => Constant(name, value, map["components"] is null ? null : keep),
        });
    }

    /// <summary>Adds one entry per joint, or a sine and a cosine.</summary>
    private void AddJoints(string kind, YamlCursor value, YamlMap map)
    {
        IReadOnlyList<YamlCursor> joints = value.OneOrMore();
        string? given = map["name"]?.Text();
        if (given is not null && (joints.Count > 1 || kind == "sin_cos"))
            throw map["name"]!.Error($"'name' fits one number, and '{kind}' makes several here");
        foreach (YamlCursor joint in joints)
        {
            int index = _places.Joint(joint);
            if (kind is "position") Number("", JointQuantity.Position);
            if (kind is "sin" or "sin_cos") Number(".sin", JointQuantity.Sine);
            if (kind is "cos" or "sin_cos") Number(".cos", JointQuantity.Cosine);
            if (kind is "velocity") Number(".velocity", JointQuantity.Velocity);

            void Number(string ending, JointQuantity quantity) =>
                Put(joint, map, new JointEntry(given ?? $"{joint.Text()}{ending}", quantity, index));
        }
    }

    private void Put(YamlCursor at, YamlMap map, ObservationEntry entry)
    {
        if (entry.Name is "action" || entry.Name.StartsWith("action.", StringComparison.Ordinal))
            throw at.Error($"an entry cannot be called '{entry.Name}': action means the action in a reward; give it "
                + "another 'name'");
        if (!_names.TryAdd(entry.Name, at.Where))
            throw at.Error(
                $"the entry '{entry.Name}' is there already ({_names[entry.Name]}); give one of them another 'name'");
        float scale = (float)(map["input_scale"]?.Number() ?? 1);
        if (!(scale > 0)) throw map["input_scale"]!.Error("'input_scale' expects a number above 0");
        // a definition with this entry alone checks it and gives its size
        int size = at.Checked(() => new ObservationDefinition(_places.Tree, _places.ConstantSize, [entry])).Size;
        (double low, double high) =
            map["clip"]?.Range(finite: false) ?? (double.NegativeInfinity, double.PositiveInfinity);
        if (map["clip"] is not null || map["log1p"] is not null)
            _transforms.AddRange(Enumerable.Range(_scales.Count, size)
                .Select(i => new ObservationTransform(i, map["log1p"] is not null, low, high)));
        _entries.Add(entry);
        _scales.AddRange(Enumerable.Repeat(scale, size));
    }

    private ConstantEntry Constant(string name, YamlCursor value, Components? keep)
    {
        Place place = _places.Constant(value);
        return new ConstantEntry(name, place.Offset, place.Count, keep ?? (Components)((1 << place.Count) - 1));
    }

    private static string DefaultName(string kind, string text, YamlMap map) => kind switch
    {
        "point" => map["minus"] is { } minus ? $"{text}-{minus.Text()}" : text,
        "axis" => $"{map.Required("of").Text()}.{text}_axis",
        "linear_velocity" => $"{text}.velocity",
        "angular_velocity" => $"{text}.angular_velocity",
        _ => text,
    };

    private static void RefuseForeignKeys(string kind, YamlMap map)
    {
        bool vector = kind is "point" or "axis" or "linear_velocity" or "angular_velocity";
        if (kind != "point") map.Refuse("minus", "only a 'point' has something subtracted");
        if (kind != "sensor") map.Refuse("log1p", "only a 'sensor' may have it");
        if (map["log1p"] is { } log && log.Text() != "true") throw log.Error("'log1p' expects true, or is left out");
        if (kind != "axis") map.Refuse("of", "only an 'axis' is of a body");
        if (!vector) map.Refuse("frame", $"only a vector in the world has a frame, and '{kind}' is none");
        if (!vector && kind != "constant") map.Refuse("components", $"'{kind}' is no vector in the world");
    }

    private static int ReadAxis(YamlCursor cursor) =>
        cursor.Text() is "x" or "y" or "z"
            ? cursor.Text()[0] - 'x' : throw cursor.Error($"'axis' expects x, y or z, not '{cursor.Text()}'");

    private static Components ReadComponents(YamlCursor cursor)
    {
        int[] axes = [.. cursor.Text().Select(letter => "xyz".IndexOf(letter))];
        return axes.All(axis => axis >= 0) && axes.SequenceEqual(axes.Distinct().Order())
            ? (Components)axes.Sum(axis => 1 << axis)
            : throw cursor.Error($"'components' expects some of xyz in this order, not '{cursor.Text()}'");
    }
}
