using Naf.Sim.Control;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;
using NUnit.Framework;

namespace Naf.Tests;

/// <summary>A malformed task file is reported with file and line, what was expected, and the nearest known name.</summary>
public sealed class MalformedTaskTests : MujocoFixture
{
    private static readonly object[] Mistakes =
    [
        // replaced text, by what, line, words of the message
        new object[] { "horizon: 150", "horzion: 150", 6, new[] { "unknown key 'horzion'", "did you mean 'horizon'?" } },
        new object[] { "horizon: 150", "", 2, new[] { "'task' has no key 'horizon'" } },
        new object[] { "horizon: 150", "horizon: many", 6, new[] { "'horizon' expects a whole number of at least 1, not 'many'" } },
        new object[] { "horizon: 150", "horizon: 150\nhorizon: 3", 7, new[] { "not YAML", "horizon" } },
        new object[] { "horizon: 150", "horizon: [1, 2", 6, new[] { "not YAML: expected a closing ]" } },
        new object[] { "model: reacher.xml", "model: nowhere.xml", 4, new[] { "no model file 'nowhere.xml'" } },
        new object[] { "by: area", "by: volume", 9, new[] { "'by' expects radius or area, not 'volume'" } },
        new object[] { "radius: [0.15, 0.8]", "radius: 0.8", 9, new[] { "'radius' expects a pair [low, high]" } },
        new object[] { "position: j1, uniform: [-pi, pi]", "position: j1, uniform: [-pi, round]", 12, new[] { "expects a number, not 'round'" } },
        new object[] { "uniform: [-2, 2]", "uniform: [[-2, 2], [-1, 1], [0, 1]]", 13, new[] { "expects 2 pairs (or one pair for all), not 3" } },
        new object[] { "position: j1, uniform", "position: j4, uniform", 12, new[] { "no joint 'j4'", "did you mean 'j1'?" } },
        new object[] { "position: j1, uniform", "position: [j1, j2], uniform", 13, new[] { "set already", "line 12" } },
        new object[] { "position: j1, uniform: [-pi, pi]", "position: j1, uniform: [-1, 1], normal: 2", 12,
            new[] { "more than one of the keys normal, uniform, polar" } },
        new object[] { "sin_cos: [j1, j2, j3]", "sine: j1", 16, new[] { "unknown key 'sine'", "did you mean 'sin'?" } },
        new object[] { "sin_cos: [j1, j2, j3]", "sin: j1, cos: j1", 16, new[] { "exactly one of the keys", "it has sin and cos" } },
        new object[] { "sin_cos: [j1, j2, j3]", "velocity: j1", 17, new[] { "'j1.velocity' is there already", "line 16" } },
        new object[] { "point: tip", "point: tiip", 19, new[] { "'tiip'", "did you mean 'tip'?" } },
        new object[] { "minus: target", "minus: taget", 19, new[] { "'taget'", "did you mean 'target'?" } },
        new object[] { "components: xy", "components: yx", 19, new[] { "'components' expects some of xyz in this order" } },
        new object[] { "input_scale: 0.3", "input_scale: 0", 17, new[] { "'input_scale' expects a number above 0" } },
        new object[] { "{constant: target}", "{constant: target, frame: hand}", 18, new[] { "'frame' has no meaning here" } },
        new object[] { "smooth_norm: error", "smooth_norm: eror", 22,
            new[] { "no observation 'eror', which 'smooth_norm' needs", "did you mean 'error'?" } },
        new object[] { "quadratic: action", "quadratic: action.j7", 23, new[] { "'action.j7'", "'action.j1'" } },
        new object[] { "weight: -0.02, alpha: 0.01", "weight: -0.02", 22, new[] { "no key 'alpha'" } },
        new object[] { "weight: -0.02, alpha: 0.01", "weight: -0.02, alpha: -1", 22, new[] { "reward[1] (smooth_norm): alpha must be positive" } },
        new object[] { "weight: -0.0002", "weight: -0.0002, scale: -1", 23, new[] { "reward[2] (quadratic): scales of a quadratic kind" } },
        new object[] { "weight: -0.0002", "weight: -0.0002, alpha: 1", 23, new[] { "'alpha' has no meaning here" } },
        new object[] { "weight: -0.0002", "weight: -0.0002, centre: [0, 0]", 23, new[] { "expects 3 numbers (or one for all), not 2" } },
        new object[] { "measures:", "termination: {outside: {error: [-1, 1]}}\nmeasures:", 25,
            new[] { "stands for several numbers", "error.x, error.y" } },
        new object[] { "distance: {norm: error}", "distance: {norm: error, take: meen}", 26,
            new[] { "'take' does not know 'meen'; did you mean 'mean'?" } },
        new object[] { "steps: 50", "steps: 151", 27, new[] { "more than the horizon" } },
        new object[] { "distance: {below: 0.02}", "distnce: {below: 0.02}", 30,
            new[] { "unknown key 'distnce' in 'success'; did you mean 'distance'?" } },
        new object[] { "tau: 0.01", "tau: {a: 1}", 33, new[] { "'tau' expects a text, not a mapping" } },
        new object[] { "tau: 0.01", "tau: [1, [2]]", 33, new[] { "'tau[2]' expects a text, not a list" } },
        new object[] { "tau: 0.01", "seed: 1", 33, new[] { "'seed' belongs to a run, not to a task", "--set seed=" } },
        new object[] { "tau: 0.01", "learners: 1", 33, new[] { "'learners' belongs to a run" } },
        new object[] { "tau: 0.01", "device: cpu", 33, new[] { "'device' belongs to a run" } },
        new object[] { "tau: 0.01", "threads: 1", 33, new[] { "'threads' belongs to a run" } },
        new object[] { "tau: 0.01", "algorithm: naf", 33, new[] { "'algorithm' belongs to a run" } },
        new object[] { "name: reacher", "name: ../../esc", 2, new[] { "'name' expects letters, digits, - _ . only", "not '../../esc'" } },
        new object[] { "name: reacher", "name: a/b", 2, new[] { "'name' expects letters" } },
        new object[] { "name: reacher", "name: 'a\\b'", 2, new[] { "'name' expects letters" } },
        new object[] { "name: reacher", "name: .hidden", 2, new[] { "the first not a dot" } },
        new object[] { "name: reacher", "name: my reacher", 2, new[] { "'name' expects letters" } },
        new object[] { "name: reacher", "name: rëacher", 2, new[] { "'name' expects letters" } },
        new object[] { "horizon: 150", $"horizon: {new string('x', 41)}", 6, new[] { $"not '{new string('x', 40)}…'" } },
        new object[] { "horizon: 150", $"horizon: {new string('x', 40)}", 6, new[] { $"not '{new string('x', 40)}'" } },
        new object[] { "horizon: 150", "horizon: |-\n  a\n  b", 6, new[] { "not 'a b'" } },
    ];

