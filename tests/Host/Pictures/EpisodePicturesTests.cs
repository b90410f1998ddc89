using Naf.Host.Pictures;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Tests;

[Needs(Need.Egl)]
internal sealed class EpisodePicturesTests : MujocoFixture
{
    [Test]
    public void A_video_ends_with_the_last_state([Values(4, 5)] int steps)
    {
        using ControlTask task = ControlTask.Load("cartpole");
        var episode = new Trajectory();
        for (int i = 0; i <= steps; i++) episode.Add(new TrajectoryRow([0.1 * i, 0.3 * i], [0, 0], [], [], null));
        using var pictures = new EpisodePictures(task, episode, 64, 48, null);
        FrameRate everySecond = FrameRate.Of(0.01);
        byte[][] frames = [.. pictures.Frames(everySecond).Select(frame => frame.Rgb)];
        Assert.That(everySecond.Stride, Is.EqualTo(2));
        Assert.That(frames, Has.Length.EqualTo(pictures.FramesAt(everySecond)).And.Length.EqualTo(steps - 1));
        Assert.That(frames[^1], Is.EqualTo(pictures.Still(steps).Rgb));
    }
}
