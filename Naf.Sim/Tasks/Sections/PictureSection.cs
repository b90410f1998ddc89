using Naf.Kernels.Observation;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>The section `picture`: {camera, path}. Targets and the default path come from the observation.</summary>
internal static class PictureSection
{
    public static PictureDefinition Read(
        YamlCursor? section, PlaceNames places, IReadOnlyList<string> cameras,
        ImmutableArray<ObservationEntry> observation)
    {
        YamlMap? map = section?.Map("camera", "path");

        // where a point is compared with a constant, the point moves and the constant is its target
        (Place Of, Place Minus)[] compared =
            [.. observation.OfType<PlaceEntry>().Where(e => e.Minus is not null)
                .Select(e => (e.Of, Minus: e.Minus!.Value))
                .Where(pair => pair.Of.IsConstant != pair.Minus.IsConstant)];
        IEnumerable<Place> targets = compared.Select(pair => pair.Of.IsConstant ? pair.Of : pair.Minus).Distinct();
        IEnumerable<Place> movers = compared.Select(pair => pair.Of.IsConstant ? pair.Minus : pair.Of).Distinct();
        return new PictureDefinition(
            map?["camera"] is { } camera ? Camera(camera, cameras) : null,
            [.. targets],
            map?["path"] is { } path ? Path(path, places) : [.. movers]);
    }

    private static string Camera(YamlCursor camera, IReadOnlyList<string> known) => known.Contains(camera.Text())
        ? camera.Text()
        : throw camera.Error($"the model has no camera '{camera.Text()}'; "
            + (known.Count == 0 ? "it names none" : NearestName.Hint(camera.Text(), known)));

    // an empty list means no path
    private static ImmutableArray<Place> Path(YamlCursor path, PlaceNames places) =>
        [.. (path.IsSequence ? path.Items() : path.OneOrMore()).Select(name =>
            places.Place(name) is { IsConstant: false } place
                ? place
                : throw name.Error(
                    $"'{name.Text()}' is a constant, which does not move; 'path' expects sites and bodies"))];
}
