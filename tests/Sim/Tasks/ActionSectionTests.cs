using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Training;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>The section `actions`: home, range and rate limit.</summary>
internal sealed class ActionSectionTests : MujocoFixture
{
    [TestCase("", 0.5, 1.0, 2.0, 2.0)]
    [TestCase("actions: {home: raised, range: 0.3}", 0.6, 0.3, 1.0, 0.3)]
    [TestCase("actions: {home: [0.2, 3], range: [0.1, 0.5]}", 0.2, 0.1, 3.0, 0.5)]
    [TestCase("actions: {range: [0.4, 1]}", 0.5, 0.4, 2.0, 1.0)]
    public void An_action_is_home_plus_range(string section, params double[] homeAndRange)
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(ModelTask.Write(scratch, section));
        double[] controls = new double[2];
        foreach ((double a, double b) in new[] { (0.0, 0.0), (1.0, -1.0), (-1.0, 1.0), (0.25, -0.5) })
        {
            task.ToControls([a, b], controls);
            Assert.That(controls, Is.EqualTo(new[]
                { homeAndRange[0] + homeAndRange[1] * a, homeAndRange[2] + homeAndRange[3] * b }).Within(1e-15));
        }
    }

    [Test]
    public void Controls_stay_within_the_range_of_the_actuator()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(
            ModelTask.Write(scratch, "actions: {home: raised, range: [2, 1.5]}"));
        double[] controls = new double[2];
        task.ToControls([1, 1], controls);
        Assert.That(controls, Is.EqualTo(new[] { 1.5, 2.5 }));
        task.ToControls([-1, -1], controls);
        Assert.That(controls, Is.EqualTo(new double[] { -0.5, 0 }));
    }

    [TestCase("", -0.5f, -1f)]
    [TestCase("actions: {range: [0.4, 1]}", 0f, 0f)]
    [TestCase("actions: {home: raised, range: 3}", 0f, 0f)]
    public void The_policy_zero_is_zero_control_where_the_range_has_it(string section, params float[] expected)
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(ModelTask.Write(scratch, section));
        float[] u = [9, 9];
        PolicyEvaluation.WithoutRun("zero", task, 0)([], 0, 0, u);
        Assert.That(u, Is.EqualTo(expected));
    }

    [Test]
    public void An_action_changes_by_at_most_its_limit_in_a_step()
    {
        using var scratch = new ScratchFolder();
        using ControlTask limited = ControlTask.Load(ModelTask.Write(scratch, "actions: {rate_limit: [0.25, 0.5]}"));
        using ControlTask free = ControlTask.Load(ModelTask.Write(scratch, ""));
        using ControlEnvironment environment = new(limited), other = new(free);
        environment.Reset(3, RandomStream.TestReset, 0);
        other.Reset(3, RandomStream.TestReset, 0);
        double[][] asked = [[1, -1], [1, -1], [-1, 0.2], [0.1, 0.2]], applied =
            [[0.25, -0.5], [0.5, -1], [0.25, -0.5], [0.1, 0]];
        for (int step = 0; step < asked.Length; step++)
        {
            Assert.That(environment.Step(asked[step]), Is.EqualTo(other.Step(applied[step])), $"step {step}");
            Assert.That(environment.Applied.ToArray(), Is.EqualTo(applied[step]));
        }
        Assert.That(environment.Qpos.ToArray(), Is.EqualTo(other.Qpos.ToArray()));

        // the last action is part of a saved state
        double[] state = new double[environment.StateSize];
        environment.SaveState(state);
        StepResult next = environment.Step([1, 1]);
        environment.Reset(3, RandomStream.TestReset, 1);
        environment.RestoreState(state);
        Assert.That(environment.Step([1, 1]), Is.EqualTo(next));
    }

    [TestCase("")]
    [TestCase("algorithm=ddpg")]
    public void The_replay_has_the_actions_that_were_applied(string algorithm)
    {
        using var scratch = new ScratchFolder();
        string[] settings = ["noise_sigma=1", .. algorithm.Length > 0 ? [algorithm] : Array.Empty<string>()];
        using (TrainingRun run = TrainingRun.Begin(
            ModelTask.Write(scratch, "actions: {rate_limit: 0.25}"), _ => TinyRun.Resolve(3, settings), scratch["run"]))
            run.Train();
        using CheckpointReader checkpoint = RunFolder.CheckpointsOf(scratch["run"]).ReadNewest(c => c, _ => { });
        float[] rows = checkpoint.Scope.Values<float>("learner.0.replay.transitions", []);
        const int observations = 10, actions = 2, row = 2 * observations + actions + 2; // rows x u r b x'
        Assert.That(rows, Has.Length.GreaterThanOrEqualTo(90 * row));
        for (int a = 0; a < actions; a++)
            AssertLimited([.. Enumerable.Range(0, 90).Select(i => (double)rows[row * i + observations + a])]);
    }

    [Test]
    public void A_trajectory_has_the_actions_that_were_applied()
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, "actions: {rate_limit: 0.25}"), file = scratch["t.csv"];
        TinyRun.CliJson("evaluate", path, "--policy", "random", "--episodes", "1", "--trajectory", file, "--json");
        string[][] cells = [.. File.ReadLines(file).Select(line => line.Split(','))];
        int servo = Array.IndexOf(cells[0], "action.servo");
        AssertLimited([.. cells.Skip(1).Take(30).Select(c => double.Parse(c[servo], CultureInfo.InvariantCulture))]);
    }

    // in episodes of 30 steps
    private static void AssertLimited(double[] u)
    {
        double[] changes = [.. u.Select((value, i) => Math.Abs(value - (i % 30 == 0 ? 0 : u[i - 1])))];
        Assert.That(changes, Is.All.LessThanOrEqualTo(0.25 + 1e-6).And.Some.EqualTo(0.25).Within(1e-6));
    }

    [TestCase("train", "--imagination", "fitted")]
    [TestCase("evaluate", "--policy", "mpc")]
    public void A_rate_limit_is_refused_by_imagination_and_planners(string command, params string[] options)
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, "actions: {rate_limit: 0.25}");
        string[] arguments = [command, path, .. options,
            .. command == "train" ? ["--episodes", "1", "--out", scratch["run"]] : Array.Empty<string>()];
        Assert.That(TinyRun.CliError(1, arguments), Does.Contain("the actions have a rate_limit"));
    }

    [Test]
    public void The_check_says_what_no_action_stands_for()
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, "actions: {home: raised, range: [0.3, 2]}");
        JsonElement servo = TinyRun.CliJson("tasks", "--check", path, "--episodes", "2", "--json")
            .GetProperty("model").GetProperty("actuators")[0];
        Assert.That((servo.Number("low"), servo.Number("zero"), servo.Number("high")),
            Is.EqualTo((0.6 - 0.3, 0.6, 0.6 + 0.3)));
        Assert.That(TinyRun.Cli("tasks", "--check", path, "--episodes", "2").Out.ReplaceLineEndings(" "),
            Does.Contain("servo (0.3 .. 0.9, 0.6 at u = 0)").And.Contain("push (0 .. 3, 1 at u = 0)"));
    }

    [TestCase("{home: rased}", "the model has no keyframe 'rased'; did you mean 'raised'?")]
    [TestCase("{home: [1, 5]}", "'home' is 5 for actuator 'push', whose ctrlrange is 0 to 4")]
    [TestCase("{home: [1]}", "expects 2 numbers (or one for all), not 1")]
    [TestCase("{range: 0}", "'range' expects numbers above 0")]
    [TestCase("{rate_limit: -1}", "'rate_limit' expects numbers above 0")]
    [TestCase("{rang: 1}", "unknown key 'rang' in 'actions'; did you mean 'range'?")]
    public void Mistakes_are_reported(string section, string words)
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, $"actions: {section}");
        Assert.That(() => ControlTask.Load(path), Throws.TypeOf<TaskFormatException>().With.Message.Contains(words));
    }
}
