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
        "Lists the built-in tasks (everywhere, a path to a task's file serves as well), or checks a task.",
        "naf tasks --check my-task.yaml", parsed => Run(terminal, parsed))
    {
        CliOption.Flag("--all", "list the tasks of Gymnasium and dm_control too, whose models are not built in"),
        CliOption.Text("--check", "FILE", "a task's file or name: tries it out and says what it found"),
        CliOption.Text("--episodes", "N", "with --check: random episodes [100]"),
        CliOption.Text("--seed", "S", $"with --check: seed of starts and actions [{Seed}]"),
        CliOption.Models(), CliOption.Quiet(), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        bool all = parsed.GetValue<bool>("--all");
        if (parsed.Given("--check") is { } name)
        {
            if (all) throw new UserException("--all lists tasks, and --check checks one; leave out either");
            int count = parsed.Integer("--episodes", 100, 1, 100_000);
            TaskCheckResult result = Check(terminal, parsed, name, count);
            if (parsed.IsJson()) Json.Write(terminal.Out, result);
            else new TaskCheckReport(terminal).Write(result);
            return 0;
        }
        foreach (string option in (string[])["--episodes", "--seed"])
            if (parsed.Given(option) is { } value)
                throw new UserException($"{option} {value} goes with --check FILE");
        parsed.RefuseModels("a list needs none");
        List(terminal, parsed.IsJson(), all);
        return 0;
    }

    private static void List(Terminal terminal, bool json, bool all)
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
        TaskFile[] ofSuites =
            [.. TaskSuite.All.SelectMany(suite => suite.Names.Select(name => TaskFile.Read(suite.PathOf(name))))];
        if (json)
            Json.Write(terminal.Out, new
            {
                Tasks = tasks,
                OfSuites = all ? ofSuites.Select(
                    f => new { f.Name, Suite = f.Suite!.Title, Model = f.ModelText, f.Description }).ToArray() : null,
            });
        else
            terminal.WriteTable([["name", "observations", "actions", "steps", "seconds a step", "what"],
                .. tasks.Select(t => (string[])[
                    t.Name, $"{t.ObservationSize}", $"{t.ActionSize}", $"{t.Horizon}", $"{t.ControlStep}",
                    t.Description])]);
        if (json) return;
        terminal.Out.WriteLine();
        if (!all)
        {
            terminal.Out.WriteLine($"naf tasks --all lists {ofSuites.Length} more, of "
                + $"{string.Join(" and ", TaskSuite.All.Select(suite => suite.Title))}, whose models are not built in");
            return;
        }
        terminal.Out.WriteLine($"with the models of --models DIR or {TaskSuite.Variable}:");
        terminal.WriteTable([["name", "models of", "model", "what"], .. ofSuites.Select(f => (string[])[
            f.Name, f.Suite!.Title, f.ModelText, f.Description])]);
    }

    private static TaskCheckResult Check(Terminal terminal, ParseResult parsed, string name, int episodes)
    {
        int played = 0;
        var warnings = new MujocoWarningReport();
        using ControlTask task = ControlTask.Load(name, parsed.Models(name));
        using ProgressDisplay? display = ProgressDisplay.Show(
            terminal, parsed.IsQuiet(),
            () => (played, episodes, $"random episode {Volatile.Read(ref played)}/{episodes}"));
        TaskCheckResult result = TaskCheck.Run(
            task, parsed.Seed(Seed), episodes, ended => Volatile.Write(ref played, ended));
        return result with { Warnings = [.. result.Warnings, .. warnings.Sentences()] };
    }
}
