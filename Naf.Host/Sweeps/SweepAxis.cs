using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Sweeps;

/// <summary>A setting that a sweep varies: over a list of values, or of <c>random</c> over a range.</summary>
/// <param name="Place">File and line, for messages.</param>
/// <param name="Choices">The values, in the form that config.yaml has; empty for a range.</param>
/// <param name="Low">The range's lower end.</param>
/// <param name="High">The range's upper end.</param>
/// <param name="IsLog">Whether the logarithm is drawn uniformly.</param>
internal sealed record SweepAxis(
    Setting Setting, string Place, ImmutableArray<string> Choices, double Low = 0, double High = 0, bool IsLog = false)
{
    // equal for every candidate, so that their scores can be compared and their halving is fair
    private static readonly string[] Common =
        ["test_every", "test_episodes", "test_seed", "verification_episodes", "checkpoint_every"];

    /// <summary>Reads a line of <c>grid</c> or <c>random</c>.</summary>
    /// <exception cref="TaskFormatException">A value is not valid, or there are none or the same twice.</exception>
    public static SweepAxis Read(YamlEntry entry, bool ranges)
    {
        (string key, YamlCursor value) = (entry.Key, entry.Value);
        Setting setting = FindSetting(entry.KeyAt, key);
        if (Common.Contains(key))
            throw entry.KeyAt.Error($"{key} is equal for all candidates, so that their scores can be compared; move it "
                + "to 'fixed'");
        if (ranges && value.IsMapping) return OfRange(setting, value);
        string[] choices = [.. (value.IsSequence ? value.Items() : throw value.Error($"'{key}' expects a list of values"
            + (ranges ? ", or {uniform: [low, high]} or {log: [low, high]}" : "") + $", not {value.Kind}"))
            .Select(item => Checked(setting, item))];
        if (choices.Length == 0) throw value.Error($"'{key}' has no values; list at least one");
        if (choices.GroupBy(c => c).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw value.Error($"'{key}' lists {twice.Key} twice; leave out one");
        return new SweepAxis(setting, value.Where, [.. choices]);
    }

    /// <summary>The setting of a key.</summary>
    /// <exception cref="TaskFormatException">There is none, or it is given elsewhere.</exception>
    public static Setting FindSetting(YamlCursor at, string key) => key switch
    {
        "episodes" or "seed" or "learners" => throw at.Error(
            $"{key} is not given here but at the top of the file, as {(key == "episodes" ? key : "seeds: A..B")}"),
        "device" or "threads" => throw at.Error(
            $"{key} is not of the sweep but of the machine; leave it out, and add --{key} to naf sweep"),
        _ => Setting.Find(key) ?? throw at.Error(
            $"there is no setting {at.Kind}; {NearestName.Hint(key, Setting.Keys)}"),
    };

    /// <summary>A value's text; a list is written [a, b].</summary>
    public static string TextOf(YamlCursor value) => value.IsSequence
        ? $"[{string.Join(", ", value.Items().Select(item => item.Text()))}]" : value.Text();

    /// <summary>The value of a draw: Philox(seed, draw, axis), numbers with four significant digits.</summary>
    public string Draw(ulong seed, int draw, int axis)
    {
        PhiloxBlock block = Philox.At(seed, RandomStream.Sweep, (ulong)draw, (uint)axis);
        if (!Choices.IsEmpty) return Choices[Philox.Index(block.C, Choices.Length)];
        // a whole number n is drawn from [n, n + 1)
        double high = Setting.IsWhole ? High + 1 : High;
        double number = IsLog ? Low * Math.Pow(high / Low, block.Uniform) : Low + (high - Low) * block.Uniform;
        number = Setting.IsWhole ? Math.Floor(number)
            : double.Parse(number.ToString("E3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Clamp(number, Low, High).ToString("R", CultureInfo.InvariantCulture);
    }

    private static SweepAxis OfRange(Setting setting, YamlCursor value)
    {
        if (!setting.IsNumber)
            throw value.Error($"{setting.Key} has no ranges, since it is {setting.Expected}; list the values");
        (string kind, YamlCursor range) = value.Map("uniform", "log").OneOf("uniform", "log");
        if (range.IsSequence)
            foreach (YamlCursor end in range.Items()) Checked(setting, end);
        (double low, double high) = range.Range();
        if (kind == "log" && low <= 0)
            throw range.Error($"'log' draws the logarithm, so both ends are above 0; raise {low}, or use 'uniform'");
        return low < high ? new SweepAxis(setting, value.Where, [], low, high, kind == "log")
            : throw range.Error($"the range of '{setting.Key}' is one number; move it to 'fixed'");
    }

    private static string Checked(Setting setting, YamlCursor item)
    {
        var standard = new TrainingSettings();
        string text = TextOf(item);
        return setting.Parse(standard, text) is { } settings
            ? setting.Show(settings) : throw item.Error($"{setting.Key} = '{text}' is not {setting.Expected}");
    }
}
