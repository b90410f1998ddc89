using Naf.Cli;
using Naf.Cli.Common;
using Naf.Host.Settings;
using Naf.Host.Training;

namespace Naf.Tests;

/// <summary>Training runs of a fraction of a second: cartpole, networks of 8 units, one update per step.</summary>
internal static class TinyRun
{
    /// <summary>Settings of a tiny run, in the form of --set.</summary>
    public static readonly string[] Settings =
    [
        "hidden=[8, 9]", "batch_size=16", "updates_per_step=1", "test_every=2", "test_episodes=2",
        "verification_episodes=2", "checkpoint_every=2", "threads=1",
    ];

    /// <summary>The arguments of naf train for a tiny run.</summary>
    public static string[] Arguments(string folder, int episodes, params string[] more) =>
        ["train", "cartpole", "--out", folder, "--episodes", $"{episodes}",
            .. Settings.SelectMany(s => new[] { "--set", s }), .. more];

    /// <summary>Starts a tiny run.</summary>
    public static TrainingRun Begin(string folder, int episodes, params string[] more) =>
        TrainingRun.Begin("cartpole", _ => Resolve(episodes, more), folder);

    /// <summary>The settings of a tiny run.</summary>
    public static TrainingSettings Resolve(int episodes, params string[] more) =>
        SettingsResolver.Resolve(
            [.. Settings.Append($"episodes={episodes}").Concat(more).Select(SettingsResolver.Split)]);

    /// <summary>Trains a tiny run to its end.</summary>
    public static TrainingResult Train(string folder, int episodes, params string[] more)
    {
        using TrainingRun run = Begin(folder, episodes, more);
        return run.Train();
    }

    /// <summary>Trains a tiny run for some episodes and some further steps, and leaves it with a checkpoint.</summary>
    public static void TrainPartly(string folder, int episodes, int stopInEpisode, params string[] more) =>
        TrainPartly(Begin(folder, episodes, more), stopInEpisode);

    /// <summary>Trains a run for some episodes and some further steps, and closes it.</summary>
    public static void TrainPartly(TrainingRun run, int stopInEpisode)
    {
        using TrainingRun closed = run;
        using var stop = new CancellationTokenSource();
        run.Train(stop.Token, p =>
        {
            if (p.EpisodesEnded == stopInEpisode) stop.CancelAfter(1);
        });
    }

    /// <summary>Resumes a run and trains it to its end.</summary>
    public static TrainingResult Resume(string folder, bool previous = false, params string[] changes)
    {
        using TrainingRun run = TrainingRun.Resume(
            folder, stored => SettingsResolver.Apply(stored, changes.Select(SettingsResolver.Split)), previous,
            warn: static _ => { });
        return run.Train();
    }

    /// <summary>The bytes of a run's metrics.csv.</summary>
    public static byte[] Metrics(string folder) => File.ReadAllBytes(Path.Combine(folder, "metrics.csv"));

    /// <summary>The rows of a run's metrics.csv.</summary>
    public static Dictionary<string, string>[] Rows(string folder) => Table(Path.Combine(folder, "metrics.csv"));

    /// <summary>The rows of a CSV file by column name; the last column may contain commas.</summary>
    public static Dictionary<string, string>[] Table(string path)
    {
        string[] lines = File.ReadAllLines(path), header = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line =>
            header.Zip(line.Split(',', header.Length)).ToDictionary(p => p.First, p => p.Second))];
    }

    /// <summary>Runs the command line in this process.</summary>
    public static (int ExitCode, string Out, string Error) Cli(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int exitCode = CommandLine.Run(arguments, new Terminal(output, error, Interactive: false));
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command with an expected exit code; on failure its standard output is empty.</summary>
    /// <returns>Its standard error.</returns>
    public static string CliError(int exitCode, params string[] arguments)
    {
        (int code, string output, string error) = Cli(arguments);
        Assert.That(code, Is.EqualTo(exitCode), error);
        if (exitCode != 0) Assert.That(output, Is.Empty);
        return error;
    }

    /// <summary>Runs a command that prints one JSON object and nothing else.</summary>
    public static JsonElement CliJson(params string[] arguments)
    {
        (int exitCode, string output, string error) = Cli(arguments);
        Assert.That(exitCode, Is.Zero, error);
        Assert.That(error, Is.Empty);
        Assert.That(output.TrimEnd().Split('\n'), Has.Length.EqualTo(1), "one object on one line");
        return JsonDocument.Parse(output).RootElement;
    }
}
