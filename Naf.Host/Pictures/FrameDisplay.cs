using System.Globalization;
using Spectre.Console;

namespace Naf.Host;

/// <summary>A line on the terminal that shows how many frames are drawn, until disposed. Drawn by a thread of its own, on standard error.</summary>
internal sealed class FrameDisplay : IDisposable
{
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;
    private readonly int _frames;
    private volatile int _drawn;

    public FrameDisplay(int frames)
    {
        _frames = frames;
        _thread = new Thread(Show) { IsBackground = true, Name = "naf progress" };
        _thread.Start();
    }

    /// <summary>Another frame is drawn.</summary>
    public void Advance() => _drawn++;

    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
    }

    private void Show()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask bar = context.AddTask("starting", maxValue: _frames);
                do
                {
                    bar.Value = _drawn;
                    bar.Description = string.Create(CultureInfo.InvariantCulture, $"frame {_drawn}/{_frames}");
                }
                while (!_ended.Wait(200));
            });
    }
}
