using System.Text.RegularExpressions;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>Terminations, measures and success, as documented in the cards.</summary>
[Parallelizable(ParallelScope.All)]
internal sealed class CardBehaviourTests
{
    [Test]
    public void Only_the_walker_ends_early()
    {
        foreach (string name in TaskLibrary.Names)
        {
            using ControlTask task = ControlTask.Load(name);
            Assert.That(task.Reward.Bounds.Select(b => (b.Index, b.Low, b.High)), Is.EqualTo(name == "walker2d"
                ? new[] { (0, .8, 2.0), (2, .5403, double.PositiveInfinity) } : []), name);
            Assert.That(task.Reward.TerminationReward, Is.EqualTo(name == "walker2d" ? -.05 : 0), name);
        }
    }

    // a step changes it by less than 1e-3 of the value set here: on one side of the bound the episode continues, on the
    // other it terminates
    [TestCase(1.999, 0, false)]
    [TestCase(2.001, 0, true)]
    [TestCase(.801, 0, false)]
    [TestCase(.799, 0, true)]
    [TestCase(1.6, .999, false)]
    [TestCase(1.6, -.999, false)]
    [TestCase(1.6, 1.001, true)]
    [TestCase(1.6, -1.001, true)]
    public void Walker_ends_at_its_bounds(double height, double pitch, bool ends)
    {
        using var scratch = new ScratchFolder();
        string reset = Regex.Match(ScratchFolder.BuiltIn("walker2d.yaml"), "(?s)reset:.*(?=observation:)").Value;
        string path = scratch.Changed("walker2d", reset, FormattableString.Invariant(
            $"reset:\n  - {{position: [root_z, pitch], at: [{height - 1.3}, {pitch}]}}\n\n"));
        scratch.ChangeModel("walker2d", "gravity=\"0 0 -9.81\"", "gravity=\"0 0 0\"");
        scratch.ChangeModel("walker2d", "contype=\"1\" conaffinity=\"0\"", "contype=\"0\" conaffinity=\"0\"");
        using ControlEnvironment environment = Episodes.Begin(path);
        StepResult result = environment.Step(new double[6]);
        Assert.That((result.Terminated, result.TimedOut), Is.EqualTo((ends, false)),
            $"height {environment.Observation[0]}");
        Assert.That(result.Reward, Is.EqualTo(.01 + (ends ? -.05 : 0)).Within(1e-3));
    }

    [Test]
    public void Walker_falls()
    {
        using ControlEnvironment environment = Episodes.Begin("walker2d");
        StepResult last = default;
        while (!environment.Done) last = environment.Step([1, -1, 1, 1, -1, 1]);
        Assert.That(last.Terminated);
        Assert.That(environment.Observation[0] < 0.8 || environment.Observation[2] < 0.5403);
        Assert.That(environment.Measure(1), Is.NaN, "fell before the horizon");
        Assert.That(environment.Success, Is.False);
    }

    [Test]
    public void Seated_peg_succeeds_and_reports_its_measures()
    {
        using var scratch = new ScratchFolder();
        string seated = scratch.Changed("peg", "at: [0.751, -2.009, -0.312], uniform: [-0.1, 0.1]",
            "at: [0.041, -1.467, -0.145]");
        using ControlEnvironment inside = Rest(seated), outside = Rest("peg");
        Assert.That((inside.Success, inside.Measure(2)), Is.EqualTo((true, 1.0)), "inserted from the first step on");
        Assert.That((outside.Success, outside.Measure(2)), Is.EqualTo((false, double.NaN)), "never inserted");
    }

    // documented distances that the last observation must be below; starts are moved onto the target, where no force
    // acts
    [TestCase("gripper-single", "[0.50, 0.35], normal: 0.005", "[0.45, -0.38]", "[0.45, -0.36]")]
    [TestCase("canada2d", "polar: {radius: [0.5, 0.7], angle: [-0.4, 0.4]}}\n\nobs",
        "at: [1.3, -0.25]}\n\nobs", "at: [-1.3, 0.4]}\n\nobs",
        "{polar: {radius: [1.1, 1.5], angle: [-0.5, 0.5]}}", "[1.3, 0]")]
    [TestCase("ant", "target: [4, 0]", "target: [0.45, 0]", "target: [0.55, 0]")]
    public void Success_is_a_small_distance_at_the_end(
        string name, string old, string near, string far, string also = "", string with = "")
    {
        foreach ((string start, bool succeeds) in new[] { (near, true), (far, false) })
        {
            using var scratch = new ScratchFolder();
            string path = scratch.Changed(name, old, start);
            if (also.Length > 0) File.WriteAllText(path, File.ReadAllText(path).Replace(also, with));
            using ControlEnvironment environment = Rest(path);
            Assert.That(environment.Success, Is.EqualTo(succeeds), $"{start}: distance {environment.Measure(0)}");
        }
    }

    [Test]
    public void Measures_are_those_of_the_recorded_observations()
    {
        using ControlEnvironment arm = Episodes.Begin("reacher"), cart = Episodes.Begin("cartpole"),
            runner = Episodes.Begin("cheetah");
        List<double> distances = [], cosines = [], speeds = [];
        Episodes.Play(arm, 1, 7, _ =>
            distances.Add(Math.Sqrt(Math.Pow(arm.Observation[11], 2) + Math.Pow(arm.Observation[12], 2))));
        Episodes.Play(cart, 1, 7, _ => cosines.Add(cart.Observation[2]));
        Episodes.Play(runner, 1, 7, _ => speeds.Add(runner.Observation[8]));
        double[] last = [.. distances.TakeLast(50)];
        double mean = last.Average(), deviation = Math.Sqrt(last.Average(d => (d - mean) * (d - mean)));
        Assert.That(new[] { arm.Measure(0), arm.Measure(1), arm.Measure(2) },
            Is.EqualTo(new[] { distances[^1], mean, deviation }).Within(1e-12));
        Assert.That(cart.Measure(0), Is.EqualTo(cosines.TakeLast(20).Min()));
        Assert.That(arm.Success, Is.EqualTo(distances[^1] < 0.02));
        Assert.That(cart.Success, Is.EqualTo(cosines.TakeLast(20).Min() > Math.Cos(0.2)));
        Assert.That(runner.Measure(0), Is.EqualTo(speeds.Average()).Within(1e-12));
    }

    // an episode without actions
    private static ControlEnvironment Rest(string nameOrPath)
    {
        ControlEnvironment environment = Episodes.Begin(nameOrPath);
        while (!environment.Done) environment.Step(new double[environment.Task.ActionSize]);
        return environment;
    }
}
