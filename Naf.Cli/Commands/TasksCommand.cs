using System.CommandLine;
using Naf.Host.Checks;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Cli.Commands;

/// <summary><c>naf tasks</c>: lists the built-in tasks with their sizes, or checks one task (<c>--check</c>).</summary>
internal static class TasksCommand
{
    private static readonly ulong Seed = new TrainingSettings().TestSeed;

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "tasks",
        "Lists the built-in tasks (everywhere, a path to a task's file serves as well), or checks one of your own.",
        "naf tasks --check my-task.yaml", parsed => Run(terminal, parsed))
    {
        CliOption.Text("--check", "FILE", "a task's file or name: tries it out and says what it found"),
        CliOption.Text("--episodes", "N", "with --check: random episodes [100]"),
        CliOption.Text("--seed", "S", $"with --check: seed of starts and actions [{Seed}]"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        if (parsed.Given("--check") is { } name)
        {
            int count = parsed.Integer("--episodes", 100, 1, 100_000);
            TaskCheckResult result = Check(terminal, parsed.IsQuiet(), name, parsed.Seed(Seed), count);
            if (parsed.IsJson()) Json.Write(terminal.Out, result);
            else new TaskCheckReport(terminal).Write(result);
            return 0;
        }
        foreach (string option in (string[])["--episodes", "--seed"])
            if (parsed.Given(option) is { } value)
                throw new UserException($"{option} {value} goes with --check FILE");
        List(terminal, parsed.IsJson());
        return 0;
    }

    private static void List(Terminal terminal, bool json)
    {
        var tasks = TaskLibrary.Files.Select(file =>
        {
            using ControlTask task = ControlTask.Load(file.Path);
            return new
            {
                task.Name, task.ObservationSize, task.ActionSize, task.Horizon, task.ControlStep, file.Description,
                Observations = task.ObservationNames.ToArray(),
            };
        }).ToArray();
        if (json) Json.Write(terminal.Out, new { Tasks = tasks });
        else
            terminal.WriteTable([["name", "observations", "actions", "steps", "seconds a step", "what"],
                .. tasks.Select(t => (string[])[
                    t.Name, $"{t.ObservationSize}", $"{t.ActionSize}", $"{t.Horizon}", $"{t.ControlStep}",
                    t.Description])]);
    }

    private static TaskCheckResult Check(Terminal terminal, bool quiet, string name, ulong seed, int episodes)
    {
        int played = 0;
        var warnings = new MujocoWarningReport();
        using ControlTask task = ControlTask.Load(name);
        using ProgressDisplay? display = ProgressDisplay.Show(
            terminal, quiet, () => (played, episodes, $"random episode {Volatile.Read(ref played)}/{episodes}"));
        TaskCheckResult result = TaskCheck.Run(
            task, TaskLibrary.Resolve(name), seed, episodes, ended => Volatile.Write(ref played, ended));
        return result with { Warnings = [.. result.Warnings, .. warnings.Sentences()] };
    }
}
