using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Images of an episode: a state with the path up to it, or a real-time video of all states.</summary>
internal sealed class EpisodePictures(
    ControlTask task, Trajectory episode, int width, int height, string? camera, double zoom = 1) : IDisposable
{
    /// <summary>Maximum frames per second: what screens show.</summary>
    private const double MostPerSecond = 60;

    private readonly StateRenderer _renderer = new(task, width, height, camera, zoom);

    /// <summary>Control steps per frame of the video: the fewest that keep to 60 frames per second.</summary>
    public int Stride { get; } = Math.Max(1, (int)Math.Ceiling(1 / (task.ControlStep * MostPerSecond) - 1e-9));

    /// <summary>Frame rate at which the video runs in real time.</summary>
    public double FramesPerSecond => 1 / (task.ControlStep * Stride);

    /// <summary>Number of frames of the video; the last state always has one.</summary>
    public int FrameCount => (episode.Steps + Stride - 1) / Stride + 1;

    /// <summary>Draws the state after a number of steps, with the path up to it.</summary>
    public PixelImage Still(int step)
    {
        _renderer.ClearPath();
        for (int i = 0; i <= step; i++) AddState(i);
        return _renderer.Draw();
    }

    /// <summary>Draws the frames of the video in order.</summary>
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
