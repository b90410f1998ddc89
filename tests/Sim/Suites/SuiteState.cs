using System.Xml.Linq;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>A state of a suite's task: positions, velocities, constants, and MuJoCo's own numbers.</summary>
/// <param name="Q">qpos.</param>
/// <param name="V">qvel.</param>
/// <param name="Constants">The task's constants of the episode.</param>
/// <param name="Sensors">Values of the sensors, those of <see cref="SuiteProbe"/> among them.</param>
/// <param name="File">The model's XML.</param>
internal sealed record SuiteState(
    double[] Q, double[] V, double[] Constants, IReadOnlyDictionary<string, double[]> Sensors, XDocument File)
{
    /// <summary>A number of the attribute size of a named geom or site.</summary>
    public double Size(string element, string name, int index) => double.Parse(
        File.Descendants(element).Single(e => (string?)e.Attribute("name") == name && e.Attribute("size") is not null)
            .Attribute("size")!.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)[index],
        CultureInfo.InvariantCulture);

    /// <summary>xpos.</summary>
    public double[] Body(string name) => Sensors[$"xpos {name}"];

    /// <summary>xipos, the centre of mass.</summary>
    public double[] Centre(string name) => Sensors[$"xipos {name}"];

    /// <summary>geom_xpos.</summary>
    public double[] Geom(string name) => Sensors[$"geom {name}"];

    /// <summary>site_xpos.</summary>
    public double[] Site(string name) => Sensors[$"site {name}"];

    /// <summary>An element of xmat as dm_control names it: xz is the x component of the body's z axis.</summary>
    public double Xmat(string body, string letters) => Sensors[$"{letters[1]}axis {body}"]["xyz".IndexOf(letters[0])];
}

/// <summary>
/// Computes what a state of a task means by a copy of its model that has further sensors, so that MuJoCo itself
/// computes positions, axes and centres of mass.
/// </summary>
internal sealed class SuiteProbe : IDisposable
{
    private readonly MujocoModel _model;
    private readonly MujocoData _data;
    private readonly XDocument _file;

    /// <param name="scratch">An empty folder for the copy.</param>
    public SuiteProbe(ControlTask task, string scratch)
    {
        string path = task.File.ModelPath, folder = Path.GetDirectoryName(path)!;
        foreach (string file in Directory.GetFiles(folder, "*.xml", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(scratch, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        string own = Path.Combine(scratch, Path.GetFileName(path));
        File.WriteAllText(own, File.ReadAllText(path).Replace("</mujoco>",
            $"<sensor>{string.Concat(Sensors(task.Model))}</sensor></mujoco>"));
        _file = XDocument.Load(own);
        _model = MujocoModel.Load(own);
        _data = new MujocoData(_model);
    }

    /// <summary>The state of an environment.</summary>
    public SuiteState At(ControlEnvironment environment)
    {
        double[] state = new double[_data.StateSize];
        environment.Data.SaveState(state);
        environment.Data.Model.DofDamping.CopyTo(_model.DofDamping);
        _data.RestoreState(state);
        _data.Forward();
        return new SuiteState(
            environment.Qpos.ToArray(), environment.Qvel.ToArray(), environment.Constants.ToArray(),
            _model.Sensors.DistinctBy(sensor => sensor.Name).ToDictionary(
                sensor => sensor.Name, sensor => _data.SensorData.Slice(sensor.Address, sensor.Size).ToArray()),
            _file);
    }

    public void Dispose()
    {
        _data.Dispose();
        _model.Dispose();
    }

    // names alone; elements without one have their number
    private static IEnumerable<string> Sensors(MujocoModel model)
    {
        var tree = model.KinematicTree;
        foreach (string body in Named(tree.Bodies.Skip(1).Select(body => body.Name)))
        {
            yield return Frame("framepos", "xpos", "xbody", body) + Frame("framepos", "xipos", "body", body);
            foreach (char axis in "xyz") yield return Frame($"frame{axis}axis", $"{axis}axis", "xbody", body);
            yield return $"""<subtreecom name="com {body}" body="{body}"/>""";
            yield return $"""<subtreelinvel name="comvel {body}" body="{body}"/>""";
        }
        foreach (string geom in Named(tree.Geoms.Select(geom => geom.Name)))
            yield return Frame("framepos", "geom", "geom", geom);
        foreach (string site in Named(tree.Sites.Select(site => site.Name)))
            yield return Frame("framepos", "site", "site", site);

        static string Frame(string sensor, string prefix, string type, string name) =>
            $"""<{sensor} name="{prefix} {name}" objtype="{type}" objname="{name}"/>""";

        static IEnumerable<string> Named(IEnumerable<string> names) => names.Where(name => !int.TryParse(name, out _));
    }
}
