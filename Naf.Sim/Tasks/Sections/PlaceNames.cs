using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>Looks up what a task file may name: joints, bodies, and places (sites, bodies' origins, constants of the episode).</summary>
internal sealed class PlaceNames(KinematicTree tree, ConstantTable constants)
{
    /// <summary>Size of the vector of episode constants.</summary>
    public int ConstantSize => constants.Size;

    public int Joint(YamlCursor name) => Found(name, "joint", tree.FindJoint(name.Text()), tree.Joints.Select(joint => joint.Name));

    /// <summary>A body's index; "world" is body 0.</summary>
    public int Body(YamlCursor name) =>
        name.Text() == "world" ? 0 : Found(name, "body", tree.FindBody(name.Text()), tree.Bodies.Select(body => body.Name));

    /// <summary>A constant of the episode.</summary>
    public Place Constant(YamlCursor name) => constants.Find(name.Text())
        ?? throw name.Error(
            $"the section 'constants' has no '{name.Text()}'; {NearestName.Hint(name.Text(), constants.Constants.Select(c => c.Name))}");

    /// <summary>A constant, else a site, else the origin of a body.</summary>
    public Place Place(YamlCursor name)
    {
        string text = name.Text();
        int site = tree.FindSite(text), body = tree.FindBody(text);
        if (constants.Find(text) is { } constant)
        {
            if (site >= 0 || body >= 0)
                throw name.Error($"'{text}' is a constant of the task and a site or body of the model too; rename one of them");
            return constant;
        }
        if (site >= 0) return Kernels.Observation.Place.On(tree.Sites[site].Body, tree.Sites[site].Position);
        if (body >= 0) return Kernels.Observation.Place.On(body, default);
        IEnumerable<string> known =
            [.. constants.Constants.Select(c => c.Name), .. tree.Sites.Select(s => s.Name), .. tree.Bodies.Select(b => b.Name)];
        throw name.Error($"neither the model nor 'constants' has a site, body or constant '{text}'; {NearestName.Hint(text, Named(known))}");
    }

    private static int Found(YamlCursor name, string what, int index, IEnumerable<string> known) =>
        index >= 0 ? index : throw name.Error($"the model has no {what} '{name.Text()}'; {NearestName.Hint(name.Text(), Named(known))}");

    private static IEnumerable<string> Named(IEnumerable<string> names) => names.Where(name => name.Length > 0);
}
