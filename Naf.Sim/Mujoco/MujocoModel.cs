using System.Runtime.InteropServices;
using Naf.Kernels.Observation;

namespace Naf.Sim.Mujoco;

internal enum MujocoObject { Body, Joint, Geom, Site, Camera, Actuator, Sensor, Key }

/// <summary>A sensor: its name, and where its values are in sensordata.</summary>
internal readonly record struct MujocoSensor(string Name, int Address, int Size);

/// <summary>A keyframe of a model: a state and the controls with it.</summary>
/// <param name="Qpos">[Nq].</param>
/// <param name="Qvel">[Nv].</param>
/// <param name="Act">[Na], activations.</param>
/// <param name="Ctrl">[Nu].</param>
internal sealed record Keyframe(
    string Name, ImmutableArray<double> Qpos, ImmutableArray<double> Qvel, ImmutableArray<double> Act,
    ImmutableArray<double> Ctrl);

/// <summary>
/// A compiled model (mjModel): read-only, shared by any number of <see cref="MujocoData"/> on any number of threads.
/// Its memory is freed once it and all mjData created from it are disposed; spans are views of that memory.
/// </summary>
internal sealed unsafe class MujocoModel : IDisposable
{
    private readonly nint _model;
    private int _references = 1;
    private int _disposed;
    private KinematicTree? _tree;

    private MujocoModel(MujocoLibrary library, nint model)
    {
        Library = library;
        _model = model;
        NativeObjects.Count(1);
        Nq = Size("nq");
        Nv = Size("nv");
        Nu = Size("nu");
        Na = Size("na");
        JointCount = Size("njnt");
        Timestep = *(double*)At("opt.timestep");
    }

    public MujocoLibrary Library { get; }

    /// <summary>Number of generalised coordinates (a free joint has 7).</summary>
    public int Nq { get; }

    /// <summary>Number of degrees of freedom (a free joint has 6).</summary>
    public int Nv { get; }

    public int Nu { get; }

    public int Na { get; }

    public int JointCount { get; }

    /// <summary>Simulation step, s.</summary>
    public double Timestep { get; }

    /// <summary>[JointCount] 1 where <see cref="JointRange"/> limits the joint.</summary>
    public ReadOnlySpan<byte> JointLimited => Array<byte>("jnt_limited", JointCount);

    /// <summary>[JointCount, 2] Lower and upper limit, m or rad.</summary>
    public ReadOnlySpan<double> JointRange => Array<double>("jnt_range", 2 * JointCount);

    /// <summary>[Nu] 1 where <see cref="ControlRange"/> limits the control.</summary>
    public ReadOnlySpan<byte> ControlLimited => Array<byte>("actuator_ctrllimited", Nu);

    /// <summary>[Nu, 2] Lower and upper limit of each control.</summary>
    public ReadOnlySpan<double> ControlRange => Array<double>("actuator_ctrlrange", 2 * Nu);

    /// <summary>[bodies] The mocap body that each is, or −1.</summary>
    public ReadOnlySpan<int> MocapId => Array<int>("body_mocapid", Size("nbody"));

    /// <summary>Names of the mocap bodies.</summary>
    public IReadOnlyList<string> MocapBodies => [.. KinematicTree.Bodies
        .Where((_, i) => MocapId[i] >= 0).Select(body => body.Name)];

    /// <summary>[bodies] Masses, kg. Writable, as the three below, in a <see cref="Copy"/> of one's own.</summary>
    public Span<double> BodyMass => new(Field<double>("body_mass"), Size("nbody"));

    /// <summary>[bodies, 3] Principal moments of inertia, kg m².</summary>
    public Span<double> BodyInertia => new(Field<double>("body_inertia"), 3 * Size("nbody"));

    /// <summary>[geoms, 3] Coefficients of friction: sliding, torsional, rolling.</summary>
    public Span<double> GeomFriction => new(Field<double>("geom_friction"), 3 * Size("ngeom"));

    /// <summary>[Nv] Damping of each degree of freedom, N s/m or N m s/rad.</summary>
    public Span<double> DofDamping => new(Field<double>("dof_damping"), Nv);

