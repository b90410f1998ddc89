using System.CommandLine;
using System.Globalization;

namespace Naf.Host;

/// <summary>What <c>naf train</c> was asked.</summary>
/// <param name="Task">The task; null with <paramref name="Resume"/>.</param>
/// <param name="Given">Settings from --set, then from explicit options.</param>
/// <param name="Config">A file of settings.</param>
/// <param name="Out">The folder of a new run.</param>
/// <param name="Resume">The folder of a run to go on with.</param>
/// <param name="Previous">Resume from the checkpoint before the newest.</param>
/// <param name="Accept">Resume although simulator or device differ.</param>
/// <param name="Json">Print one JSON object.</param>
internal sealed record TrainRequest(
    string? Task, IReadOnlyList<GivenValue> Given, string? Config, string? Out, string? Resume, bool Previous, bool Accept, bool Json);

/// <summary>The options of <c>naf train</c>.</summary>
internal sealed class TrainOptions
{
    // options that are settings of the same name
    private static readonly (string Key, string Shown)[] Direct = [("algorithm", "NAME"), ("episodes", "N"), ("seed", "S"), ("device", "D"), ("threads", "N")];

    private readonly Argument<string?> _task = new("TASK")
    {
        Description = "a built-in task (naf tasks) or a task's .yaml file", Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?>[] _direct = [.. Direct.Select(d => new Option<string?>($"--{d.Key}")
    {
        Description = SettingTable.Find(d.Key)!.Meaning, HelpName = d.Shown,
    })];

    private readonly Option<string?> _seeds = new("--seeds") { Description = "a population: a learner for each seed from A to B", HelpName = "A..B" };
    private readonly Option<string[]> _set = new("--set") { Description = "change a setting; may be repeated", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _config = new("--config") { Description = "settings from a YAML file, such as another run's config.yaml", HelpName = "FILE" };
    private readonly Option<string?> _out = new("--out") { Description = "the folder of the run [runs/TASK-ALGORITHM-N]", HelpName = "DIR" };
    private readonly Option<string?> _resume = new("--resume") { Description = "go on with the run in this folder, bitwise as if it had never stopped", HelpName = "DIR" };
    private readonly Option<string?> _checkpoint = new("--checkpoint") { Description = "with --resume: latest, or previous if the latest is damaged", HelpName = "latest|previous" };
    private readonly Option<bool> _accept = new("--accept-changes") { Description = "with --resume: go on although the simulator or the device are not what they were" };
    private readonly Option<string?> _imagination = new("--imagination") { Description = "imagination rollouts: only off in this version", HelpName = "off" };
    private readonly Option<string?> _plan = new("--plan") { Description = "exploration by a planner: only none in this version", HelpName = "none" };
    private readonly Option<string?> _planFraction = new("--plan-fraction") { Description = "share of planned episodes: not in this version", HelpName = "P", Hidden = true };
    private readonly Option<bool> _json = new("--json") { Description = "print one JSON object at the end" };

    public void AddTo(Command command)
    {
        command.Add(_task);
        foreach (Option option in (Option[])[.. _direct, _seeds, _set, _config, _out, _resume, _checkpoint, _accept, _imagination, _plan, _planFraction, _json])
            command.Add(option);
    }

    /// <exception cref="UserException">Options that do not go together, or that this version does not have.</exception>
    public TrainRequest Read(ParseResult parsed)
    {
        RefuseAllBut(parsed.GetValue(_imagination), "off", "--imagination", "imagination rollouts");
        RefuseAllBut(parsed.GetValue(_plan), "none", "--plan", "the planner");
        RefuseAllBut(parsed.GetValue(_planFraction), "0", "--plan-fraction", "the planner");

        var given = parsed.GetValue(_set)!.Select(SettingsResolver.Split).ToList();
        for (int i = 0; i < Direct.Length; i++)
            if (parsed.GetValue(_direct[i]) is { } text) given.Add(new GivenValue(Direct[i].Key, text, $"--{Direct[i].Key}"));
        if (parsed.GetValue(_seeds) is { } seeds)
        {
            if (given.Any(g => g.Place == "--seed")) throw new UserException("--seed and --seeds exclude each other; give one of them");
            given.AddRange(Seeds(seeds));
        }

        string? resume = parsed.GetValue(_resume), task = parsed.GetValue(_task);
        if (resume is not null && task is not null) throw new UserException($"--resume {resume} knows its task; leave out '{task}'");
        if (resume is not null && (parsed.GetValue(_out) ?? parsed.GetValue(_config)) is not null)
            throw new UserException("--resume goes on with a run's own folder and settings; leave out --out and --config");
        return new TrainRequest(
            task, given, parsed.GetValue(_config), parsed.GetValue(_out), resume, IsPrevious(parsed.GetValue(_checkpoint), resume), parsed.GetValue(_accept),
            parsed.GetValue(_json));
    }

    private static bool IsPrevious(string? checkpoint, string? resume)
    {
        if (checkpoint is not null && resume is null) throw new UserException("--checkpoint says where to resume from; it needs --resume DIR");
        return checkpoint switch
        {
            null or "latest" => false,
            "previous" => true,
            _ => throw new UserException($"--checkpoint {checkpoint}: expected latest or previous"),
        };
    }

    private static GivenValue[] Seeds(string range)
    {
        string[] ends = range.Split("..");
        if (ends.Length == 2 && ulong.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong first)
            && ulong.TryParse(ends[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong last) && first <= last && last - first < 4096)
            return [new("seed", ends[0], "--seeds"), new("learners", (last - first + 1).ToString(CultureInfo.InvariantCulture), "--seeds")];
        throw new UserException($"--seeds {range}: expected A..B with A not above B, such as 0..7");
    }

    private static void RefuseAllBut(string? value, string allowed, string option, string feature)
    {
        if (value is not null && value != allowed)
            throw new UserException($"{option} {value}: {feature} {(feature.EndsWith('s') ? "are" : "is")} not in this version; leave it out");
    }
}
