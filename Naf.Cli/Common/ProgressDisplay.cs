using Spectre.Console;

namespace Naf.Cli.Common;

/// <summary>A progress line on standard error, shown until disposed and drawn by a background thread.</summary>
internal sealed class ProgressDisplay : IDisposable
{
    private const int Milliseconds = 200;
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;

    private ProgressDisplay(Func<(double Done, double Most, string Text)> state)
    {
        _thread = new Thread(() => Draw(state)) { IsBackground = true, Name = "naf progress" };
        _thread.Start();
    }

    /// <summary>A display if the terminal is interactive and the output is not JSON; else null.</summary>
    /// <param name="state">Amount done, total, and a text; called by the background thread.</param>
    public static ProgressDisplay? Show(
        Terminal terminal, bool json, Func<(double Done, double Most, string Text)> state) =>
        terminal.Interactive && !json ? new ProgressDisplay(state) : null;

    /// <summary>Removes the line.</summary>
    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
    }

    private void Draw(Func<(double Done, double Most, string Text)> state)
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask bar = context.AddTask("starting");
                do
                {
                    (double done, bar.MaxValue, string text) = state();
                    bar.Value = done;
                    bar.Description = Markup.Escape(text);
                }
                while (!_ended.Wait(Milliseconds));
            });
    }
}
