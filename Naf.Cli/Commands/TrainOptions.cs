using System.CommandLine;
using System.Globalization;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Settings;

namespace Naf.Cli.Commands;

/// <summary>The options of <c>naf train</c>.</summary>
internal sealed class TrainOptions
{
    // options that are settings of the same name
    private static readonly (string Key, string Shown)[] Direct =
    [
        ("algorithm", "NAME"), ("episodes", "N"), ("seed", "S"), ("device", "D"), ("threads", "N"), ("imagination", "KIND"), ("plan", "PLANNER"),
        ("plan_fraction", "P"),
    ];

    private readonly Argument<string?> _task = new("TASK")
    {
        Description = "a built-in task (naf tasks) or a task's .yaml file", Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?>[] _direct =
        [.. Direct.Select(d => CliOption.Text($"--{d.Key.Replace('_', '-')}", d.Shown, Setting.Find(d.Key)!.Help))];

    private readonly Option<string?> _seeds = CliOption.Text("--seeds", "A..B", "a population: a learner for each seed from A to B [one]");
    private readonly Option<string[]> _set = CliOption.Texts("--set", "KEY=VALUE", "change a setting; may be repeated");
    private readonly Option<string?> _config = CliOption.Text("--config", "FILE", "settings from a YAML file, such as another run's config.yaml");
    private readonly Option<string?> _out = CliOption.Text("--out", "DIR", "the folder of the run [runs/TASK-ALGORITHM-N]");
    private readonly Option<string?> _resume = CliOption.Text(
        "--resume", "DIR", "go on with the run in this folder, bitwise as if it had never stopped");
    private readonly Option<string?> _checkpoint = CliOption.Text(
        "--checkpoint", "latest|previous", "with --resume: latest, or previous if the latest is damaged [latest]");
    private readonly Option<bool> _accept = CliOption.Flag(
        "--accept-changes", "with --resume: go on although the simulator or the device are not what they were");
    private readonly Option<bool> _json = CliOption.Flag("--json", "print one JSON object at the end");

    public void AddTo(Command command)
    {
        command.Add(_task);
        foreach (Option option in (Option[])[.. _direct, _seeds, _set, _config, _out, _resume, _checkpoint, _accept]) command.Add(option);
        foreach (Option option in (Option[])[_json]) command.Add(option);
    }

    /// <exception cref="UserException">Options that do not go together, or that this version does not have.</exception>
    public TrainRequest Read(ParseResult parsed)
    {
        var given = parsed.GetValue(_set)!.Select(SettingsResolver.Split).ToList();
        for (int i = 0; i < Direct.Length; i++)
            if (parsed.GetValue(_direct[i]) is { } text) given.Add(new GivenValue(Direct[i].Key, text, _direct[i].Name));
        if (parsed.GetValue(_seeds) is { } seeds)
        {
            if (given.Any(g => g.Place == "--seed")) throw new UserException("--seed and --seeds exclude each other; give one of them");
            given.AddRange(Seeds(seeds));
        }

        string? resume = parsed.GetValue(_resume), task = parsed.GetValue(_task);
        if (resume is not null && task is not null) throw new UserException($"--resume {resume} knows its task; leave out '{task}'");
        if (resume is not null && (parsed.GetValue(_out) ?? parsed.GetValue(_config)) is not null)
            throw new UserException("--resume goes on with a run's own folder and settings; leave out --out and --config");
        if (resume is null && parsed.GetValue(_accept))
            throw new UserException("--accept-changes says what a resumed run may differ in; it needs --resume DIR");
        return new TrainRequest(
            task, given, parsed.GetValue(_config), parsed.GetValue(_out), resume, IsPrevious(parsed.GetValue(_checkpoint), resume),
            parsed.GetValue(_accept), parsed.GetValue(_json));
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
}
