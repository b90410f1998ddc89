using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// Terms of a reward that do not follow from x and u: their values from the simulator's state, saved states, and what
/// imagination and planners say.
/// </summary>
internal sealed class StepRewardTests : MujocoFixture
{
    private const string Stepping = """
        name: stepping
        description: Rewards of both ends of a step
        model: cartpole.xml
        substeps: 3
        horizon: 20
        reset: [{position: hinge, uniform: [-1, 1]}, {velocity: [slider, hinge], normal: 0.3}]
        observation: [{sin_cos: hinge}, {velocity: [slider, hinge]}]
        signals: [{position: slider}]
        reward:
          - {constant: 1}
          - {linear: rate.slider, weight: 2}
          - {quadratic: [after.hinge.sin, slider], scale: [1, 3], weight: -0.5, clip: [-inf, 0.4]}
          - {quadratic: action_rate, weight: -0.1}
          - {quadratic: action, weight: -0.01}
          - weight: 0.3
            product:
              - {value: after.hinge.cos, bounds: [0.9, inf], margin: 1}
              - {value: action.push, margin: 1, sigmoid: quadratic, value_at_margin: 0, least: 0.8}
        """;

    private static string Task(ScratchFolder scratch)
    {
        scratch.Copy("cartpole");
        return scratch.Write("stepping.yaml", Stepping);
    }

    [Test]
    public void Rewards_are_those_of_the_states_before_and_after_the_step()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(Task(scratch));
        using var environment = new ControlEnvironment(task);
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(3, RandomStream.TestReset, episode);
            double last = 0, score = 0;
            while (!environment.Done)
            {
                double x = environment.Qpos[0], u = Episodes.RandomAction(1, episode, environment.StepIndex)[0];
                StepResult result = environment.Step([u]);
                double next = environment.Qpos[0], angle = environment.Qpos[1], miss = 0.9 - Math.Cos(angle);
                double expected = 1 + 2 * (next - x) / task.ControlStep
                    - 0.5 * Math.Min(0.4, Math.Pow(Math.Sin(angle), 2) + 3 * x * x)
                    - 0.1 * (u - last) * (u - last) - 0.01 * u * u
                    + 0.3 * (miss > 0 ? Math.Pow(0.1, miss * miss) : 1) * (0.8 + 0.2 * (1 - u * u));
                Assert.That(result.Reward, Is.EqualTo(expected).Within(1e-12), $"step {environment.StepIndex}");
                (last, score) = (u, score + result.Reward);
            }
            Assert.That(environment.Score, Is.EqualTo(score));
        }
    }

    [Test]
    public void A_restored_episode_continues_with_the_same_rewards()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(Task(scratch));
        using ControlEnvironment first = new(task), second = new(task);
        first.Reset(3, RandomStream.TestReset, 0);
        second.Reset(3, RandomStream.TestReset, 1);
        for (int i = 0; i < 5; i++) first.Step(Episodes.RandomAction(1, 0, i));
        double[] state = new double[first.StateSize];
        first.SaveState(state);
        second.Step([1]);
        second.RestoreState(state);
        while (!first.Done)
        {
            double[] u = Episodes.RandomAction(1, 0, first.StepIndex);
            Assert.That(second.Step(u), Is.EqualTo(first.Step(u)));
        }
    }

    [TestCase("train", "--imagination", "fitted")]
    [TestCase("train", "--imagination", "network")]
    [TestCase("train", "--plan", "ilqg", "--plan-fraction", "0.5")]
    [TestCase("train", "--plan", "mpc", "--plan-fraction", "0.5")]
    [TestCase("evaluate", "--policy", "mpc")]
    public void Imagination_and_planners_refuse_them_by_name(string command, params string[] options)
    {
        using var scratch = new ScratchFolder();
        string[] arguments = [command, Task(scratch), .. options,
            .. command == "train" ? ["--episodes", "1", "--out", scratch["run"]] : Array.Empty<string>()];
        Assert.That(TinyRun.CliError(1, arguments), Does.Contain(
            "stepping: the reward has terms of the step, such as linear of rate.slider, and "));
    }

    [Test]
    public void A_signal_outside_its_bounds_ends_the_episode()
    {
        using var scratch = new ScratchFolder();
        string path = Task(scratch);
        File.WriteAllText(path, Stepping.Replace("reward:", """
            termination: {outside: {slider: [-0.05, 0.05], hinge.velocity: [-40, 40]}, reward: -300}
            reward:
            """));
        using ControlTask task = ControlTask.Load(path);
        using var environment = new ControlEnvironment(task);
        int ended = 0;
        for (ulong episode = 0; episode < 20; episode++)
            Episodes.Play(environment, 3, episode, result =>
            {
                Assert.That(result.Terminated, Is.EqualTo(Math.Abs(environment.Qpos[0]) > 0.05));
                if (!result.Terminated) return;
                ended++;
                Assert.That(result.Reward, Is.LessThan(-100), "with the reward of the termination");
            });
        Assert.That(ended, Is.InRange(5, 20));
        JsonElement bounds = TinyRun.CliJson("tasks", "--check", path, "--episodes", "20", "--json")
            .GetProperty("termination").GetProperty("bounds");
        Assert.That(bounds.EnumerateArray().Select(b => (b.Text("name"), b.Number("rate") > 0)),
            Is.EqualTo(new[] { ("hinge.velocity", false), ("after.slider", true) }));
    }

    [Test]
    public void A_bound_of_a_signal_alone_makes_the_task_model_free()
    {
        using var scratch = new ScratchFolder();
        scratch.Copy("cartpole");
        string text = Stepping[..Stepping.IndexOf("reward:", StringComparison.Ordinal)];
        using ControlTask task = ControlTask.Load(scratch.Write("bound.yaml",
            text + "reward: [{quadratic: action, weight: -1}]\ntermination: {outside: {slider: [-1, 1]}}\n"));
        Assert.That(task.ModelFreeReason, Is.EqualTo("the termination reads the signal slider"));
    }

    [Test]
    public void The_task_trains_and_is_checked_and_the_terms_are_marked()
    {
        using var scratch = new ScratchFolder();
        string path = Task(scratch);
        JsonElement check = TinyRun.CliJson("tasks", "--check", path, "--episodes", "4", "--json");
        JsonElement[] terms = [.. check.GetProperty("reward").EnumerateArray()];
        Assert.That(terms.Select(t => (t.Text("kind"), t.Text("of"), t.GetProperty("model_free").GetBoolean())),
            Is.EqualTo(new[]
            {
                ("constant", "", false), ("quadratic", "action", false), ("linear", "rate.slider", true),
                ("quadratic", "after.hinge.sin slider", true), ("quadratic", "action_rate", true),
                ("product", "after.hinge.cos action", true),
            }));
        Assert.That(terms.Sum(t => t.Number("mean")),
            Is.EqualTo(check.GetProperty("random_score").Number("mean")).Within(1e-9));
        Assert.That(terms[0].Number("mean"), Is.EqualTo(20));
        Assert.That(TinyRun.Cli("tasks", "--check", path, "--episodes", "4").Out.ReplaceLineEndings(" "),
            Does.Contain("rate.slider (model-free)")
                .And.Contain("model-free  imagination and planners refuse the task: the reward has terms"));
        Assert.That(TinyRun.CliJson("train", path, "--episodes", "2", "--out", scratch["run"], "--json")
            .Text("task"), Is.EqualTo("stepping"));
    }
}
