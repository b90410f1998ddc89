using Spectre.Console;

namespace Naf.Cli.Common;

/// <summary>
/// Progress on standard error until disposed, written by a background thread: a bar on a terminal, and in a log a line
/// every minute.
/// </summary>
internal sealed class ProgressDisplay : IDisposable
{
    private const int Milliseconds = 200, LogMilliseconds = 60_000;
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;

    private ProgressDisplay(Action<ProgressDisplay> show)
    {
        _thread = new Thread(() => show(this)) { IsBackground = true, Name = "naf progress" };
        _thread.Start();
    }

    /// <summary>A display, or null if it is not to be shown.</summary>
    /// <param name="state">Amount done, total, and a text; called by the background thread.</param>
    public static ProgressDisplay? Show(
        Terminal terminal, bool quiet, Func<(double Done, double Most, string Text)> state) =>
        quiet ? null : new ProgressDisplay(display =>
        {
            if (terminal.Interactive) display.Draw(state);
            else display.Log(terminal, state);
        });

    /// <summary>Removes the bar.</summary>
    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
    }

    private void Log(Terminal terminal, Func<(double Done, double Most, string Text)> state)
    {
        while (!_ended.Wait(LogMilliseconds)) terminal.Error.WriteLine(state().Text);
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
