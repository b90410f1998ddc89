using System.Runtime.InteropServices;
using System.Text;

namespace Naf.Sim.Mujoco;

/// <summary>Kinds of named objects.</summary>
public enum MujocoObject
{
    /// <summary>A body; the world is body 0.</summary>
    Body,
    /// <summary>A joint.</summary>
    Joint,
    /// <summary>A site.</summary>
    Site,
    /// <summary>A camera.</summary>
    Camera,
    /// <summary>An actuator.</summary>
    Actuator,
    /// <summary>A sensor.</summary>
    Sensor,
}

/// <summary>The model's arrays, as MuJoCo holds them: views of its memory, valid until the model is freed.</summary>
public sealed unsafe partial class MujocoModel
{
    /// <summary>[Nq] Coordinates of the reference pose.</summary>
    public ReadOnlySpan<double> Qpos0 => Reals("qpos0", Nq);

    /// <summary>[BodyCount] The parent's id; lower than the body's own.</summary>
    public ReadOnlySpan<int> BodyParent => Integers("body_parentid", BodyCount);

    /// <summary>[BodyCount, 3] Position in the parent's frame, m.</summary>
    public ReadOnlySpan<double> BodyPosition => Reals("body_pos", 3 * BodyCount);

    /// <summary>[BodyCount, 4] Orientation in the parent's frame, unit quaternion (w, x, y, z).</summary>
    public ReadOnlySpan<double> BodyOrientation => Reals("body_quat", 4 * BodyCount);

    /// <summary>[BodyCount] The body's first joint, −1 without joints.</summary>
    public ReadOnlySpan<int> BodyJointAddress => Integers("body_jntadr", BodyCount);

    /// <summary>[BodyCount] Number of the body's joints.</summary>
    public ReadOnlySpan<int> BodyJointCount => Integers("body_jntnum", BodyCount);

    /// <summary>[JointCount] 0 free, 1 ball, 2 slide, 3 hinge.</summary>
    public ReadOnlySpan<int> JointType => Integers("jnt_type", JointCount);

    /// <summary>[JointCount] Index of the joint's first coordinate.</summary>
    public ReadOnlySpan<int> JointQposAddress => Integers("jnt_qposadr", JointCount);

    /// <summary>[JointCount] Index of the joint's first degree of freedom.</summary>
    public ReadOnlySpan<int> JointDofAddress => Integers("jnt_dofadr", JointCount);

    /// <summary>[JointCount] The body that the joint moves.</summary>
    public ReadOnlySpan<int> JointBody => Integers("jnt_bodyid", JointCount);

    /// <summary>[JointCount, 3] Anchor in the body's frame, m.</summary>
    public ReadOnlySpan<double> JointPosition => Reals("jnt_pos", 3 * JointCount);

    /// <summary>[JointCount, 3] Unit axis in the body's frame.</summary>
    public ReadOnlySpan<double> JointAxis => Reals("jnt_axis", 3 * JointCount);

    /// <summary>[JointCount] 1 where <see cref="JointRange"/> limits the joint.</summary>
    public ReadOnlySpan<byte> JointLimited => Array<byte>("jnt_limited", JointCount);

    /// <summary>[JointCount, 2] Lower and upper limit, m or rad.</summary>
    public ReadOnlySpan<double> JointRange => Reals("jnt_range", 2 * JointCount);

    /// <summary>[SiteCount] The site's body.</summary>
    public ReadOnlySpan<int> SiteBody => Integers("site_bodyid", SiteCount);

    /// <summary>[SiteCount, 3] Position in the body's frame, m.</summary>
    public ReadOnlySpan<double> SitePosition => Reals("site_pos", 3 * SiteCount);

    /// <summary>[SiteCount, 4] Orientation in the body's frame, unit quaternion (w, x, y, z).</summary>
    public ReadOnlySpan<double> SiteOrientation => Reals("site_quat", 4 * SiteCount);

    /// <summary>[Nu] 1 where <see cref="ControlRange"/> limits the control.</summary>
    public ReadOnlySpan<byte> ControlLimited => Array<byte>("actuator_ctrllimited", Nu);

    /// <summary>[Nu, 2] Lower and upper limit of each control.</summary>
    public ReadOnlySpan<double> ControlRange => Reals("actuator_ctrlrange", 2 * Nu);

    /// <summary>How many objects of a kind there are.</summary>
    public int Count(MujocoObject kind) => kind switch
    {
        MujocoObject.Body => BodyCount,
        MujocoObject.Joint => JointCount,
        MujocoObject.Site => SiteCount,
        MujocoObject.Camera => CameraCount,
        MujocoObject.Actuator => Nu,
        _ => SensorCount,
    };

    /// <summary>The id of a named object.</summary>
    /// <exception cref="MujocoException">No object of this kind has the name; the message lists those there are.</exception>
    public int IdOf(MujocoObject kind, string name)
    {
        int id = Find(kind, name);
        if (id >= 0) return id;
        string[] names = [.. Enumerable.Range(0, Count(kind)).Select(i => NameOf(kind, i)).Where(n => n.Length > 0)];
        throw new MujocoException($"the model has no {kind.ToString().ToLowerInvariant()} named '{name}'; " +
            (names.Length == 0 ? "it names none" : $"it has {string.Join(", ", names)}"));
    }

    /// <summary>The id of a named object, or −1.</summary>
    public int Find(MujocoObject kind, string name)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0')) return Library.NameToId(_model, TypeOf(kind), text);
    }

    /// <summary>The name of an object, empty where it has none.</summary>
    public string NameOf(MujocoObject kind, int id)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
        return Marshal.PtrToStringUTF8(Library.IdToName(_model, TypeOf(kind), id)) ?? "";
    }

    /// <summary>Names of the model's cameras, in its order. Those without a name can't be chosen, and are left out.</summary>
    public IReadOnlyList<string> CameraNames =>
        [.. Enumerable.Range(0, CameraCount).Select(id => NameOf(MujocoObject.Camera, id)).Where(name => name.Length > 0)];

    private int TypeOf(MujocoObject kind) => Library.Layout.Enum("mjOBJ_" + kind.ToString().ToUpperInvariant());

    private ReadOnlySpan<int> Integers(string field, int count) => Array<int>(field, count);

    private ReadOnlySpan<double> Reals(string field, int count) => Array<double>(field, count);

    private ReadOnlySpan<T> Array<T>(string field, int count) where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _references) == 0, this);
        return new ReadOnlySpan<T>(*(T**)(_model + Library.Layout.Model(field)), count);
    }
}
