using System.Xml.Linq;
using Naf.Kernels.Observation;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>
/// A task's model with a site at the origin of each named body: what MuJoCo itself says of frames, points and velocities, apart from the
/// kinematics that observations are made of.
/// </summary>
internal sealed class TwinModel : IDisposable
{
    private const string Prefix = "origin of ";

    private readonly MujocoModel _model;
    private readonly MujocoData _data;

    public TwinModel(string task)
    {
        var xml = XDocument.Load(TaskFile.Read(TaskLibrary.Resolve(task)).ModelPath);
        foreach (XElement body in xml.Descendants("body").Where(b => b.Attribute("name") is not null).ToList())
            body.Add(new XElement("site", new XAttribute("name", Prefix + body.Attribute("name")!.Value)));
        _model = MujocoModel.LoadXml(xml.ToString());
        _data = new MujocoData(_model);
    }

    /// <summary>Takes over a state.</summary>
    public void Follow(ControlEnvironment environment)
    {
        environment.Qpos.CopyTo(_data.Qpos);
        environment.Qvel.CopyTo(_data.Qvel);
        _data.Velocities();
    }

    /// <summary>A joint's first coordinate in qpos.</summary>
    public double Position(string joint) => _data.Qpos[_model.JointQposAddress[_model.IdOf(MujocoObject.Joint, joint)]];

    /// <summary>A joint's first coordinate in qvel.</summary>
    public double Velocity(string joint) => _data.Qvel[_model.JointDofAddress[_model.IdOf(MujocoObject.Joint, joint)]];

    /// <summary>Where a site is in the world.</summary>
    public Vec3<double> Site(string name) => Vector(_data.SitePosition(_model.IdOf(MujocoObject.Site, name)));

    /// <summary>Where a body's origin is in the world.</summary>
    public Vec3<double> Body(string name) => Site(Prefix + name);

    /// <summary>A body's axes in the world.</summary>
    public Mat3<double> Frame(string body)
    {
        ReadOnlySpan<double> rows = _data.SiteOrientation(_model.IdOf(MujocoObject.Site, Prefix + body));
        return new(new(rows[0], rows[3], rows[6]), new(rows[1], rows[4], rows[7]), new(rows[2], rows[5], rows[8]));
    }

    /// <summary>Velocity of a body's origin and the body's angular velocity, in the world.</summary>
    public (Vec3<double> Linear, Vec3<double> Angular) Motion(string body)
    {
        double[] linear = new double[3], angular = new double[3];
        _data.SiteVelocity(_model.IdOf(MujocoObject.Site, Prefix + body), linear, angular);
        return (Vector(linear), Vector(angular));
    }

    public void Dispose()
    {
        _data.Dispose();
        _model.Dispose();
    }

    private static Vec3<double> Vector(ReadOnlySpan<double> v) => new(v[0], v[1], v[2]);
}
