using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Export;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary><c>naf export</c>: writes a run's policy to a file that runs without naf.</summary>
internal static class ExportCommand
{
    private static readonly string Endings = Texts.Either(PolicyExport.Formats.Select(format => $".{format}"));

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "export", "Writes a run's policy to a file that other programs run: ONNX, safetensors or CSV.",
        "naf export runs/cartpole-naf-1 --policy best --out policy.onnx", parsed => Run(terminal, parsed))
    {
        CliOption.Target("RUN", "a run's folder"),
        CliOption.Text("--out", "FILE", $"the file to write: {Endings}; beside policy.onnx, Q is policy.q.onnx"),
        CliOption.Text("--format", "F", $"{Texts.Either(PolicyExport.Formats)} [as --out ends]"),
        CliOption.Text("--policy", "NAME", "last, or best (that of the best test) [last]"),
        CliOption.Task(), CliOption.Text("--learner", "K", "which learner of the run [0]"), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        var target = new PolicyTarget(parsed);
        RunConfig config = target.RunFor("naf export");
        if (!target.IsOfRun)
            throw new UserException(
                $"--policy {target.Policy}: only a learned policy can be exported; take last or best");
        (string format, string file) = Place(parsed);
        PolicyExport.CheckPlace(format, file);
        int learner = target.Learner!.Value;
        if (config.IsEnvironment && parsed.Given("--task") is { } other)
            throw new UserException(
                $"--task {other} takes a task file, and the run's environment has none; leave it out");
        using ControlTask? task = config.IsEnvironment ? null : target.Load(terminal);
        using RunPolicy policy = target.Open(task, terminal);
        var exported = new ExportedPolicy(policy, config, learner, target.Policy, task);
        PolicyExport.Write(format, file, exported);
        if (task?.Definition.Actions.RateLimit.IsEmpty == false)
            terminal.Warn("the task's rate_limit is not part of the policy; the program that runs it has to keep it");

        string? q = PolicyExport.Files(format, file).Q;
        if (parsed.IsJson())
            Json.Write(terminal.Out, new
            {
                Out = file, Q = q, Format = format, Target = target.Name, Task = exported.Task, target.Policy,
                AfterEpisode = policy.Episode, Learner = learner, policy.TestScore, policy.ObservationSize,
                policy.ActionSize, ControlStepSeconds = task?.ControlStep,
            });
        else
        {
            terminal.Out.WriteLine($"{file}: {exported.Task}, {target.Policy} policy (after episode {policy.Episode}, "
                + $"test score {Texts.Score(policy.TestScore)}), observation size {policy.ObservationSize}, "
                + $"action size {policy.ActionSize}"
                + (task is null ? "" : $", a control step is {Texts.Number(task.ControlStep)} s"));
            if (task is null && config.Actions.IsEmpty)
                terminal.Warn("the run, of an earlier naf, has no bounds of its actions: control is the action in "
                    + "[-1, 1]");
            if (q is not null) terminal.Out.WriteLine($"{q}: Q of an observation and an action");
        }
        return 0;
    }

    private static (string Format, string File) Place(ParseResult parsed)
    {
        string file = parsed.File("--out")
            ?? throw new UserException($"naf export needs --out FILE, whose name ends in {Endings}");
        string ending = Path.GetExtension(file).TrimStart('.').ToLowerInvariant();
        string? format = parsed.Given("--format");
        if (format is not null && !PolicyExport.Formats.Contains(format))
            throw new UserException($"--format {format}: expected {Texts.Either(PolicyExport.Formats)}");
        if (format is not null && format != ending)
            throw new UserException($"--out {file}: expected a name that ends in .{format}, as --format says");
        if (!PolicyExport.Formats.Contains(ending))
            throw new UserException($"--out {file}: expected a name that ends in {Endings}");
        return (ending, file);
    }
}
