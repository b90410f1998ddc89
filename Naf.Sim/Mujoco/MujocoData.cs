namespace Naf.Sim;

/// <summary>
/// One simulation (mjData) of a model. Many may run on many threads over one shared model; one of them belongs to one thread at a time.
/// Spans are views of MuJoCo's memory: read and write them freely between calls, and do not keep them past <see cref="Dispose"/>.
/// </summary>
public sealed unsafe partial class MujocoData : IDisposable
{
    private static int liveCount;
    private readonly MujocoLibrary library;
    private readonly nint model;
    private readonly double* time, qpos, qvel, act, ctrl, warmstart, siteXpos, siteXmat, sensorData;
    private readonly int* warnings;
    private readonly int warningKinds;
    private readonly double timestep;
    private nint data;

    /// <summary>A simulation in the model's reference pose, at rest, at time 0.</summary>
    /// <exception cref="MujocoException">The memory that the model asks for can't be had.</exception>
    public MujocoData(MujocoModel model)
    {
        model.AddReference();
        try
        {
            data = NativeModel.MakeData(model.Library, model.Native);
        }
        catch
        {
            model.Release();
            throw;
        }
        Interlocked.Increment(ref liveCount);
        Model = model;
        library = model.Library;
        this.model = model.Native;
        timestep = model.Timestep;

        // the arrays of an mjData stay where they are for its life
        MujocoLayout layout = library.Layout;
        time = (double*)(data + layout.Data("time"));
        warnings = (int*)(data + layout.Data("warning"));
        warningKinds = layout.WarningKinds;
        qpos = Array("qpos");
        qvel = Array("qvel");
        act = Array("act");
        ctrl = Array("ctrl");
        warmstart = Array("qacc_warmstart");
        siteXpos = Array("site_xpos");
        siteXmat = Array("site_xmat");
        sensorData = Array("sensordata");

        double* Array(string field) => *(double**)(data + layout.Data(field));
    }

    /// <summary>The model that is simulated.</summary>
    public MujocoModel Model { get; }

    /// <summary>Simulations that are not disposed yet, in this process.</summary>
    public static int LiveCount => Volatile.Read(ref liveCount);

    /// <summary>Simulated time, s.</summary>
    public double Time
    {
        get => *Alive(time);
        set => *Alive(time) = value;
    }

    /// <summary>[Nq] Generalised coordinates, m and rad (quaternions for free and ball joints).</summary>
    public Span<double> Qpos => new(Alive(qpos), Model.Nq);

    /// <summary>[Nv] Generalised velocities, m/s and rad/s.</summary>
    public Span<double> Qvel => new(Alive(qvel), Model.Nv);

    /// <summary>[Na] Actuator activations.</summary>
    public Span<double> Act => new(Alive(act), Model.Na);

    /// <summary>[Nu] Controls; MuJoCo clips them to their ranges.</summary>
    public Span<double> Ctrl => new(Alive(ctrl), Model.Nu);

    /// <summary>[Nv] Accelerations that the constraint solver starts from: part of the state.</summary>
    public Span<double> QaccWarmstart => new(Alive(warmstart), Model.Nv);

    /// <summary>[SensorDataSize] Sensor values, up to date after <see cref="Sensors"/>.</summary>
    public ReadOnlySpan<double> SensorData => new(Alive(sensorData), Model.SensorDataSize);

    /// <summary>[3] A site's position in the world, m, up to date after <see cref="Kinematics"/>.</summary>
    public ReadOnlySpan<double> SitePosition(int site) => new(Alive(siteXpos) + 3 * CheckedSite(site), 3);

    /// <summary>[3, 3] A site's orientation in the world, rows of the rotation matrix, up to date after <see cref="Kinematics"/>.</summary>
    public ReadOnlySpan<double> SiteOrientation(int site) => new(Alive(siteXmat) + 9 * CheckedSite(site), 9);

    /// <summary>A site's velocity in the world, up to date after <see cref="Velocities"/>.</summary>
    /// <param name="site">The site's id.</param>
    /// <param name="linear">[3] receives m/s.</param>
    /// <param name="angular">[3] receives rad/s.</param>
    public void SiteVelocity(int site, Span<double> linear, Span<double> angular)
    {
        Alive(time);
        double* velocity = stackalloc double[6]; // MuJoCo's order: rotation first
        library.ObjectVelocity(model, data, library.Layout.Enum("mjOBJ_SITE"), CheckedSite(site), velocity, 0);
        new ReadOnlySpan<double>(velocity, 3).CopyTo(angular);
        new ReadOnlySpan<double>(velocity + 3, 3).CopyTo(linear);
    }

    /// <summary>Frees the memory; the model's too where the model is disposed already and this was its last simulation.</summary>
    public void Dispose()
    {
        nint freed = Interlocked.Exchange(ref data, 0);
        if (freed == 0) return;
        library.DeleteData(freed);
        Interlocked.Decrement(ref liveCount);
        Model.Release();
    }

    private double* Alive(double* field)
    {
        ObjectDisposedException.ThrowIf(data == 0, this);
        return field;
    }

    private int CheckedSite(int site) => (uint)site < (uint)Model.SiteCount ? site
        : throw new ArgumentOutOfRangeException(nameof(site), $"site {site} asked for, but the model has {Model.SiteCount} sites; take the id from MujocoModel.IdOf");
}
