using Naf.Host.Pictures;
using Naf.Host.Trajectories;
using Naf.Sim.Control;

namespace Naf.Tests;

[Needs(Need.Egl)]
internal sealed class EpisodePicturesTests : MujocoFixture
{
    // control step, s; control steps per frame
    [TestCase(0.03, 1)]
    [TestCase(0.025, 1)]
    [TestCase(1.0 / 60, 1)]
    [TestCase(0.01, 2)]
    [TestCase(1.0 / 240, 4)]
    [TestCase(0.002, 9)]
    [TestCase(2, 1)]
    public void A_video_is_in_real_time_and_ends_with_the_last_state(double controlStep, int stride)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("cartpole", "substeps: 3", "substeps: 1");
        scratch.ChangeModel("cartpole", "timestep=\"0.01\"", $"timestep=\"{controlStep:R}\"");
        using ControlTask task = ControlTask.Load(path);
        foreach (int steps in new[] { 4, 5 })
        {
            var episode = new Trajectory();
            for (int i = 0; i <= steps; i++) episode.Rows.Add(new([0.1 * i, 0.3 * i], [0, 0], [], [], null));
            using var pictures = new EpisodePictures(task, episode, 64, 48, null);
            byte[][] frames = [.. pictures.Frames().Select(frame => frame.Rgb)];
            Assert.That(pictures.Stride, Is.EqualTo(stride));
            Assert.That(pictures.FramesPerSecond, Is.LessThanOrEqualTo(60.0001));
            Assert.That(pictures.FramesPerSecond * controlStep * stride, Is.EqualTo(1).Within(1e-12), "real time");
            Assert.That(frames, Has.Length.EqualTo(1 + (steps + stride - 1) / stride));
            Assert.That(pictures.FrameCount, Is.EqualTo(frames.Length));
            Assert.That(frames[^1], Is.EqualTo(pictures.Still(steps).Rgb));
        }
    }
}
