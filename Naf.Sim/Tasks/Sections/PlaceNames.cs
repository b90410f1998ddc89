using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>
/// Looks up what a task file may refer to: joints, bodies, and places (sites, bodies' origins, geoms, cameras,
/// constants of the episode). Reads the section `constants`: name → [numbers], or name → a distribution.
/// </summary>
internal sealed class PlaceNames
{
    public PlaceNames(KinematicTree tree, YamlCursor? section)
    {
        Tree = tree;
        foreach ((string name, _, YamlCursor value) in section?.Map(null).Entries ?? [])
        {
            Draw draw = ReadDraw(value);
            if (draw.Size is < 1 or > 3)
                throw value.Error($"the constant '{name}' has {draw.Size} numbers; a constant has 1 to 3");
            Constants = Constants.Add(new EpisodeConstant(name, ConstantSize, draw));
            ConstantSize += draw.Size;
        }
    }

    public KinematicTree Tree { get; }

    public ImmutableArray<EpisodeConstant> Constants { get; private set; } = [];

    public int ConstantSize { get; private set; }

    /// <summary>Mocap bodies that stand at constants, which take their place.</summary>
    public ImmutableArray<MocapPlacement> Mocaps { get; set; } = [];

    public int Joint(YamlCursor name) =>
        Found(name, "joint", Tree.FindJoint(name.Text()), Tree.Joints.Select(joint => joint.Name));

    /// <summary>A body's index; "world" is body 0.</summary>
    public int Body(YamlCursor name) =>
        name.Text() == "world" ? 0
        : Found(name, "body", Tree.FindBody(name.Text()), Tree.Bodies.Select(body => body.Name));

    public Place Constant(YamlCursor name) => FindConstant(name.Text())
        ?? throw name.Error(
            $"the section 'constants' has no '{name.Text()}'; {Hint(name, Constants.Select(c => c.Name))}");

    /// <summary>
    /// Looks up a constant, else a site, the origin of a body, a geom, a camera; or what "site S", "body B", "geom G"
    /// and "camera C" name.
    /// </summary>
    public Place Place(YamlCursor name)
    {
        string text = name.Text();
        (string Kind, int Index)[] found =
            [.. Elements.Select(e => (e.Kind, Index: e.Names.IndexOf(text))).Where(e => e.Index >= 0)];
        if (FindConstant(text) is { } constant)
        {
            if (found.Any(e => e.Kind is "site" or "body"))
                throw name.Error(
                    $"'{text}' is a constant of the task and a site or body of the model too; rename one of them");
            return constant;
        }
        if (found is [("site", _), ("body", _), ..] && text.All(char.IsAsciiDigit))
            throw name.Error($"'{text}' is both a site and a body of the model; write 'site {text}' or 'body {text}'");
        if (found.Length == 0)
            found = [.. Elements.Where(e => text.StartsWith($"{e.Kind} ", StringComparison.Ordinal))
                .Select(e => (e.Kind, Index: e.Names.IndexOf(text[e.Kind.Length..].Trim()))).Where(e => e.Index >= 0)];
        if (found.Length > 0) return At(name, found[0].Kind, found[0].Index);
        IEnumerable<string> known = [.. Constants.Select(c => c.Name), .. Elements.SelectMany(e => e.Names)];
        throw name.Error("neither the model nor 'constants' has a site, body, geom, camera or constant "
            + $"'{text}'; {Hint(name, known)}");
    }

    // kinds of places of the model, in the order in which a name is looked up
    private (string Kind, List<string> Names)[] Elements =>
    [
        ("site", [.. Tree.Sites.Select(s => s.Name)]), ("body", [.. Tree.Bodies.Select(b => b.Name)]),
        ("geom", [.. Tree.Geoms.Select(g => g.Name)]), ("camera", [.. Tree.Cameras.Select(c => c.Name)]),
    ];

    private Place At(YamlCursor name, string kind, int index)
    {
        (int body, Vec3<double> position) = kind switch
        {
            "site" => (Tree.Sites[index].Body, Tree.Sites[index].Position),
            "body" => (index, default),
            "geom" => (Tree.Geoms[index].Body, Tree.Geoms[index].Position),
            _ => (Tree.Cameras[index].Body, Tree.Cameras[index].Position),
        };
        if (body < 0)
            throw name.Error(
                $"'{name.Text()}' is a camera that tracks a body without being fixed to it; name a site or body");
        foreach (MocapPlacement mocap in Mocaps)
        {
            if (kind == "body" && body == mocap.Body)
                return Kernels.Observation.Place.Constant(mocap.Place.Offset, mocap.Place.Draw.Size);
            if (IsBelow(body, mocap.Body))
                throw name.Error($"'{name.Text()}' is on a mocap body that 'reset' places, so that only the body's "
                    + $"origin is known: name '{Tree.Bodies[mocap.Body].Name}' or the constant '{mocap.Place.Name}'");
        }
        return Kernels.Observation.Place.On(body, position);
    }

    private Place? FindConstant(string name) =>
        Constants.FirstOrDefault(c => c.Name == name) is { } c
            ? Kernels.Observation.Place.Constant(c.Offset, c.Draw.Size) : null;

    private bool IsBelow(int body, int other)
    {
        for (; body > 0; body = Tree.Bodies[body].Parent)
            if (body == other) return true;
        return false;
    }

    private static Draw ReadDraw(YamlCursor value)
    {
        if (!value.IsMapping)
            return new Draw([.. value.Numbers(value.IsSequence ? value.Items().Count : 1)], Spread.Fixed, [], []);
        // 'at' gives the size; a polar pair without it is centred at the origin
        YamlMap map = value.Map(DrawReader.Keys);
        int size = map["at"] is { } at ? at.OneOrMore().Count : map["polar"] is not null ? 2 : 1;
        return DrawReader.Read(map, new double[size]);
    }

    private static int Found(YamlCursor name, string what, int index, IEnumerable<string> known) =>
        index >= 0 ? index : throw name.Error($"the model has no {what} '{name.Text()}'; {Hint(name, known)}");

    private static string Hint(YamlCursor name, IEnumerable<string> known) => NearestName.Hint(name.Text(), known);
}
