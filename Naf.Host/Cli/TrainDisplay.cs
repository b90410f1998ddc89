using System.Globalization;
using Spectre.Console;

namespace Naf.Host;

/// <summary>A line on the terminal that shows how far training has come, until disposed. Drawn by a thread of its own, on standard error.</summary>
internal sealed class TrainDisplay : IDisposable
{
    private readonly ManualResetEventSlim _ended = new();
    private readonly Thread _thread;

    public TrainDisplay(Func<TrainingProgress> progress)
    {
        _thread = new Thread(() => Show(progress)) { IsBackground = true, Name = "naf progress" };
        _thread.Start();
    }

    public void Dispose()
    {
        _ended.Set();
        _thread.Join();
        _ended.Dispose();
    }

    private void Show(Func<TrainingProgress> progress)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).HideCompleted(false)
            .Columns(new ProgressBarColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                ProgressTask bar = context.AddTask("starting");
                do
                {
                    TrainingProgress p = progress();
                    bar.MaxValue = p.Episodes;
                    bar.Value = p.EpisodesEnded;
                    bar.Description = Markup.Escape(Describe(p));
                }
                while (!_ended.Wait(200));
            });
    }

    private static string Describe(TrainingProgress p) =>
        string.Create(CultureInfo.InvariantCulture, $"episode {p.EpisodesEnded}/{p.Episodes}")
        + $"  test {Texts.Score(p.LastTest)} (best {Texts.Score(p.BestTest)})  {Texts.Rate(p.UpdatesPerSecond)} updates/s"
        + (p.Left is { } left ? $"  {Texts.Duration(left)} left" : "");
}
