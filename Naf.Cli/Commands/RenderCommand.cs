using System.CommandLine;
using System.Globalization;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Files;
using Naf.Host.Pictures;
using Naf.Host.Policies;
using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Cli.Commands;

/// <summary><c>naf render</c>: a picture or a video of an episode.</summary>
internal static class RenderCommand
{
    private const string Notes = """
        A picture shows the last state of the episode, or that of --step, with the path that led there; a video shows the whole episode in real time.
        RUN plays the episode as naf evaluate RUN does, TASK takes random actions; --trajectory shows an episode that naf evaluate wrote.

        """;

    public static Command Create(Terminal terminal)
    {
        var options = new RenderOptions();
        var command = new ExampleCommand(
            "render", "Draws an episode: a picture (.png) or a video (.mp4). Needs neither a display nor a GPU.",
            "naf render runs/cartpole-naf-1 --out cartpole.mp4", _ => Notes);
        options.AddTo(command);
        command.SetAction(parsed => Run(terminal, options.Read(parsed)));
        return command;
    }

    private static int Run(Terminal terminal, RenderRequest request)
    {
        using ControlTask task = request.Target.Load();
        var warnings = new MujocoWarningReport();
        Trajectory episode = request.Trajectory is { } file ? TrajectoryFile.Read(file, task) : Play(task, request, terminal);
        warnings.Give(terminal);
        int step = request.Step ?? episode.Steps;
        if (step > episode.Steps) throw new UserException($"--step {step}: the episode has {episode.Steps} steps; take 0 to {episode.Steps}");

        using var pictures = new EpisodePictures(task, episode, request.Width, request.Height, request.Camera);
        FrameRate rate = FrameRate.Of(task.ControlStep);
        if (!request.IsVideo) OutputFile.Write(request.Out, target => Png.Write(target, pictures.Still(step)));
        else if (Film(terminal, request, pictures, rate) is > 0 and int stopped) return stopped;

        Report(terminal, request, task, episode, request.IsVideo ? null : step, request.IsVideo ? pictures.FramesAt(rate) : 1, rate);
        return 0;
    }

    private static Trajectory Play(ControlTask task, RenderRequest request, Terminal terminal)
    {
        var episode = new Trajectory();
        if (request.Policy == "mpc")
        {
            using var planned = new PlannedEvaluation(task, request.Target.Planner(task, []), threads: 0);
            planned.Episode(request.Seed, (ulong)request.Episode, episode);
            return episode;
        }
        using RunPolicy? run = request.Learner is { } k
            ? RunPolicy.Open(task, request.Target.Name, request.Target.Run, k, terminal.Warn) : null;
        Policy policy = run is not null ? run.Act
            : PolicyEvaluation.WithoutRun(request.Policy, request.Seed);
        using var evaluation = new Evaluator(task);
        evaluation.Episode(policy, request.Seed, (ulong)request.Episode, episode);
        return episode;
    }

    /// <returns>0, or the exit code of the signal that ended it.</returns>
    private static int Film(Terminal terminal, RenderRequest request, EpisodePictures pictures, FrameRate rate)
    {
        using var stop = new StopSignals();
        if (Encode(terminal, request, pictures, rate, stop.Token)) return 0;
        terminal.Warn($"stopped; {request.Out} was not written");
        return stop.ExitCode;
    }

    /// <returns>Whether the video is in its place: not when it was stopped before.</returns>
    private static bool Encode(Terminal terminal, RenderRequest request, EpisodePictures pictures, FrameRate rate, CancellationToken stop)
    {
        int drawn = 0, most = pictures.FramesAt(rate);
        using VideoFile video = VideoFile.Create(request.Out, request.Width, request.Height, rate);
        using ProgressDisplay? display = terminal.Interactive && !request.Json ? new ProgressDisplay(State) : null;
        try
        {
            foreach (PixelImage frame in pictures.Frames(rate))
            {
                if (stop.IsCancellationRequested) return false;
                video.Add(frame);
                Volatile.Write(ref drawn, drawn + 1);
            }
            video.Finish();
            return true;
        }
        catch (UserException) when (stop.IsCancellationRequested)
        {
            return false; // Ctrl-C reaches ffmpeg too
        }

        (double, double, string) State() =>
            (Volatile.Read(ref drawn), most, string.Create(CultureInfo.InvariantCulture, $"frame {Volatile.Read(ref drawn)}/{most}"));
    }

    private static void Report(
        Terminal terminal, RenderRequest request, ControlTask task, Trajectory episode, int? step, int frames, FrameRate rate)
    {
        string policy = request.Trajectory is null ? request.Policy : "trajectory";
        if (request.Json)
        {
            Json.Write(terminal.Out, new
            {
                request.Out, Target = request.Target.Name, Task = task.Name, Policy = policy, request.Trajectory, request.Learner,
                Seed = request.Trajectory is null ? request.Seed : (ulong?)null,
                Episode = request.Trajectory is null ? request.Episode : (int?)null,
                episode.Steps, Step = step, Frames = frames, FramesPerSecond = step is null ? rate.PerSecond : (double?)null,
                request.Width, request.Height, episode.Score,
            });
            return;
        }
        string which = request.Trajectory is { } file ? file : $"{policy} policy, episode {request.Episode} (seed {request.Seed})";
        string what = step is { } s ? $"step {s} of {episode.Steps}"
            : string.Create(CultureInfo.InvariantCulture, $"{frames} frames, {frames / rate.PerSecond:0.##} s");
        string score = episode.Score is { } sum ? $"score {Texts.Score(sum)}, " : "";
        terminal.Out.WriteLine(
            $"{request.Out}: {task.Name}, {which}, {score}{what}, {request.Width} x {request.Height}");
    }
}
