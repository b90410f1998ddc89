using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks.Sections;

/// <summary>Reads a distribution: the key `at`, and one of normal, uniform, polar.</summary>
internal static class DrawReader
{
    public static readonly string[] Keys = ["at", "normal", "uniform", "polar", "outside"];

    /// <summary>Reads the keys of <paramref name="map"/> that define a distribution.</summary>
    /// <param name="map">A mapping, which may have other keys too.</param>
    /// <param name="reference">The centre of the values if the file gives none.</param>
    /// <param name="ranges">The values' own ranges, which `uniform: range` means; null if they have none.</param>
    public static Draw Read(YamlMap map, double[] reference, (double Low, double High)[]? ranges = null)
    {
        int n = reference.Length;
        double[] at = map["at"]?.Numbers(n) ?? reference;
        YamlCursor? normal = map["normal"], uniform = map["uniform"], polar = map["polar"];
        if (new[] { normal, uniform, polar }.Count(form => form is not null) > 1)
            throw map.At.Error($"'{map.At.What}' has more than one of the keys normal, uniform, polar; keep one");
        if (uniform is null) map.Refuse("outside", "only a 'uniform' distribution leaves out a region");
        if (normal is not null)
        {
            double[] deviations = normal.Numbers(n);
            if (deviations.Any(d => d < 0))
                throw normal.Error("'normal' expects standard deviations, which are not negative");
            return new Draw([.. at], Spread.Normal, [.. deviations], []);
        }
        if (uniform is not null)
        {
            bool own = ranges is not null && !uniform.IsSequence && uniform.Text() == "range";
            if (own) map.Refuse("at", "'uniform: range' draws from the joint's own range");
            if (!own) ranges = Ranges(uniform, n);
            else at = new double[n];
            return new Draw([.. at], Spread.Uniform, [.. ranges!.Select(r => r.Low)], [.. ranges!.Select(r => r.High)])
            {
                Outside = map["outside"] is { } radius ? Outside(radius, at, ranges!) : 0,
            };
        }
        return polar is not null ? Polar(polar, at) : new Draw([.. at], Spread.Fixed, [], []);
    }

    /// <summary>One pair [low, high] for all values, or a list with a pair for each.</summary>
    private static (double, double)[] Ranges(YamlCursor cursor, int n)
    {
        if (!cursor.IsSequence || !cursor.Items().Any(item => item.IsSequence))
            return [.. Enumerable.Repeat(cursor.Range(), n)];
        (double, double)[] ranges = [.. cursor.Items().Select(item => item.Range())];
        return ranges.Length == n ? ranges
            : throw cursor.Error($"'uniform' expects {n} pairs (or one pair for all), not {ranges.Length}");
    }

    // a radius that some values exceed by a hundredth, so that a draw is soon outside
    private static double Outside(YamlCursor cursor, double[] at, (double Low, double High)[] ranges)
    {
        double radius = cursor.Number(), inside = ranges.Select((range, i) =>
            Math.Max(Math.Abs(at[i] + range.Low), Math.Abs(at[i] + range.High))).Max();
        if (radius < 0) throw cursor.Error("'outside' expects a radius, which is not negative");
        return radius < 0.99 * inside ? radius : throw cursor.Error(string.Create(CultureInfo.InvariantCulture,
            $"'outside' expects a radius well within the values that are drawn, below {0.99 * inside:G6}"));
    }

    private static Draw Polar(YamlCursor cursor, double[] at)
    {
        if (at.Length != 2) throw cursor.Error($"'polar' draws a pair (x, y), but here are {at.Length} values");
        YamlMap map = cursor.Map("radius", "angle", "by");
        (double near, double far) = map.Required("radius").Range();
        (double low, double high) = map.Required("angle").Range();
        if (near < 0) throw map.Required("radius").Error("'radius' expects a pair that is not negative");
        Spread spread = (map["by"]?.Text() ?? "radius") switch
        {
            "radius" => Spread.Polar,
            "area" => Spread.PolarByArea,
            string other => throw map["by"]!.Error($"'by' expects radius or area, not '{other}'"),
        };
        return new Draw([.. at], spread, [near, far], [low, high]);
    }
}
