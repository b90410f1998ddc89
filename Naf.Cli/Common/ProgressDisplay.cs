using Spectre.Console;

namespace Naf.Cli.Common;

/// <summary>
/// A line on the terminal that shows how far some work has come, until disposed. Drawn by a thread of its own, on
/// standard error.
/// </summary>
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

    /// <summary>A display where a person watches and no JSON was asked for; else null.</summary>
    /// <param name="state">How much is done, of how much, and words for it; asked by the thread.</param>
    public static ProgressDisplay? Show(
        Terminal terminal, bool json, Func<(double Done, double Most, string Text)> state) =>
        terminal.Interactive && !json ? new ProgressDisplay(state) : null;

    /// <summary>Takes the line away.</summary>
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
