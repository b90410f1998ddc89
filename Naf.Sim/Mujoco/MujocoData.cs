using Naf.Sim.Mujoco.Layouts;

namespace Naf.Sim.Mujoco;

/// <summary>
/// One simulation (mjData) of a model. Many may run on many threads over one shared model; one of them belongs to one thread at a time.
/// Spans are views of MuJoCo's memory: read and write them freely between calls, and do not keep them past <see cref="Dispose"/>.
/// </summary>
public sealed unsafe partial class MujocoData : IDisposable
{
    private static int _liveCount;
    private readonly MujocoLibrary _library;
    private readonly nint _model;
    private readonly double* _time, _qpos, _qvel, _act, _ctrl, _warmstart, _siteXpos, _siteXmat, _sensorData;
    private readonly int* _warnings;
    private readonly int _warningKinds;
    private readonly double _timestep;
    private nint _data;

    /// <summary>A simulation in the model's reference pose, at rest, at time 0.</summary>
    /// <exception cref="MujocoException">The memory that the model asks for can't be had.</exception>
    public MujocoData(MujocoModel model)
    {
        model.AddReference();
        try
        {
            _data = NativeModel.MakeData(model.Library, model.Native);
        }
        catch
        {
            model.Release();
            throw;
        }
        Interlocked.Increment(ref _liveCount);
        Model = model;
        _library = model.Library;
        _model = model.Native;
        _timestep = model.Timestep;

        // the arrays of an mjData stay where they are for its life
        MujocoLayout layout = _library.Layout;
        _time = (double*)(_data + layout.Data("time"));
        _warnings = (int*)(_data + layout.Data("warning"));
        _warningKinds = layout.WarningKinds;
        _qpos = Array("qpos");
        _qvel = Array("qvel");
        _act = Array("act");
        _ctrl = Array("ctrl");
        _warmstart = Array("qacc_warmstart");
        _siteXpos = Array("site_xpos");
        _siteXmat = Array("site_xmat");
        _sensorData = Array("sensordata");

        double* Array(string field) => *(double**)(_data + layout.Data(field));
    }

    /// <summary>The model that is simulated.</summary>
    public MujocoModel Model { get; }

    /// <summary>The mjData.</summary>
    internal nint Native
    {
        get
        {
            Alive(_time);
            return _data;
        }
    }

    /// <summary>Simulations that are not disposed yet, in this process.</summary>
    public static int LiveCount => Volatile.Read(ref _liveCount);

    /// <summary>Simulated time, s.</summary>
    public double Time
    {
        get => *Alive(_time);
        set => *Alive(_time) = value;
    }

    /// <summary>[Nq] Generalised coordinates, m and rad (quaternions for free and ball joints).</summary>
    public Span<double> Qpos => new(Alive(_qpos), Model.Nq);

    /// <summary>[Nv] Generalised velocities, m/s and rad/s.</summary>
    public Span<double> Qvel => new(Alive(_qvel), Model.Nv);

    /// <summary>[Na] Actuator activations.</summary>
    public Span<double> Act => new(Alive(_act), Model.Na);

    /// <summary>[Nu] Controls; MuJoCo clips them to their ranges.</summary>
    public Span<double> Ctrl => new(Alive(_ctrl), Model.Nu);

    /// <summary>[Nv] Accelerations that the constraint solver starts from: part of the state.</summary>
    public Span<double> QaccWarmstart => new(Alive(_warmstart), Model.Nv);

    /// <summary>[SensorDataSize] Sensor values, up to date after <see cref="Sensors"/>.</summary>
    public ReadOnlySpan<double> SensorData => new(Alive(_sensorData), Model.SensorDataSize);

    /// <summary>[3] A site's position in the world, m, up to date after <see cref="Kinematics"/>.</summary>
    public ReadOnlySpan<double> SitePosition(int site) => new(Alive(_siteXpos) + 3 * CheckedSite(site), 3);

    /// <summary>[3, 3] A site's orientation in the world, rows of the rotation matrix, up to date after <see cref="Kinematics"/>.</summary>
    public ReadOnlySpan<double> SiteOrientation(int site) => new(Alive(_siteXmat) + 9 * CheckedSite(site), 9);

    /// <summary>A site's velocity in the world, up to date after <see cref="Velocities"/>.</summary>
    /// <param name="site">The site's id.</param>
    /// <param name="linear">[3] receives m/s.</param>
    /// <param name="angular">[3] receives rad/s.</param>
    public void SiteVelocity(int site, Span<double> linear, Span<double> angular)
    {
        Alive(_time);
        double* velocity = stackalloc double[6]; // MuJoCo's order: rotation first
        _library.ObjectVelocity(_model, _data, _library.Layout.Enum("mjOBJ_SITE"), CheckedSite(site), velocity, 0);
        new ReadOnlySpan<double>(velocity, 3).CopyTo(angular);
        new ReadOnlySpan<double>(velocity + 3, 3).CopyTo(linear);
    }

    /// <summary>Frees the memory; the model's too where the model is disposed already and this was its last simulation.</summary>
    public void Dispose()
    {
        nint freed = Interlocked.Exchange(ref _data, 0);
        if (freed == 0) return;
        _library.DeleteData(freed);
        Interlocked.Decrement(ref _liveCount);
        Model.Release();
    }

    private double* Alive(double* field)
    {
        ObjectDisposedException.ThrowIf(_data == 0, this);
        return field;
    }

    private int CheckedSite(int site) => (uint)site < (uint)Model.SiteCount ? site
        : throw new ArgumentOutOfRangeException(
            nameof(site), $"site {site} asked for, but the model has {Model.SiteCount} sites; take the id from MujocoModel.IdOf");
}
