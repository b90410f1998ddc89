using Naf.Sim.Mujoco;

namespace Naf.Sim.Rendering;

/// <summary>An mjvScene: the geoms of a simulated state, to which marks are added.</summary>
internal sealed unsafe class VisualScene : IDisposable
{
    private const int AllCategories = 7, FixedCamera = 2, Sphere = 2, Capsule = 3, Mesh = 7;

    private const double DistanceOfExtent = 1.5; // as mjv_defaultFreeCamera has it

    private readonly VisualFunctions _functions;
    private readonly MujocoModel _model;
    private readonly nint _scene, _option, _perturbation, _camera;

    // what the free camera looks at, [3] in m; null with a camera of the model
    private double[]? _home;

    /// <param name="model">The model; it must stay alive.</param>
    /// <param name="capacity">Maximum geoms, those of the model and marks together.</param>
    public VisualScene(VisualFunctions functions, MujocoModel model, int capacity)
    {
        (_functions, _model) = (functions, model);
        _scene = VisualFunctions.Allocate(VisualFunctions.SceneSize);
        _option = VisualFunctions.Allocate(VisualFunctions.SmallSize);
        _perturbation = VisualFunctions.Allocate(VisualFunctions.SmallSize);
        _camera = VisualFunctions.Allocate(VisualFunctions.SmallSize);
        try
        {
            functions.DefaultScene(_scene);
            functions.DefaultOption(_option);
            functions.DefaultPerturbation(_perturbation);
            functions.DefaultFreeCamera(model.Native, _camera);
            ErrorGuard.Invoke(functions.MakeScene, model.Native, _scene, capacity);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public nint Native => _scene;

    public int Count => ((int*)_scene)[1];

    public nint Geoms => ((nint*)_scene)[1];

    // of mjvCamera
    private Span<double> LookAt => new((double*)(_camera + 16), 3);

    private ref double Distance => ref ((double*)(_camera + 40))[0];

    private int Capacity => ((int*)_scene)[0];

    /// <summary>How many times larger things are than the camera has them.</summary>
    public double Zoom { get; init; } = 1;

    /// <summary>Looks through a camera of the model from now on.</summary>
    public void LookThrough(int camera) => (((int*)_camera)[0], ((int*)_camera)[1]) = (FixedCamera, camera);

    /// <summary>
    /// Moves the free camera so that it shows the geoms of a state, without planes and height fields, if that is nearer
    /// than where MuJoCo has it: a large floor would make the model small. From now on it follows what leaves the view.
    /// </summary>
    /// <param name="start">The state, its positions up to date.</param>
    public void LookAtAll(MujocoData start)
    {
        Fill(start);
        (double[] low, double[] high) = Bounds();
        double extent = low.Zip(high, (a, b) => b - a).Max();
        if (extent > 0 && DistanceOfExtent * extent < Distance)
        {
            Distance = DistanceOfExtent * extent;
            for (int axis = 0; axis < 3; axis++) LookAt[axis] = (low[axis] + high[axis]) / 2;
        }
        _home = [.. LookAt];
    }

    /// <summary>Fills the scene with the model's geoms and lights.</summary>
    /// <param name="data">The state, its positions up to date.</param>
    public void Update(MujocoData data)
    {
        Fill(data);
        if (_home is { } home)
        {
            (double[] low, double[] high) = Bounds();
            for (int axis = 0; axis < 3 && low[axis] <= high[axis]; axis++)
            {
                double centre = (low[axis] + high[axis]) / 2;
                LookAt[axis] = Math.Clamp(home[axis], centre - Distance / 4, centre + Distance / 4);
            }
            Fill(data);
        }
        foreach (int at in (ReadOnlySpan<int>)[_functions.FrustumAt.Left, _functions.FrustumAt.Right])
        {
            float* frustum = (float*)(_scene + at);
            if (Zoom != 1) (frustum[0], frustum[1]) = ((float)(frustum[0] / Zoom), (float)(frustum[1] / Zoom));
        }
    }

    /// <summary>Height of the picture at a place, m; marks scale with it to look alike in every task.</summary>
    /// <param name="place">[3], m.</param>
    public double PictureHeight(ReadOnlySpan<double> place)
    {
        double* eye = stackalloc double[3], forward = stackalloc double[3], up = stackalloc double[3];
        _functions.CameraInModel(eye, forward, up, _scene);
        double depth = 0;
        for (int i = 0; i < 3; i++) depth += (place[i] - eye[i]) * forward[i];
        return _functions.FrustumHeight(_scene) * Math.Abs(depth);
    }

    /// <summary>Adds a ball: centre [3] and radius in m, colour [4].</summary>
    public void AddBall(ReadOnlySpan<double> centre, double radius, ReadOnlySpan<float> rgba) =>
        Add(Sphere, radius, 0, centre, [1, 0, 0, 0, 1, 0, 0, 0, 1], rgba);

    /// <summary>Adds a tube with round ends: end points [3] and radius in m, colour [4].</summary>
    public void AddTube(ReadOnlySpan<double> from, ReadOnlySpan<double> to, double radius, ReadOnlySpan<float> rgba)
    {
        double x = to[0] - from[0], y = to[1] - from[1], z = to[2] - from[2], length = Math.Sqrt(x * x + y * y + z * z);
        if (length < 1e-9) return;
        (x, y, z) = (x / length, y / length, z / length);

        // the columns are two directions across the tube, then its axis
        double across = Math.Sqrt(x * x + y * y);
        (double c, double s) = across > 1e-9 ? (x / across, y / across) : (1, 0);
        Add(Capsule, radius, length / 2, [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2, (from[2] + to[2]) / 2],
            [c * z, -s, x, s * z, c, y, -across, 0, z], rgba);
    }

    public void Dispose()
    {
        if (_scene != 0) _functions.FreeScene(_scene);
        foreach (nint buffer in (ReadOnlySpan<nint>)[_scene, _option, _perturbation, _camera])
            VisualFunctions.Free(buffer);
    }

    private void Fill(MujocoData data) =>
        _functions.UpdateScene(_model.Native, data.Native, _option, _perturbation, _camera, AllCategories, _scene);

    // the corners of a box around all geoms but planes and height fields, m
    private (double[] Low, double[] High) Bounds()
    {
        double[] low = [.. Enumerable.Repeat(double.PositiveInfinity, 3)], high = [.. low.Select(x => -x)];
        for (int i = 0; i < Count; i++)
        {
            nint geom = Geoms + i * _functions.GeomSize;
            int type = *(int*)geom;
            if (type is < Sphere or > Mesh) continue;
            float* size = (float*)(geom + _functions.ColourAt) - 15, place = size + 3;
            double radius = type switch
            {
                Sphere => size[0],
                Capsule => size[0] + size[2],
                _ => Math.Sqrt(size[0] * size[0] + size[1] * size[1] + size[2] * size[2]),
            };
            for (int axis = 0; axis < 3; axis++)
            {
                low[axis] = Math.Min(low[axis], place[axis] - radius);
                high[axis] = Math.Max(high[axis], place[axis] + radius);
            }
        }
        return (low, high);
    }

    private void Add(int type, double radius, double half, ReadOnlySpan<double> place, ReadOnlySpan<double> rotation,
        ReadOnlySpan<float> rgba)
    {
        if (Count >= Capacity) return;
        double* size = stackalloc double[] { radius, half, half };
        fixed (double* position = place)
        fixed (double* matrix = rotation)
        fixed (float* colour = rgba)
            _functions.InitGeom(Geoms + Count * _functions.GeomSize, type, size, position, matrix, colour);
        ((int*)_scene)[1]++;
    }
}