    [TestCaseSource(nameof(Mistakes))]
    public void Mistake_is_reported_at_its_line(string old, string replacement, int line, string[] words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("reacher", old, replacement);
        TaskFormatException error = Assert.Throws<TaskFormatException>(() => ControlTask.Load(path))!;
        Assert.Multiple(() =>
        {
            Assert.That(error.Message, Does.StartWith($"{path}:{line}:"));
            foreach (string word in words) Assert.That(error.Message, Does.Contain(word));
        });
    }

    [Test]
    public void Files_that_are_no_task_are_refused()
    {
        using var scratch = new ScratchFolder();
        Assert.That(() => TaskFile.Read(scratch.Write("empty.yaml", "")), Throws.TypeOf<TaskFormatException>()
            .With.Message.Contains("expected one YAML document"));
        Assert.That(() => TaskFile.Read(scratch.Write("list.yaml", "- 1\n- 2\n")), Throws.TypeOf<TaskFormatException>()
            .With.Message.Contains("expects a mapping"));
    }

    [Test]
    public void Model_without_actuators_is_refused()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        string xml = ScratchFolder.BuiltIn("reacher.xml");
        scratch.Write("reacher.xml", xml[..xml.IndexOf("<actuator>", StringComparison.Ordinal)] + "</mujoco>");
        Assert.That(() => ControlTask.Load(path), Throws.TypeOf<TaskFormatException>().With.Message.Contains("no actuators"));
    }

    [Test]
    public void Ball_joint_is_refused_by_name()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        scratch.Write("reacher.xml", ScratchFolder.BuiltIn("reacher.xml").Replace(
            "<body name=\"upper\">",
            "<body><joint name=\"shoulder\" type=\"ball\"/><geom size=\".1\" type=\"sphere\"/></body><body name=\"upper\">"));
        Assert.That(() => ControlTask.Load(path), Throws.TypeOf<TaskFormatException>().With.Message.Contains("'shoulder' is a ball joint"));
    }

    [TestCase("cart-pole", "did you mean 'cartpole'?")]
    [TestCase("reecher", "did you mean 'reacher'?")]
    [TestCase("reacher_single", "did you mean 'reacher-single'?")]
    public void Unknown_task_is_answered_with_the_nearest(string name, string hint) =>
        Assert.That(() => ControlTask.Load(name), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(hint));

    [Test]
    public void Missing_file_is_reported_with_the_way_to_the_others() =>
        Assert.That(() => ControlTask.Load("no/such/task.yaml"), Throws.TypeOf<FileNotFoundException>()
            .With.Message.EqualTo("there is no task file no/such/task.yaml; naf tasks lists the built-in ones"));

    [Test]
    public void Unknown_task_far_from_all_is_answered_with_the_list() =>
        Assert.That(() => ControlTask.Load("elephant"), Throws.TypeOf<FileNotFoundException>()
            .With.Message.EndsWith($"; known: {string.Join(", ", TaskLibrary.Names)}"));

    [Test]
    public void Folder_is_refused()
    {
        using var scratch = new ScratchFolder();
        Assert.That(() => ControlTask.Load(scratch.Folder), Throws.TypeOf<FileNotFoundException>()
            .With.Message.EqualTo($"{scratch.Folder} is a folder: name the task's .yaml file in it"));
    }
}
