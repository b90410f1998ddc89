using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Files;

namespace Naf.Cli.Commands;

/// <summary>The options of <c>naf render</c>.</summary>
internal sealed class RenderOptions
{
    private const int Smallest = 16, Largest = 8192;

    private readonly Argument<string> _target = new("RUN|TASK") { Description = "a run's folder, or a task" };
    private readonly Option<string?> _out = CliOption.Text("--out", "FILE", "the file to write: .png, or .mp4 (through ffmpeg)");
    private readonly Option<string?> _policy = CliOption.Policy();
    private readonly Option<string?> _trajectory = CliOption.Text("--trajectory", "FILE", "play this file (of naf evaluate --trajectory) instead");
    private readonly Option<string?> _episode = CliOption.Text("--episode", "N", "which of the seed's episodes [0]");
    private readonly Option<string?> _seed = CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed]");
    private readonly Option<string?> _learner = CliOption.Text("--learner", "K", "which learner of the run [0]");
    private readonly Option<string?> _step = CliOption.Text("--step", "T", "the state that a picture shows, from 0 (the start) [the last]");
    private readonly Option<string?> _camera = CliOption.Text("--camera", "NAME", "a camera of the model [the task's]");
    private readonly Option<string?> _width = CliOption.Text("--width", "W", "pixels in a row [640]");
    private readonly Option<string?> _height = CliOption.Text("--height", "H", "rows [480]");
    private readonly Option<bool> _json = CliOption.Json();

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_target);
        foreach (Option option in (Option[])
            [_out, _policy, _trajectory, _episode, _seed, _learner, _step, _camera, _width, _height, _json]) command.Add(option);
    }

    /// <summary>Reads what was asked.</summary>
    /// <exception cref="UserException">An option's value, or two options that exclude each other.</exception>
    public RenderRequest Read(ParseResult parsed)
    {
        PolicyTarget target = PolicyTarget.Of(parsed.GetValue(_target)!);
        string file = OptionValue.File(_out.Name, parsed.GetValue(_out))
            ?? throw new UserException("naf render needs --out FILE, a picture (.png) or a video (.mp4)");
        bool isVideo = Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".mp4" => true,
            ".png" => false,
            _ => throw new UserException($"--out {file}: expected a name that ends in .png (a picture) or .mp4 (a video)"),
        };
        OutputFile.Check(file);
        if (isVideo && parsed.GetValue(_step) is { } t)
            throw new UserException($"--step {t} chooses the state of a picture (.png); a video shows them all");

        string policy = target.Policy(parsed.GetValue(_policy));
        string? trajectory = OptionValue.File(_trajectory.Name, parsed.GetValue(_trajectory));
        if (trajectory is not null)
            foreach (Option<string?> option in (Option<string?>[])[_policy, _episode, _seed, _learner])
                if (parsed.GetValue(option) is not null)
                    throw new UserException($"{option.Name} chooses an episode to play, and --trajectory is one; leave out either");
        string? step = parsed.GetValue(_step);
        return new RenderRequest(
            target, file, isVideo, policy, trajectory, trajectory is null ? target.Learner(parsed.GetValue(_learner), policy) : null,
            target.Seed(parsed.GetValue(_seed)), OptionValue.Integer("--episode", parsed.GetValue(_episode), 0, 0),
            step is null ? null : OptionValue.Integer("--step", step, 0, 0), parsed.GetValue(_camera),
            Size(_width, 640), Size(_height, 480), parsed.GetValue(_json));

        int Size(Option<string?> option, int standard)
        {
            int size = OptionValue.Integer(option.Name, parsed.GetValue(option), standard, Smallest, Largest);
            return !isVideo || size % 2 == 0 ? size : throw new UserException(
                $"{option.Name} {size}: the size of a video is even; take {size - 1} or {size + 1}");
        }
    }
}
