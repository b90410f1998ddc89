using System.ComponentModel;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>
/// An MP4 file that ffmpeg encodes from piped frames: H.264 in yuv420p, which every player supports, or MPEG-4 part 2
/// where ffmpeg lacks x264. <see cref="Finish"/> moves it to its path; until then, and after a failure, nothing is
/// there.
/// </summary>
internal sealed class VideoFile(string path, Process ffmpeg) : IDisposable
{
    private const string Remedy = "install ffmpeg (Debian: apt-get install ffmpeg), or draw a picture (.png)";
    private readonly string _partial = OutputFile.PartialOf(path);
    private readonly Task<string> _words = ffmpeg.StandardError.ReadToEndAsync();
    private bool _finished;

    /// <summary>Starts ffmpeg; width and height must be even.</summary>
    /// <exception cref="UserException">There is no ffmpeg, or the file can't be written.</exception>
    public static VideoFile Create(
        string path, int width, int height, double framesPerSecond, string program = "ffmpeg")
    {
        OutputFile.Check(path);
        string[] codec = Encoders(program).Contains(" libx264 ", StringComparison.Ordinal)
            ? ["-c:v", "libx264", "-crf", "18"] : ["-c:v", "mpeg4", "-q:v", "3"];
        string[] input = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", $"{width}x{height}",
            "-r", framesPerSecond.ToString("R", CultureInfo.InvariantCulture), "-i", "-"];
        string[] output = [.. codec, "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4",
            OutputFile.PartialOf(path)];
        return new VideoFile(path, Start(program,
            ["-hide_banner", "-loglevel", "error", "-y", .. input, "-an", .. output], takesFrames: true));
    }

    /// <exception cref="UserException">ffmpeg has exited.</exception>
    public void Add(PixelImage frame)
    {
        try
        {
            ffmpeg.StandardInput.BaseStream.Write(frame.Rgb);
        }
        catch (IOException e)
        {
            ffmpeg.WaitForExit();
            throw Failure(e);
        }
    }

    /// <summary>Waits until the video is complete, and moves it to its path.</summary>
    /// <exception cref="UserException">ffmpeg failed; the message contains the last line of its output.</exception>
    public void Finish()
    {
        try
        {
            ffmpeg.StandardInput.Close();
        }
        catch (IOException)
        {
            // ffmpeg exited before the last frame: its exit code says why
        }
        ffmpeg.WaitForExit();
        if (ffmpeg.ExitCode != 0) throw Failure(null);
        try
        {
            File.Move(_partial, OutputFile.TargetOf(path), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw OutputFile.Refused(path, e);
        }
        _finished = true;
    }

    /// <summary>Ends ffmpeg and deletes an unfinished video.</summary>
    public void Dispose()
    {
        if (!ffmpeg.HasExited) ffmpeg.Kill();
        ffmpeg.WaitForExit();
        ffmpeg.Dispose();
        if (!_finished) File.Delete(_partial);
    }

    private static string Encoders(string program)
    {
        using Process asked = Start(program, ["-hide_banner", "-encoders"], takesFrames: false);
        asked.StandardError.ReadToEndAsync();
        string encoders = asked.StandardOutput.ReadToEnd();
        asked.WaitForExit();
        return encoders;
    }

    private static Process Start(string program, string[] arguments, bool takesFrames)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = takesFrames, RedirectStandardOutput = !takesFrames,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception e)
        {
            throw new UserException($"a video needs ffmpeg, and '{program}' can't be started; {Remedy}", e);
        }
    }

    private UserException Failure(Exception? cause)
    {
        string last = _words.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault() ?? "";
        return new UserException(
            $"ffmpeg could not make {path}: {(last.Length > 0 ? last : $"it ended with code {ffmpeg.ExitCode}")}; "
            + "look at free space and at ffmpeg's encoders, or draw a picture (.png)", cause);
    }
}
