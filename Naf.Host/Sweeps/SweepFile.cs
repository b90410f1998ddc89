using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Sim.Control;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;
using YamlDotNet.RepresentationModel;

namespace Naf.Host.Sweeps;

/// <summary>Reads a sweep's file: docs/sweeps.md has the format.</summary>
internal sealed class SweepFile
{
    /// <summary>Largest number of candidates.</summary>
    private const int Most = 1000;

    private readonly string _path;
    private readonly YamlMap _map;
    private readonly GivenValue[] _common;
    private readonly SweepAxis[] _grid, _random = [];
    private readonly ulong _seed;
    private readonly int _draws = 1;

    private SweepFile(string path)
    {
        _path = path;
        YamlMappingNode root = SettingsFile.ReadMapping(path)
            ?? throw new UserException($"{path} is empty; docs/sweeps.md shows what a sweep has");
        _map = new YamlCursor(path, root, "sweep")
            .Map("task", "episodes", "seeds", "fixed", "grid", "random", "halving");
        YamlCursor seeds = _map.Required("seeds");
        _common = [Given("episodes", _map.Required("episodes")), .. ReadFixed()];
        Seeds = SeedRange.Parse(seeds.Text(), $"{seeds.Where}: seeds");
        _grid = [.. Entries("grid").Select(entry => SweepAxis.Read(entry, ranges: false))];
        if (_map["random"] is { } random)
        {
            YamlMap lines = random.Map(null);
            YamlEntry[] axes = [.. lines.Entries.Where(entry => entry.Key is not ("draws" or "seed"))];
            _draws = lines.Required("draws").Whole(1);
            YamlCursor seed = lines.Required("seed");
            if (!ulong.TryParse(seed.Text(), NumberStyles.None, null, out _seed))
                throw seed.Error($"'seed' of the draws expects a whole number from 0, not {seed.Kind}");
            _random = [.. axes.Select(entry => SweepAxis.Read(entry, ranges: true))];
            if (_random.Length == 0) throw random.Error("'random' draws nothing; add settings with their ranges");
        }
        CheckKeys();
    }

    private SeedRange Seeds { get; }

    /// <summary>Reads a file and determines its candidates.</summary>
    /// <exception cref="UserException">It is not a sweep, or the settings exclude each other.</exception>
    /// <exception cref="TaskFormatException">A part of it is not valid; the message has the line.</exception>
    public static SweepPlan Read(string path)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name the sweep's file in it");
        if (!File.Exists(path))
            throw new UserException($"there is no sweep file {path}; docs/sweeps.md shows what it has");
        return new SweepFile(path).Plan();
    }

    private SweepPlan Plan()
    {
        using ControlTask task = ControlTask.Load(TaskPath());
        var candidates = new List<Candidate>();
        (int leftOut, string? reason) = (0, null);
        foreach (ImmutableArray<GivenValue> values in Combinations())
            try
            {
                candidates.Add(new Candidate(candidates.Count + 1, values, Resolve(task, values)));
            }
            catch (UserException e)
            {
                (leftOut, reason) = (leftOut + 1, reason ?? e.Message);
            }
        if (candidates.Count == 0) throw new UserException($"{_path}: every combination is refused: {reason}");
        TrainingSettings first = candidates[0].Settings;
        return new SweepPlan(
            _path, TaskPath(), Seeds, [.. _common], [.. _grid.Concat(_random).Select(axis => axis.Setting.Key)],
            candidates, ReadHalving(first.Episodes), leftOut, reason);
    }

    // every combination of the grid's values, each with every draw
    private IEnumerable<ImmutableArray<GivenValue>> Combinations()
    {
        long count = _grid.Aggregate((long)_draws, (n, axis) => n > Most ? n : n * axis.Choices.Length);
        if (count > Most)
            throw (_map["grid"] ?? _map["random"])!.Error(
                $"the sweep has {count} candidates or more, and at most {Most} are trained; leave out values or draws");
        IEnumerable<ImmutableArray<GivenValue>> grid = [[]];
        foreach (SweepAxis axis in _grid)
            grid = grid.SelectMany(chosen => axis.Choices.Select(value => chosen.Add(Given(axis, value))));
        GivenValue[][] draws = [.. Enumerable.Range(0, _draws).Select(Drawn)];
        foreach ((int i, GivenValue[] draw) in draws.Index())
            if (Array.FindIndex(draws, draw.SequenceEqual) is var same && same < i)
                throw _map["random"]!.Error($"draws {same + 1} and {i + 1} are equal "
                    + $"({string.Join(", ", draw.Select(v => $"{v.Key}={v.Value}"))}); lower 'draws', widen the "
                    + "ranges, or give another seed");
        return grid.SelectMany(chosen => draws.Select(draw => chosen.AddRange(draw)));
    }

    private GivenValue[] Drawn(int draw) =>
        [.. _random.Select((axis, i) => Given(axis, axis.Draw(_seed, draw, i)))];

    private TrainingSettings Resolve(ControlTask task, ImmutableArray<GivenValue> values)
    {
        TrainingSettings settings = SettingsResolver.Resolve(SettingsResolver.OfTask(
            task, ofTask => SettingsResolver.Apply(ofTask, [.. _common, .. Seeds.Values(_path), .. values])));
        return settings.VerificationEpisodes > 0 ? settings : throw new UserException(
            "verification_episodes = 0, but the verification ranks the candidates; give 1 or more");
    }

    private IEnumerable<GivenValue> ReadFixed()
    {
        foreach (YamlEntry entry in Entries("fixed"))
        {
            SweepAxis.FindSetting(entry.KeyAt, entry.Key);
            yield return Given(entry.Key, entry.Value);
        }
    }

    private Halving? ReadHalving(int episodes)
    {
        if (_map["halving"] is not { } cursor) return null;
        YamlMap halving = cursor.Map("keep", "first");
        (YamlCursor keep, YamlCursor first) = (halving.Required("keep"), halving.Required("first"));
        if (keep.Number() is not (> 0 and < 1))
            throw keep.Error($"'keep' expects the share that continues, a number in (0, 1), not {keep.Kind}");
        return first.Whole(1) < episodes ? new Halving(keep.Number(), first.Whole(1)) : throw first.Error(
            $"'first' has the episodes of the first rung, fewer than all {episodes}; lower {first.Kind}");
    }

    private void CheckKeys()
    {
        if (_grid.Length + _random.Length == 0)
            throw _map.At.Error("the sweep varies nothing; add 'grid' or 'random' with settings and their values");
        foreach (IGrouping<string, string> key in _common.Select(value => value.Key)
            .Concat(_grid.Concat(_random).Select(axis => axis.Setting.Key)).GroupBy(key => key))
            if (key.Count() > 1)
                throw _map.At.Error($"'{key.Key}' is given twice; leave it in one of fixed, grid and random");
    }

    // a path is relative to the sweep's file
    private string TaskPath()
    {
        string task = _map.Required("task").Text();
        return TaskLibrary.Has(task) ? task
            : TaskLibrary.IsPath(task) ? Path.Combine(Path.GetDirectoryName(_path) ?? "", task) : task;
    }

    private IReadOnlyList<YamlEntry> Entries(string key) => _map[key]?.Map(null).Entries ?? [];

    private static GivenValue Given(SweepAxis axis, string value) => new(axis.Setting.Key, value, axis.Place);

    // checked here, where the line is known
    private static GivenValue Given(string key, YamlCursor value)
    {
        var given = new GivenValue(key, SweepAxis.TextOf(value), value.Where);
        SettingsResolver.Apply(new TrainingSettings(), [given]);
        return given;
    }
}
