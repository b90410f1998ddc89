using Naf.Host.Common;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Settings;

/// <summary>The seeds of a population, written A..B, or A for one learner.</summary>
internal readonly record struct SeedRange(ulong First, int Count)
{
    private const int Most = 4096;

    /// <summary>Reads A..B or A.</summary>
    /// <param name="place">For the message, such as "--seeds".</param>
    /// <exception cref="UserException">It is neither, A is above B, or there are too many.</exception>
    public static SeedRange Parse(string text, string place)
    {
        string[] ends = text.Split("..");
        if (ends.Length > 2 || !ulong.TryParse(ends[0], NumberStyles.None, null, out ulong first)
            || !ulong.TryParse(ends[^1], NumberStyles.None, null, out ulong last) || first > last)
            throw new UserException(
                $"{place} {Excerpt.Of(text)}: expected A..B with A not above B, such as 0..7, or one seed, such as 5");
        return last - first < Most ? new SeedRange(first, (int)(last - first) + 1) : throw new UserException(
            $"{place} {text} is more than {Most} learners, the limit of a run; begin several runs");
    }

    /// <summary>The settings <c>seed</c> and <c>learners</c>.</summary>
    public IEnumerable<GivenValue> Values(string place) =>
        [new("seed", $"{First}", place), new("learners", $"{Count}", place)];

    public override string ToString() => Count == 1 ? $"{First}" : $"{First}..{First + (ulong)(Count - 1)}";
}
