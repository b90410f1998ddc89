using Naf.Host.Common;
using Naf.Host.Pictures;
using Naf.Sim.Rendering;

namespace Naf.Tests;

/// <summary>A video file is complete or absent.</summary>
internal sealed class VideoFileTests : FolderFixture
{
    private const int Width = 34, Height = 18;

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Video_has_the_frames_and_the_duration()
    {
        Film(Folder["film.mp4"], "ffmpeg", 7);
        Assert.That(Probe(Folder["film.mp4"]), Does.Match("^(h264|mpeg4),34,18,yuv420p,100/3,7$"));
        Assert.That(Seconds(Folder["film.mp4"]), Is.EqualTo(0.21).Within(0.005));
        Assert.That(Directory.GetFileSystemEntries(Folder.Path), Has.Length.EqualTo(1), "nothing beside it");
    }

    [Test]
    public void Missing_ffmpeg_names_the_package()
    {
        void Make() => Film(Folder["film.mp4"], "ffmpeg-not-here", 1);
        Assert.That(Make, Throws.TypeOf<UserException>().With.Message.EqualTo(
            "a video needs ffmpeg, and 'ffmpeg-not-here' can't be started; "
            + "install ffmpeg (Debian: apt-get install ffmpeg), or draw a picture (.png)"));
        Assert.That(Directory.GetFileSystemEntries(Folder.Path), Is.Empty);
    }

    [Test]
    [Platform("Unix")]
    public void Failing_ffmpeg_is_reported_with_its_last_line_and_leaves_the_older_file([Values(0, 300)] int frames)
    {
        string program = Folder["broken"], film = Folder["film.mp4"];
        File.WriteAllText(program,
            "#!/bin/sh\nfor last; do :; done\n[ \"$last\" = -encoders ] || echo half > \"$last\"\n"
            + "echo 'first words' >&2\necho 'No space left on device' >&2\nexit 3\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(film, "older");
        Assert.That(() => Film(film, program, frames), Throws.TypeOf<UserException>().With.Message.EqualTo(
            $"ffmpeg could not make {film}: No space left on device; look at free space and at ffmpeg's encoders, or "
            + "draw a picture (.png)"));
        Assert.That(File.ReadAllText(film), Is.EqualTo("older"));
        Assert.That(Directory.GetFileSystemEntries(Folder.Path), Is.EquivalentTo(new[] { program, film }));
    }

    [Test]
    [Needs(Need.Ffmpeg)]
    public void Video_that_is_given_up_leaves_nothing()
    {
        using (VideoFile video = VideoFile.Create(Folder["film.mp4"], Width, Height, 1 / 0.03)) video.Add(Frame(0));
        Assert.That(Directory.GetFileSystemEntries(Folder.Path), Is.Empty);
    }

    private static void Film(string path, string program, int frames)
    {
        using VideoFile video = VideoFile.Create(path, Width, Height, 1 / 0.03, program);
        for (int i = 0; i < frames; i++) video.Add(Frame(i));
        video.Finish();
    }

    private static PixelImage Frame(int i) =>
        new(Width, Height, [.. Enumerable.Repeat((byte)(30 * i), 3 * Width * Height)]);

    /// <summary>Codec, width, height, pixel format, frame rate and number of frames, as ffprobe reads them.</summary>
    internal static string Probe(string path) =>
        Ffprobe(path, "stream=codec_name,width,height,pix_fmt,r_frame_rate,nb_read_frames");

    internal static double Seconds(string path) =>
        double.Parse(Ffprobe(path, "format=duration"), CultureInfo.InvariantCulture);

    private static string Ffprobe(string path, string entries)
    {
        string[] arguments = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "csv=p=0", path];
        using Process ffprobe = Process.Start(
            new ProcessStartInfo("ffprobe", arguments) { RedirectStandardOutput = true })!;
        string words = ffprobe.StandardOutput.ReadToEnd().Trim();
        ffprobe.WaitForExit();
        return words;
    }
}
