using System.CommandLine;
using System.Globalization;
using Naf.Sim;

namespace Naf.Host;

/// <summary><c>naf tasks</c>: the built-in tasks with their sizes.</summary>
internal static class TasksCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = CliOption.Json();
        var command = new ExampleCommand(
            "tasks", "Lists the built-in tasks; everywhere, a path to a task's file serves as well.", "naf tasks") { json };
        command.SetAction(parsed =>
        {
            TaskRow[] tasks = [.. TaskLibrary.Files.Select(Describe)];
            if (parsed.GetValue(json)) Json.Write(terminal.Out, new { Tasks = tasks });
            else terminal.WriteTable([["name", "observations", "actions", "steps", "seconds a step", "what"], .. tasks.Select(Cells)]);
            return 0;
        });
        return command;
    }

    private static TaskRow Describe(TaskFile file)
    {
        using ControlTask task = ControlTask.Load(file.Path);
        return new TaskRow(
            task.Name, task.ObservationSize, task.ActionSize, task.Horizon, task.ControlStep, file.Description, [.. task.ObservationNames]);
    }

    private static string[] Cells(TaskRow t) =>
        [t.Name, Text(t.ObservationSize), Text(t.ActionSize), Text(t.Horizon), Text(t.ControlStep), t.Description];

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private sealed record TaskRow(
        string Name, int ObservationSize, int ActionSize, int Horizon, double ControlStep, string Description, IReadOnlyList<string> Observations);
}
