using Naf.Host.Common;
using Naf.Host.Training;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Tests;

/// <summary>Starts from keyframes, drawn parameters of the model and mocap bodies at constants.</summary>
internal sealed class ModelResetTests : MujocoFixture
{
    private const string Drawn = """
        constants: {target: {at: [0.5, -1.2, 0.1], uniform: [-0.1, 0.1]}}
        reset:
          - {mass: [cart, arm], uniform: [-0.3, 0.4]}
          - {friction: puck, at: 0.9, uniform: [-0.2, 0.2]}
          - {damping: slide, uniform: [[0.1, 0.2]]}
          - {mocap: goal, place: target}
        """;

    private static readonly double[] First = [0.7, 0.2, 0, -1, 0.1, 1, 0, 0, 0];

    // lane n of an episode is draw n: two masses, a friction, a damping, three numbers of the constant
    private static double Lane(ulong episode, uint lane, double low, double high) =>
        low + (high - low) * Philox.Uniform(3, RandomStream.TestReset, episode, lane);

    [Test]
    public void An_episode_starts_at_the_keyframe_and_draws_about_it()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(ModelTask.Write(
            scratch, "reset: [{keyframe: raised}, {position: slide, uniform: [-0.1, 0.1]}, {velocity: slide, at: 2}]"));
        using var environment = new ControlEnvironment(task);
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(3, RandomStream.TestReset, episode);
            double[] expected = [.. First];
            expected[1] += Lane(episode, 0, -0.1, 0.1);
            Assert.That(environment.Qpos.ToArray(), Is.EqualTo(expected).Within(1e-15));
            Assert.That(environment.Qvel.ToArray(), Is.EqualTo(new double[] { 0.1, 2, 0, 0, 0, 0, 0, 0 }));
            environment.Step([0, 0]);
        }
    }

    [Test]
    public void Drawn_parameters_and_places_move_as_a_model_that_has_them_in_its_file()
    {
        using ScratchFolder drawn = new(), written = new();
        using ControlTask task = ControlTask.Load(ModelTask.Write(drawn, Drawn));
        using var environment = new ControlEnvironment(task);
        double[] masses = [.. task.Model.BodyMass];
        for (ulong episode = 0; episode < 4; episode++)
        {
            double[] goal = [.. new[] { 0.5, -1.2, 0.1 }.Select((c, i) => c + Lane(episode, 4 + (uint)i, -0.1, 0.1))];
            using ControlTask same = ControlTask.Load(ModelTask.Write(written, "",
                cart: 1 + Lane(episode, 0, -0.3, 0.4), rod: 0.8 + Lane(episode, 1, -0.3, 0.4),
                friction: 0.9 + Lane(episode, 2, -0.2, 0.2), damping: 0.5 + Lane(episode, 3, 0.1, 0.2),
                goal: string.Join(' ', goal.Select(c => c.ToString("R")))));
            using var expected = new ControlEnvironment(same);
            environment.Reset(3, RandomStream.TestReset, episode);
            expected.Reset(3, RandomStream.TestReset, episode);
            Assert.That(environment.Observation[^3..].ToArray(), Is.EqualTo(goal), "the place of the mocap body");
            while (!environment.Done)
            {
                double[] u = Episodes.RandomAction(2, episode, environment.StepIndex);
                environment.Step(u);
                expected.Step(u);
            }
            Assert.That(environment.Qpos.ToArray(), Is.EqualTo(expected.Qpos.ToArray()).Within(1e-9));
            Assert.That(environment.Qvel.ToArray(), Is.EqualTo(expected.Qvel.ToArray()).Within(1e-8));
        }
        Assert.That(task.Model.BodyMass.ToArray(), Is.EqualTo(masses), "the task's own model");
    }

    [Test]
    public void A_restored_episode_has_its_parameters_and_places()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(ModelTask.Write(scratch, Drawn));
        using ControlEnvironment first = new(task), second = new(task);
        first.Reset(3, RandomStream.TestReset, 0);
        second.Reset(3, RandomStream.TestReset, 1);
        for (int i = 0; i < 5; i++) first.Step([0.5, 1]);
        double[] state = new double[first.StateSize];
        first.SaveState(state);
        second.RestoreState(state);
        while (!first.Done) Assert.That(second.Step([-0.5, 1]), Is.EqualTo(first.Step([-0.5, 1])));
        Assert.That(second.Qpos.ToArray(), Is.EqualTo(first.Qpos.ToArray()));
    }

    [Test]
    public void Damping_of_a_ball_joint_is_that_of_its_three_degrees_of_freedom()
    {
        using var scratch = new ScratchFolder();
        string rod = ContractTasks.PathOf("rod");
        scratch.Write("rod.xml", File.ReadAllText(Path.ChangeExtension(rod, ".xml")));
        using ControlTask task = ControlTask.Load(scratch.Write("rod.yaml", File.ReadAllText(rod)
            .Replace("\nreset:\n", "\nreset:\n  - {damping: socket, at: 0.2, uniform: [0, 0.1]}\n")));
        using var environment = new ControlEnvironment(task);
        environment.Reset(3, RandomStream.TestReset, 0);
        Assert.That(environment.Data.Model.DofDamping.ToArray(),
            Is.EqualTo(Enumerable.Repeat(0.2 + Lane(0, 0, 0, 0.1), 3)));
    }

    [Test]
    public void Parameters_are_refused_by_mpc_and_train()
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, Drawn);
        Assert.That(TinyRun.CliError(1, "evaluate", path, "--policy", "mpc"),
            Does.Contain("things: the reset draws parameters of the model, and MPC needs a task that"));
        Assert.That(TinyRun.CliJson("train", path, "--episodes", "2", "--imagination", "true",
            "--set", "refit_episodes=1", "--out", scratch["run"], "--json").Text("task"), Is.EqualTo("things"));
    }

    [Test]
    public void A_run_with_mpc_does_not_go_on_with_a_task_that_draws_parameters()
    {
        using ScratchFolder scratch = new(), drawn = new();
        TrainingRun.Begin(ModelTask.Write(scratch, ""), _ => TinyRun.Resolve(2, "plan=mpc"), scratch["run"]).Dispose();
        string other = ModelTask.Write(drawn, Drawn);
        Assert.That(() => TrainingRun.Resume(scratch["run"], accept: true, warn: static _ => { }, otherTask: other),
            Throws.TypeOf<UserException>().With.Message.Contains("the reset draws parameters of the model"));
    }

    [Test]
    public void Mpc_plans_with_the_mocap_body_at_its_constant()
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, """
            constants: {target: [0.9, -1.2, 0.1]}
            reset: [{mocap: goal, place: target}]
            """);
        using ControlTask task = ControlTask.Load(path);
        using var environment = new ControlEnvironment(task);
        using var model = new Naf.Host.Planning.Mpc.MujocoPlanModel(task, 1);
        environment.Reset(3, RandomStream.TestReset, 0);
        double[] state = new double[model.StateSize], next = new double[model.StateSize];
        environment.SaveSimulation(state);
        model.Begin(environment.Constants);
        model.Step(state, [0.3, 0.4], next);
        environment.Step([0.3, 0.4]);
        environment.SaveSimulation(state);
        Assert.That(next, Is.EqualTo(state));
    }

    [TestCase("[{keyframe: rased}]", "the model has no keyframe 'rased'; did you mean 'raised'?")]
    [TestCase("[{position: slide, at: 1}, {keyframe: raised}]", "it stands once, before the other items")]
    [TestCase("[{keyframe: raised, at: 1}]", "'at' has no meaning here")]
    [TestCase("[{mass: car, uniform: [0, 1]}]", "the model has no body 'car'; did you mean 'cart'?")]
    [TestCase("[{mass: cart, uniform: [-1, 1]}]", "'mass' may be 0 here, where MuJoCo needs more than 0")]
    [TestCase("[{mass: goal, uniform: [1, 2]}]", "'mass' needs bodies that have a mass")]
    [TestCase("[{mass: cart, normal: 0.1}]", "can't be drawn without a lowest value")]
    [TestCase("[{friction: flor, uniform: [0, 1]}]", "the model has no geom 'flor'; did you mean 'floor'?")]
    [TestCase("[{damping: slide, uniform: [-1, 0]}]", "'damping' may be -0.5 here, where MuJoCo needs at least 0")]
    [TestCase("[{mass: cart, at: 2}, {mass: [arm, cart], at: 1}]", "has set already")]
    [TestCase("[{mocap: gaol, place: target}]", "the model has no mocap body 'gaol'; did you mean 'goal'?")]
    [TestCase("[{mocap: goal, place: taget}]", "no 'taget'; did you mean 'target'?")]
    [TestCase("[{mocap: goal}]", "has no key 'place', which it needs")]
    [TestCase("[{mocap: goal, place: target}, {mocap: goal, place: target}]", "placed already")]
    [TestCase("[{mocap: goal, place: target}]\nsignals: [{point: above}]",
        "'above' is on a mocap body that 'reset' places")]
    [TestCase("[{mocap: goal, place: target}]\nsignals: [{point: geom mark}]",
        "'geom mark' is on a mocap body that 'reset' places")]
    public void Mistakes_are_reported(string reset, string words)
    {
        using var scratch = new ScratchFolder();
        string path = ModelTask.Write(scratch, $"constants: {{target: [1, 2, 3]}}\nreset: {reset}");
        Assert.That(() => ControlTask.Load(path),
            Throws.TypeOf<TaskFormatException>().With.Message.Contains(words));
    }
}
