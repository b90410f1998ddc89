using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>Pictures of the last states of episodes, with the path that led there.</summary>
internal sealed class LastStatePictures(ControlTask task, int width, int height) : IDisposable
{
    // kept, since to make one takes longer than a picture
    private readonly StateRenderer _renderer = new(task, width, height);

    /// <summary>A picture as PNG.</summary>
    /// <exception cref="RenderingException">It can't be drawn.</exception>
    public byte[] Draw(Trajectory episode)
    {
        _renderer.ClearPath();
        foreach (TrajectoryRow row in episode.Rows) _renderer.AddState(row.Qpos, row.Constants);
        using var png = new MemoryStream();
        Png.Write(png, _renderer.Draw());
        return png.ToArray();
    }

    public void Dispose() => _renderer.Dispose();
}
