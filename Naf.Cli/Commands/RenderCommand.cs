using System.CommandLine;
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
internal sealed class RenderCommand
{
    private const string Notes = """
        A picture shows the last state of the episode, or that of --step, with the path that led there; a video shows
        the whole episode in real time. RUN plays the episode as naf evaluate RUN does, TASK takes random actions;
        --trajectory shows an episode that naf evaluate wrote.

        """;

    private readonly Terminal _terminal;
    private readonly PolicyTarget _target;
    private readonly string _out;
    private readonly bool _isVideo, _json, _quiet;
    private readonly string? _trajectory, _camera;
    private readonly ulong _seed;
    private readonly int _episode, _width, _height;
    private readonly double _zoom;

    // null learner: the policy is not a run's; null step: the last state
    private readonly int? _learner, _step;

    // of a run's policy
    private int? _afterEpisode;

    /// <summary>Reads the options.</summary>
    /// <exception cref="UserException">An invalid value, or two options that exclude each other.</exception>
    private RenderCommand(Terminal terminal, ParseResult parsed)
    {
        (_terminal, _target) = (terminal, new PolicyTarget(parsed));
        (_json, _quiet) = (parsed.IsJson(), parsed.IsQuiet());
        _out = parsed.File("--out")
            ?? throw new UserException("naf render needs --out FILE, a picture (.png) or a video (.mp4)");
        _isVideo = Path.GetExtension(_out).ToLowerInvariant() switch
        {
            ".mp4" => true,
            ".png" => false,
            _ => throw new UserException(
                $"--out {_out}: expected a name that ends in .png (a picture) or .mp4 (a video)"),
        };
        OutputFile.Check(_out);
        string? step = parsed.Given("--step");
        if (_isVideo && step is not null)
            throw new UserException($"--step {step} chooses the state of a picture (.png); a video shows them all");

        _trajectory = parsed.File("--trajectory");
        if (_trajectory is null) _learner = _target.Learner;
        else
            foreach (string option in (string[])["--policy", "--episode", "--seed", "--learner"])
                if (parsed.Given(option) is not null)
                    throw new UserException(
                        $"{option} chooses an episode to play, and --trajectory is one; leave out either");
        _seed = _target.Seed;
        _episode = parsed.Integer("--episode", 0, 0);
        _step = step is null ? null : parsed.Integer("--step", 0, 0);
        _camera = parsed.Given("--camera");
        _zoom = parsed.Zoom();
        (_width, _height) = (Size("--width", 640), Size("--height", 480));

        int Size(string option, int standard)
        {
            int size = parsed.Integer(option, standard, 16, 8192);
            return !_isVideo || size % 2 == 0 ? size : throw new UserException(
                $"{option} {size}: the size of a video is even; take {size - 1} or {size + 1}");
        }
    }

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "render", "Draws an episode: a picture (.png) or a video (.mp4). Needs neither a display nor a GPU.",
        "naf render runs/cartpole-naf-1 --out cartpole.mp4",
        parsed => new RenderCommand(terminal, parsed).Run(), _ => Notes)
    {
        CliOption.Target(), CliOption.Text("--out", "FILE", "the file to write: .png, or .mp4 (through ffmpeg)"),
        CliOption.Policy(), CliOption.Task(), CliOption.Models(),
        CliOption.Text("--trajectory", "FILE", "play this file (of naf evaluate --trajectory) instead"),
        CliOption.Text("--episode", "N", "which of the seed's episodes [0]"),
        CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed]"),
        CliOption.Text("--learner", "K", "which learner of the run [0]"),
        CliOption.Text("--step", "T", "the state that a picture shows, from 0 (the start) [the last]"),
        CliOption.Text("--camera", "NAME", "a camera of the model, or free: the whole model [the task's]"),
        CliOption.Text("--zoom", "Z", "how many times larger things are than the camera has them [1]"),
        CliOption.Text("--width", "W", "pixels in a row [640]"), CliOption.Text("--height", "H", "rows [480]"),
        CliOption.Quiet(), CliOption.Json(),
    };

    private int Run()
    {
        using ControlTask task = _target.Load(_terminal);
        var warnings = new MujocoWarningReport();
        Trajectory episode = _trajectory is { } file ? TrajectoryFile.Read(file, task) : Play(task);
        warnings.Give(_terminal);
        int step = _step ?? episode.Steps;
        if (step > episode.Steps)
            throw new UserException($"--step {step}: the episode has {episode.Steps} steps; take 0 to {episode.Steps}");

        using var pictures = new EpisodePictures(task, episode, _width, _height, _camera, _zoom);
        if (!_isVideo) OutputFile.Write(_out, target => Png.Write(target, pictures.Still(step)));
        else
        {
            using var stop = new StopSignals();
            if (!Encode(pictures, stop.Token))
            {
                _terminal.Warn($"stopped; {_out} was not written");
                return stop.ExitCode;
            }
        }
        Report(task, episode, step, pictures);
        return 0;
    }

    private Trajectory Play(ControlTask task)
    {
        var episode = new Trajectory();
        if (_target.Policy == "mpc")
        {
            using var planned = new PlannedEvaluation(task, _target.Planner(task), threads: 0);
            planned.Episode(_seed, (ulong)_episode, episode);
            return episode;
        }
        using RunPolicy? run = _learner is null ? null : _target.Open(task, _terminal);
        _afterEpisode = run?.Episode;
        Policy policy = run is not null ? run.Act : PolicyEvaluation.WithoutRun(_target.Policy, task, _seed);
        using var evaluation = new Evaluator(task);
        evaluation.Episode(policy, _seed, (ulong)_episode, episode);
        return episode;
    }

    /// <returns>Whether the video was written; false if stopped before.</returns>
    private bool Encode(EpisodePictures pictures, CancellationToken stop)
    {
        int drawn = 0, most = pictures.FrameCount;
        using VideoFile video = VideoFile.Create(_out, _width, _height, pictures.FramesPerSecond);
        using ProgressDisplay? display = ProgressDisplay.Show(
            _terminal, _quiet, () => (Volatile.Read(ref drawn), most, $"frame {Volatile.Read(ref drawn)}/{most}"));
        try
        {
            foreach (PixelImage frame in pictures.Frames())
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
    }

    private void Report(ControlTask task, Trajectory episode, int step, EpisodePictures pictures)
    {
        bool played = _trajectory is null;
        string policy = played ? _target.Policy : "trajectory";
        int frames = _isVideo ? pictures.FrameCount : 1;
        if (_json)
        {
            Json.Write(_terminal.Out, new
            {
                Out = _out, Target = _target.Name, Task = task.Name, Policy = policy, Trajectory = _trajectory,
                AfterEpisode = _afterEpisode, Learner = _learner, Seed = played ? _seed : (ulong?)null,
                Episode = played ? _episode : (int?)null,
                episode.Steps, Step = _isVideo ? (int?)null : step, Frames = frames,
                FramesPerSecond = _isVideo ? pictures.FramesPerSecond : (double?)null,
                Width = _width, Height = _height, episode.Score,
            });
            return;
        }
        string after = _afterEpisode is { } trained ? $" (after episode {trained})" : "";
        string which = _trajectory ?? $"{policy} policy{after}, episode {_episode} (seed {_seed})";
        string what = _isVideo
            ? $"{frames} frames, {frames / pictures.FramesPerSecond:0.##} s"
            : $"step {step} of {episode.Steps}";
        string score = episode.Score is { } sum ? $"score {Texts.Score(sum)}, " : "";
        _terminal.Out.WriteLine($"{_out}: {task.Name}, {which}, {score}{what}, {_width} x {_height}");
    }
}