    /// <summary>The model's keyframes, in order.</summary>
    public IReadOnlyList<Keyframe> Keyframes => [.. Enumerable.Range(0, Size("nkey")).Select(key => new Keyframe(
        NameOf(MujocoObject.Key, key), Row("key_qpos", key, Nq), Row("key_qvel", key, Nv), Row("key_act", key, Na),
        Row("key_ctrl", key, Nu)))];

    /// <summary>Names of the model's cameras, in order; unnamed ones cannot be selected and are left out.</summary>
    public IReadOnlyList<string> CameraNames =>
        [.. Enumerable.Range(0, Size("ncam")).Select(id => GivenName(MujocoObject.Camera, id))
            .Where(name => name.Length > 0)];

    /// <summary>Names of the actuators, in order.</summary>
    public IReadOnlyList<string> ActuatorNames =>
        [.. Enumerable.Range(0, Nu).Select(i => NameOf(MujocoObject.Actuator, i))];

    /// <summary>
    /// [Nu] Index of each actuator's activation in act, or −1: it has none, or a plugin gives one several.
    /// </summary>
    public int[] ActivationAddresses
    {
        get
        {
            // one for each actuator with dynamics, in order
            ReadOnlySpan<int> dynamics = Array<int>("actuator_dyntype", Nu);
            int[] addresses = new int[Nu];
            int count = 0;
            for (int i = 0; i < Nu; i++) addresses[i] = dynamics[i] == 0 ? -1 : count++;
            if (count != Na) System.Array.Fill(addresses, -1);
            return addresses;
        }
    }

    /// <summary>The sensors, in order.</summary>
    public IReadOnlyList<MujocoSensor> Sensors =>
        [.. Enumerable.Range(0, Size("nsensor")).Select(i => new MujocoSensor(
            NameOf(MujocoObject.Sensor, i), Integer("sensor_adr", i), Integer("sensor_dim", i)))];

    /// <summary>Bodies, joints and places as compiled; mocap bodies are where the model puts them. Read once.</summary>
    public KinematicTree KinematicTree => _tree ??= ReadTree();

    internal nint Native => _model;

    /// <summary>Loads a model file (MJCF or URDF).</summary>
    /// <exception cref="MujocoException">No such file, or MuJoCo's message, usually with element and line.</exception>
    public static MujocoModel Load(string xmlPath)
    {
        if (!File.Exists(xmlPath))
            throw new MujocoException($"there is no model file {Path.GetFullPath(xmlPath)}; check the path");
        MujocoLibrary library = MujocoLibrary.Load();
        return new MujocoModel(library, library.LoadModel(Path.GetFullPath(xmlPath), xmlPath));
    }

    /// <summary>Loads a model given as MJCF text; it cannot include files by a relative path.</summary>
    /// <exception cref="MujocoException">MuJoCo's message, usually with element and line.</exception>
    public static MujocoModel LoadXml(string xml)
    {
        MujocoLibrary library = MujocoLibrary.Load();
        return new MujocoModel(library, library.LoadModelText(xml));
    }

    /// <summary>A model of its own with the same content, whose parameters may be changed.</summary>
    /// <exception cref="MujocoException">There is no memory for it.</exception>
    public MujocoModel Copy()
    {
        CheckAlive();
        nint copy = Library.CopyModel(0, _model);
        return copy != 0 ? new MujocoModel(Library, copy)
            : throw new MujocoException("MuJoCo could not allocate a copy of the model; free memory");
    }

    /// <summary>The id of a named object, or −1.</summary>
    public int Find(MujocoObject kind, string name)
    {
        CheckAlive();
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0')) return Library.NameToId(_model, TypeOf(kind), text);
    }

    /// <summary>
    /// The name of an object; if it has none, its number, with # before it where that is another's name.
    /// </summary>
    public string NameOf(MujocoObject kind, int id) =>
        GivenName(kind, id) is { Length: > 0 } name ? name : Find(kind, $"{id}") < 0 ? $"{id}" : $"#{id}";

    /// <summary>
    /// qpos ← qpos ⊕ d (mj_integratePos): translations in the world frame, rotations of free and ball joints in the
    /// body's own frame.
    /// </summary>
    /// <param name="qpos">[Nq], updated in place.</param>
    /// <param name="displacement">[Nv], d in the coordinates of qvel; m and rad.</param>
    public void Displace(Span<double> qpos, ReadOnlySpan<double> displacement)
    {
        Check(qpos.Length, displacement.Length);
        fixed (double* q = qpos, d = displacement) Library.IntegratePos(_model, q, d, 1);
    }

