namespace Naf.Sim.Mujoco;

/// <summary>
/// A compiled model (mjModel): read-only, shared by any number of <see cref="MujocoData"/> on any number of threads.
/// Its memory is freed once it and all mjData made from it are disposed.
/// </summary>
public sealed unsafe partial class MujocoModel : IDisposable
{
    private static int _liveCount;
    private readonly nint _model;
    private int _references = 1;
    private int _disposed;

    private MujocoModel(MujocoLibrary library, nint model)
    {
        Library = library;
        _model = model;
        Interlocked.Increment(ref _liveCount);

        Nq = Size("nq");
        Nv = Size("nv");
        Nu = Size("nu");
        Na = Size("na");
        BodyCount = Size("nbody");
        JointCount = Size("njnt");
        SiteCount = Size("nsite");
        CameraCount = Size("ncam");
        SensorCount = Size("nsensor");
        SensorDataSize = Size("nsensordata");
        MocapCount = Size("nmocap");
        Timestep = *(double*)(model + library.Layout.Model("opt.timestep"));
    }

    /// <summary>The library that compiled the model.</summary>
    public MujocoLibrary Library { get; }

    /// <summary>Number of generalised coordinates (a free joint has 7).</summary>
    public int Nq { get; }

    /// <summary>Number of degrees of freedom (a free joint has 6).</summary>
    public int Nv { get; }

    /// <summary>Number of actuators.</summary>
    public int Nu { get; }

    /// <summary>Number of actuator activations.</summary>
    public int Na { get; }

    /// <summary>Number of bodies, the world (body 0) included.</summary>
    public int BodyCount { get; }

    /// <summary>Number of joints.</summary>
    public int JointCount { get; }

    /// <summary>Number of sites.</summary>
    public int SiteCount { get; }

    /// <summary>Number of cameras.</summary>
    public int CameraCount { get; }

    /// <summary>Number of sensors.</summary>
    public int SensorCount { get; }

    /// <summary>Number of values that all sensors give together.</summary>
    public int SensorDataSize { get; }

    /// <summary>Number of mocap bodies.</summary>
    public int MocapCount { get; }

    /// <summary>Simulation step in seconds.</summary>
    public double Timestep { get; }

    /// <summary>Models whose memory is not freed yet, in this process.</summary>
    public static int LiveCount => Volatile.Read(ref _liveCount);

    internal nint Native => _model;

    /// <summary>Loads a model file (MJCF or URDF).</summary>
    /// <exception cref="MujocoException">No such file, or MuJoCo's message, mostly with element and line.</exception>
    public static MujocoModel Load(string xmlPath)
    {
        if (!File.Exists(xmlPath)) throw new MujocoException($"there is no model file {Path.GetFullPath(xmlPath)}; check the path");
        MujocoLibrary library = MujocoLibrary.Load();
        return new MujocoModel(library, NativeModel.LoadFile(library, Path.GetFullPath(xmlPath), xmlPath));
    }

    /// <summary>Loads a model given as MJCF text; it can't include other files by a relative path.</summary>
    /// <exception cref="MujocoException">MuJoCo's message, mostly with element and line.</exception>
    public static MujocoModel LoadXml(string xml)
    {
        MujocoLibrary library = MujocoLibrary.Load();
        return new MujocoModel(library, NativeModel.LoadText(library, xml));
    }

    /// <summary>Gives up this handle; simulations made from the model stay valid.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Release();
    }

    /// <summary>A simulation begins to use the model.</summary>
    internal void AddReference()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Interlocked.Increment(ref _references);
    }

    /// <summary>A simulation, or the handle itself, is done with it.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        Library.DeleteModel(_model);
        Interlocked.Decrement(ref _liveCount);
    }

    private int Size(string field)
    {
        nint at = _model + Library.Layout.Model(field);
        return Library.Layout.SizeWidth == 8 ? checked((int)*(long*)at) : *(int*)at;
    }
}
