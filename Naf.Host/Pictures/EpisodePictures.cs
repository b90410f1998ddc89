using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Pictures of an episode: a state with the path that led there, or all as a real-time video.</summary>
internal sealed class EpisodePictures(
    ControlTask task, Trajectory episode, int width, int height, string? camera) : IDisposable
{
    /// <summary>Most frames a second: what screens show.</summary>
    private const double MostPerSecond = 60;

    private readonly StateRenderer _renderer = new(task, width, height, camera);

    /// <summary>Control steps from a frame of the video to the next: as few as keep to 60 frames a second.</summary>
    public int Stride { get; } = Math.Max(1, (int)Math.Ceiling(1 / (task.ControlStep * MostPerSecond) - 1e-9));

    /// <summary>Frames of the video a second, so that it runs in real time.</summary>
    public double FramesPerSecond => 1 / (task.ControlStep * Stride);

    /// <summary>Frames of the video; the last state always has one.</summary>
    public int FrameCount => (episode.Steps + Stride - 1) / Stride + 1;

    /// <summary>Draws state 0 to the number of steps.</summary>
    public PixelImage Still(int step)
    {
        _renderer.ClearPath();
        for (int i = 0; i <= step; i++) AddState(i);
        return _renderer.Draw();
    }

    /// <summary>Draws the frames of the video, one after the other.</summary>
    public IEnumerable<PixelImage> Frames()
    {
        _renderer.ClearPath();
        for (int i = 0; i <= episode.Steps; i++)
        {
            AddState(i);
            if (i % Stride == 0 || i == episode.Steps) yield return _renderer.Draw();
        }
    }

    public void Dispose() => _renderer.Dispose();

    private void AddState(int step) => _renderer.AddState(episode.Rows[step].Qpos, episode.Rows[step].Constants);
}
