using Naf.Sim.Control;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>Errors in a task file have file and line, what was expected, and the nearest known name.</summary>
internal sealed class MalformedTaskTests : MujocoFixture
{
    private const string Forty = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    // replaced text, replacement, the mistake is this many lines below, words of the message; N: the text's line
    [TestCase("horizon: 150", "horzion: 150", 0, "unknown key 'horzion'", "did you mean 'horizon'?")]
    [TestCase("horizon: 150", "", -4, "'task' has no key 'horizon'")]
    [TestCase("horizon: 150", "horizon: many", 0, "'horizon' expects a whole number of at least 1, not 'many'")]
    [TestCase("horizon: 150", "horizon: 150\nhorizon: 3", 1, "not YAML", "horizon")]
    [TestCase("horizon: 150", "horizon: [1, 2", 0, "not YAML: expected a closing ]")]
    [TestCase("model: reacher.xml", "model: nowhere.xml", 0, "no model file 'nowhere.xml'")]
    [TestCase("by: area", "by: volume", 0, "'by' expects radius or area, not 'volume'")]
    [TestCase("radius: [0.15, 0.8]", "radius: 0.8", 0, "'radius' expects a pair [low, high]")]
    [TestCase("position: j1, uniform: [-pi, pi]", "position: j1, uniform: [-pi, round]", 0,
        "expects a number, not 'round'")]
    [TestCase("uniform: [-2, 2]", "uniform: [[-2, 2], [-1, 1], [0, 1]]", 0,
        "expects 2 pairs (or one pair for all), not 3")]
    [TestCase("position: j1, uniform", "position: j4, uniform", 0, "no joint 'j4'", "did you mean 'j1'?")]
    [TestCase("position: j1, uniform", "position: [j1, j2], uniform", 1, "set already", "line N")]
    [TestCase("position: j1, uniform: [-pi, pi]", "position: j1, uniform: [-1, 1], normal: 2", 0,
        "more than one of the keys normal, uniform, polar")]
    [TestCase("sin_cos: [j1, j2, j3]", "sine: j1", 0, "unknown key 'sine'", "did you mean 'sin'?")]
    [TestCase("sin_cos: [j1, j2, j3]", "sin: j1, cos: j1", 0, "exactly one of the keys", "it has sin and cos")]
    [TestCase("sin_cos: [j1, j2, j3]", "velocity: j1", 1, "'j1.velocity' is there already", "line N")]
    [TestCase("point: tip", "point: tiip", 0, "'tiip'", "did you mean 'tip'?")]
    [TestCase("minus: target", "minus: taget", 0, "'taget'", "did you mean 'target'?")]
    [TestCase("components: xy", "components: yx", 0, "'components' expects some of xyz in this order")]
    [TestCase("input_scale: 0.3", "input_scale: 0", 0, "'input_scale' expects a number above 0")]
    [TestCase("{constant: target}", "{constant: target, frame: hand}", 0, "'frame' has no meaning here")]
    [TestCase("smooth_norm: error", "smooth_norm: eror", 0,
        "there is no 'eror', which 'smooth_norm' needs", "did you mean 'error'?")]
    [TestCase("quadratic: action", "quadratic: action.j7", 0, "'action.j7'", "'action.j1'")]
    [TestCase("weight: -0.02, alpha: 0.01", "weight: -0.02", 0, "no key 'alpha'")]
    [TestCase("weight: -0.02, alpha: 0.01", "weight: -0.02, alpha: -1", 0,
        "reward[1] (smooth_norm): alpha must be positive")]
    [TestCase("weight: -0.0002", "weight: -0.0002, scale: -1", 0, "reward[2] (quadratic): scales of a quadratic kind")]
    [TestCase("weight: -0.0002", "weight: -0.0002, alpha: 1", 0, "'alpha' has no meaning here")]
    [TestCase("weight: -0.0002", "weight: -0.0002, centre: [0, 0]", 0, "expects 3 numbers (or one for all), not 2")]
    [TestCase("weight: -0.0002", "weight: -0.0002, clip: [1, 0]", 0, "'clip' expects a pair [low, high]")]
    [TestCase("quadratic: action, weight: -0.0002", "constant: 1, weight: 2", 0, "'weight' has no meaning here")]
    [TestCase("quadratic: action", "product: [{value: error.x, margin: 1, sigmoid: gausian}]", 0,
        "'sigmoid' does not know 'gausian'; did you mean 'gaussian'?")]
    [TestCase("quadratic: action", "product: [{value: error.x, least: 1}]", 0,
        "reward[2] (product): least must be from 0 to below 1, not 1")]
    [TestCase("quadratic: action", "product: [{value: error.x, bound: [0, 1]}]", 0,
        "unknown key 'bound' in 'product[1]'; did you mean 'bounds'?")]
    [TestCase("quadratic: action", "product: []", 0, "reward[2] (product): it has no entries")]
    [TestCase("quadratic: action, weight: -0.0002", "product: [{value: error.x}], clip: [0, 1], weight: 1", 0,
        "'clip' has no meaning here")]
    [TestCase("quadratic: action", "quadratic: rate.eror", 0, "did you mean 'rate.error'?")]
    [TestCase("measures:", "signals: [{point: tip, name: error}]\nmeasures:", 0,
        "'signals' has 'error.x', which 'observation' has too")]
    [TestCase("measures:", "signals: [{point: tip, input_scale: 2}]\nmeasures:", 0,
        "'input_scale' has no meaning in 'signals'")]
    [TestCase("measures:", "termination: {outside: {eror.x: [-1, 1]}}\nmeasures:", 0,
        "there is no 'eror.x', which 'outside' needs")]
    [TestCase("measures:", "termination: {outside: {error: [-1, 1]}}\nmeasures:", 0,
        "stands for several numbers", "error.x, error.y")]
    [TestCase("distance: {norm: error}", "distance: {norm: error, take: meen}", 0,
        "'take' does not know 'meen'; did you mean 'mean'?")]
    [TestCase("steps: 50", "steps: 151", 0, "more than the horizon")]
    [TestCase("distance: {below: 0.02}", "distnce: {below: 0.02}", 0,
        "unknown key 'distnce' in 'success'; did you mean 'distance'?")]
    [TestCase("tau: 0.01", "tau: {a: 1}", 0, "'tau' expects a text, not a mapping")]
    [TestCase("tau: 0.01", "tau: [1, [2]]", 0, "'tau[2]' expects a text, not a list")]
    [TestCase("tau: 0.01", "seed: 1", 0, "'seed' belongs to a run, not to a task", "set seed for the run")]
    [TestCase("tau: 0.01", "learners: 1", 0, "'learners' belongs to a run")]
    [TestCase("tau: 0.01", "device: cpu", 0, "'device' belongs to a run")]
    [TestCase("tau: 0.01", "threads: 1", 0, "'threads' belongs to a run")]
    [TestCase("tau: 0.01", "algorithm: naf", 0, "'algorithm' belongs to a run")]
    [TestCase("name: reacher", "name: ../../esc", 0, "'name' expects letters, digits, - _ . only", "not '../../esc'")]
    [TestCase("name: reacher", "name: a/b", 0, "'name' expects letters")]
    [TestCase("name: reacher", "name: 'a\\b'", 0, "'name' expects letters")]
    [TestCase("name: reacher", "name: .hidden", 0, "the first not a dot")]
    [TestCase("name: reacher", "name: my reacher", 0, "'name' expects letters")]
    [TestCase("name: reacher", "name: rëacher", 0, "'name' expects letters")]
    [TestCase("horizon: 150", "horizon: x" + Forty, 0, "not '" + Forty + "…'")]
    [TestCase("horizon: 150", "horizon: " + Forty, 0, "not '" + Forty + "'")]
    [TestCase("horizon: 150", "horizon: |-\n  a\n  b", 0, "not 'a b'")]
    public void Mistake_is_reported_at_its_line(string old, string replacement, int below, params string[] words)
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Changed("reacher", old, replacement);
        int line = ScratchFolder.LineOf("reacher.yaml", old);
        TaskFormatException error = Assert.Throws<TaskFormatException>(() => ControlTask.Load(path))!;
        Assert.That(error.Message, Does.StartWith($"{path}:{line + below}:"));
        foreach (string word in words)
            Assert.That(error.Message, Does.Contain(word.Replace("line N", $"line {line}")));
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
        string path = scratch.Copy("reacher"), xml = ScratchFolder.BuiltIn("reacher.xml");
        scratch.ChangeModel("reacher", xml[xml.IndexOf("<actuator>", StringComparison.Ordinal)..], "</mujoco>");
        Assert.That(() => ControlTask.Load(path),
            Throws.TypeOf<TaskFormatException>().With.Message.Contains("no actuators"));
    }

    [Test]
    public void Sine_of_a_ball_joint_is_refused_by_name()
    {
        using var scratch = new ScratchFolder();
        string path = scratch.Copy("reacher");
        scratch.ChangeModel("reacher", "<body name=\"upper\">",
            "<body><joint name=\"shoulder\" type=\"ball\"/><geom size=\".1\" type=\"sphere\"/></body>"
            + "<body name=\"upper\">");
        File.WriteAllText(path, File.ReadAllText(path).Replace("observation:", "observation:\n  - {sin: shoulder}"));
        Assert.That(() => ControlTask.Load(path),
            Throws.TypeOf<TaskFormatException>().With.Message.Contains("of the ball joint 'shoulder'"));
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
    public void Model_in_place_of_a_task_is_refused()
    {
        using var scratch = new ScratchFolder();
        string model = Path.ChangeExtension(scratch.Copy("reacher"), "xml");
        Assert.That(() => ControlTask.Load(model), Throws.TypeOf<FileNotFoundException>()
            .With.Message.StartsWith($"{model} is a model, not a task: name a task file"));
    }

    [Test]
    public void Folder_is_refused()
    {
        using var scratch = new ScratchFolder();
        Assert.That(() => ControlTask.Load(scratch.Path), Throws.TypeOf<FileNotFoundException>()
            .With.Message.EqualTo($"{scratch.Path} is a folder: name the task's .yaml file in it"));
    }
}
