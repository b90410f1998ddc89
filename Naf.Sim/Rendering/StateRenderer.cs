using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Rendering;

/// <summary>A picture with 8 bits per channel.</summary>
/// <param name="Rgb">[Height, Width, 3], top row first.</param>
internal sealed record PixelImage(int Width, int Height, byte[] Rgb);

/// <summary>
/// Draws states of a task off-screen with MuJoCo's renderer: the model, the target, and the path so far of the task's
/// points. Needs neither a display nor a GPU; not thread-safe. <see cref="Dispose"/> frees everything native.
/// </summary>
internal sealed unsafe class StateRenderer : IDisposable
{
    /// <summary>Maximum geoms of a scene; further marks are left out.</summary>
    private const int Capacity = 10_000;

    private const int OffscreenBuffer = 1, LargestSize = 16_384;
    private const int FontScale = 100; // percent

    // MuJoCo takes the frame's size from the model, which others may draw too: lock while it is changed
    private static readonly Lock Sizing = new();

    private readonly VisualFunctions _functions;
    private readonly EglLibrary _egl;
    private readonly TaskMarks _marks;
    private readonly MujocoData _data;
    private readonly ResetDefinition _reset;
    private readonly int _width, _height, _camera, _constants;
    private VisualScene? _scene;
    private nint _context, _renderer;
    private bool _disposed;

    /// <param name="camera">
    /// A camera of the model, or <c>free</c>, one that shows the whole model; null for the one in the task file, else
    /// the model's first, else the free one.
    /// </param>
    /// <param name="zoom">How many times larger things are in the picture than the camera has them.</param>
    /// <exception cref="RenderingException">No EGL, no such camera, or an unsupported frame size.</exception>
    public StateRenderer(ControlTask task, int width, int height, string? camera = null, double zoom = 1)
    {
        if (width is < 1 or > LargestSize || height is < 1 or > LargestSize)
            throw new RenderingException(
                $"a picture of {width} x {height} pixels can't be drawn; sizes go from 1 to {LargestSize}");
        (_width, _height) = (width, height);
        _camera = CameraOf(task, camera);
        (_constants, _reset) = (task.Definition.Observation.ConstantSize, task.Definition.Reset);
        _egl = EglLibrary.Load();
        _data = new MujocoData(task.Model);
        try
        {
            _marks = new TaskMarks(task.Definition);
            _context = _egl.CreateContext();
            _egl.MakeCurrent(_context);
            _functions = VisualFunctions.Load(task.Model.Library);
            _scene = new VisualScene(_functions, task.Model, Capacity) { Zoom = zoom };
            if (_camera >= 0) _scene.LookThrough(_camera);
            else
            {
                _data.Positions();
                _scene.LookAtAll(_data);
            }
            _renderer = MakeRenderer(task.Model);
            _egl.MakeCurrent(0);
        }
        catch (Exception e)
        {
            Dispose();
            if (e is MujocoException)
                throw new RenderingException($"MuJoCo can't draw {width} x {height} pixels here: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Clears the path; another episode follows.</summary>
    public void ClearPath() => _marks.Clear();

    /// <summary>Adds the next state of the episode.</summary>
    /// <param name="qpos">[Nq].</param>
    /// <param name="constants">[constants] The constants of the episode, in the order of the task file.</param>
    /// <exception cref="ArgumentException">The number of either is wrong.</exception>
    public void AddState(ReadOnlySpan<double> qpos, ReadOnlySpan<double> constants)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (qpos.Length != _data.Qpos.Length || constants.Length != _constants)
            throw new ArgumentException(
                $"{qpos.Length} positions and {constants.Length} constants are not a state of this task; "
                + $"give {_data.Qpos.Length} and {_constants}");
        qpos.CopyTo(_data.Qpos);
        _reset.PlaceMocaps(_data, constants);
        _marks.AddState(qpos, constants);
    }

    /// <summary>Draws the last added state and the path to it.</summary>
    /// <exception cref="RenderingException">EGL reports an error.</exception>
    public PixelImage Draw()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _data.Positions();
        _egl.MakeCurrent(_context);
        try
        {
            _scene!.Update(_data);
            _marks.AddTo(_scene);
            var frame = new VisualFunctions.Viewport(0, 0, _width, _height);
            _functions.Render(frame, _scene.Native, _renderer);
            int row = 3 * _width;
            byte[] pixels = new byte[row * _height], rgb = new byte[row * _height];
            fixed (byte* target = pixels) _functions.ReadPixels(target, null, frame, _renderer);

            // OpenGL returns the bottom row first
            for (int y = 0; y < _height; y++) pixels.AsSpan((_height - 1 - y) * row, row).CopyTo(rgb.AsSpan(y * row));
            return new PixelImage(_width, _height, rgb);
        }
        finally
        {
            _egl.MakeCurrent(0);
        }
    }

    /// <summary>Frees the context, the scene and the simulation.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_context != 0)
        {
            _egl.MakeCurrent(_context);
            if (_renderer != 0) _functions.FreeContext(_renderer);
            _egl.MakeCurrent(0);
            _egl.Destroy(_context);
        }
        VisualFunctions.Free(_renderer);
        _scene?.Dispose();
        _data.Dispose();
    }

    private static int CameraOf(ControlTask task, string? asked)
    {
        IReadOnlyList<string> names = task.Model.CameraNames;
        if (asked is not null && !names.Contains(asked))
            return asked == "free" ? -1 : throw new RenderingException(
                $"{task.Name}'s model has no camera '{asked}'; "
                + (names.Count == 0 ? "it names none" : NearestName.Hint(asked, names)));
        string? name = asked ?? task.Definition.Picture.Camera ?? (names.Count > 0 ? names[0] : null);
        return name is null ? -1 : task.Model.Find(MujocoObject.Camera, name);
    }

    /// <summary>mjr_makeContext, with a frame of this size whatever the model's &lt;visual&gt; says.</summary>
    private nint MakeRenderer(MujocoModel model)
    {
        nint renderer = VisualFunctions.Allocate(VisualFunctions.ContextSize);
        try
        {
            _functions.DefaultContext(renderer);
            int* frame = (int*)(model.Native + _functions.FrameAt);
            lock (Sizing)
            {
                (int width, int height) = (frame[0], frame[1]);
                (frame[0], frame[1]) = (_width, _height);
                try
                {
                    ErrorGuard.Invoke(_functions.MakeContext, model.Native, renderer, FontScale);
                }
                finally
                {
                    (frame[0], frame[1]) = (width, height);
                }
            }
            ErrorGuard.Invoke(_functions.SetBuffer, OffscreenBuffer, renderer);
            VisualFunctions.Viewport largest = _functions.MaxViewport(renderer);
            return (largest.Width, largest.Height) == (_width, _height) ? renderer : throw new RenderingException(
                $"this OpenGL draws at most {largest.Width} x {largest.Height} pixels, not {_width} x {_height}; "
                + "ask for less");
        }
        catch
        {
            _functions.FreeContext(renderer);
            VisualFunctions.Free(renderer);
            throw;
        }
    }
}