    /// <summary>d with from ⊕ d = to (mj_differentiatePos).</summary>
    /// <param name="from">[Nq].</param>
    /// <param name="to">[Nq].</param>
    /// <param name="displacement">[Nv], receives d.</param>
    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        Check(from.Length, displacement.Length);
        Check(to.Length, displacement.Length);
        fixed (double* a = from, b = to, d = displacement) Library.DifferentiatePos(_model, d, 1, a, b);
    }

    /// <summary>Releases this handle; simulations of the model stay valid.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) Release();
    }

    internal void AddReference()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        Interlocked.Increment(ref _references);
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) != 0) return;
        Library.DeleteModel(_model);
        NativeObjects.Count(-1);
    }

    private string GivenName(MujocoObject kind, int id)
    {
        CheckAlive();
        return Marshal.PtrToStringUTF8(Library.IdToName(_model, TypeOf(kind), id)) ?? "";
    }

    private KinematicTree ReadTree()
    {
        return new KinematicTree(
            [.. Enumerable.Range(0, Size("nbody")).Select(Body)], [.. Enumerable.Range(0, JointCount).Select(Joint)],
            [.. Enumerable.Range(0, Size("nsite")).Select(Site)], [.. Array<double>("qpos0", Nq)], Nv)
        {
            Geoms = [.. Enumerable.Range(0, Size("ngeom")).Select(Geom)],
            Cameras = [.. Enumerable.Range(0, Size("ncam")).Select(Camera)],
        };

        TreeBody Body(int i) => new(NameOf(MujocoObject.Body, i), Integer("body_parentid", i), Vector("body_pos", i),
            Rotation("body_quat", i), Integer("body_jntadr", i), Integer("body_jntnum", i));

        TreeJoint Joint(int i)
        {
            int qpos = Integer("jnt_qposadr", i);
            return new(NameOf(MujocoObject.Joint, i), (TreeJointType)Integer("jnt_type", i), Integer("jnt_bodyid", i),
                qpos, Integer("jnt_dofadr", i), Vector("jnt_pos", i), Vector("jnt_axis", i),
                Field<double>("qpos0")[qpos]);
        }

        TreeSite Site(int i) => new(
            NameOf(MujocoObject.Site, i), Integer("site_bodyid", i), Vector("site_pos", i), Rotation("site_quat", i));

        TreePoint Geom(int i) =>
            new(NameOf(MujocoObject.Geom, i), Integer("geom_bodyid", i), Vector("geom_pos", i));

        // one that tracks its body (mode 1 or 2) keeps its orientation in the world, so that its place is not fixed
        TreePoint Camera(int i) => new(NameOf(MujocoObject.Camera, i),
            Integer("cam_mode", i) is 1 or 2 ? -1 : Integer("cam_bodyid", i), Vector("cam_pos", i));

        Vec3<double> Vector(string field, int i) => Field<Vec3<double>>(field)[i];
        Quat<double> Rotation(string field, int i) => Field<Quat<double>>(field)[i];
    }

    private int Integer(string field, int i) => Field<int>(field)[i];

    private int TypeOf(MujocoObject kind) => Library.Layout.Enum("mjOBJ_" + kind.ToString().ToUpperInvariant());

    private int Size(string field) =>
        Library.Layout.SizeWidth == 8 ? checked((int)*(long*)At(field)) : *(int*)At(field);

    private ImmutableArray<double> Row(string field, int row, int size) =>
        [.. new ReadOnlySpan<double>(Field<double>(field) + row * size, size)];

    private ReadOnlySpan<T> Array<T>(string field, int count) where T : unmanaged => new(Field<T>(field), count);

    private T* Field<T>(string field) where T : unmanaged => *(T**)At(field);

    private nint At(string field)
    {
        CheckAlive();
        return _model + Library.Layout.Model(field);
    }

    private void CheckAlive() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);

    private void Check(int qpos, int displacement)
    {
        if (qpos != Nq || displacement != Nv)
            throw new ArgumentException(
                $"{qpos} coordinates and {displacement} displacements given, and the model has {Nq} and {Nv}");
    }
}
