using Naf.Host.Common;

namespace Naf.Host.Settings;

/// <summary>The seeds of a population: First, First + 1, …</summary>
internal readonly record struct SeedRange(ulong First, int Count)
{
    /// <summary>Reads A..B, or one seed.</summary>
    /// <param name="place">Where it was given, for the message.</param>
    /// <exception cref="UserException">It is neither, or holds more than 4,096 seeds.</exception>
    public static SeedRange Parse(string text, string place)
    {
        string[] ends = text.Split("..");
        if (ends.Length > 2 || !ulong.TryParse(ends[0], NumberStyles.None, null, out ulong first)
            || !ulong.TryParse(ends[^1], NumberStyles.None, null, out ulong last)
            || first > last || last - first >= 4096)
            throw new UserException(
                $"{place} {text}: expected A..B with A not above B, such as 0..7, or one seed, such as 5");
        return new SeedRange(first, (int)(last - first) + 1);
    }

    /// <summary>A..B, or one seed, as <see cref="Parse"/> reads it.</summary>
    public override string ToString() => Count == 1 ? $"{First}" : $"{First}..{First + (ulong)(Count - 1)}";
}
