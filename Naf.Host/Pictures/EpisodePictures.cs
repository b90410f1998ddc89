using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Pictures of an episode that was taken down: one of its states, with the path that led there, or all of them as a video.</summary>
internal sealed class EpisodePictures(ControlTask task, Trajectory episode, int width, int height, string? camera) : IDisposable
{
    private readonly StateRenderer _renderer = new(task, width, height, camera);

    /// <summary>Draws state 0 to the number of steps.</summary>
    public PixelImage Still(int step)
    {
        _renderer.Begin();
        for (int i = 0; i <= step; i++) Follow(i);
        return _renderer.Draw();
    }

    /// <summary>Frames of a video at a rate; the last state has one always.</summary>
    public int FramesAt(FrameRate rate) => (episode.Steps + rate.Stride - 1) / rate.Stride + 1;

    /// <summary>Draws the frames of a video, one after the other.</summary>
    public IEnumerable<PixelImage> Frames(FrameRate rate)
    {
        _renderer.Begin();
        for (int i = 0; i <= episode.Steps; i++)
        {
            Follow(i);
            if (i % rate.Stride == 0 || i == episode.Steps) yield return _renderer.Draw();
        }
    }

    public void Dispose() => _renderer.Dispose();

    private void Follow(int step) => _renderer.Follow(episode.Rows[step].Qpos, episode.Rows[step].Constants);
}
