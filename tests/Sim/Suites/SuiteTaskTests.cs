using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>
/// Tasks of the suites, over models of the tests that have the public ones' names, and, where NAF_MODELS is set, over
/// the public models: NAF_MODELS=DIR ./test --filter FullyQualifiedName~SuiteTaskTests.
/// </summary>
internal sealed class SuiteTaskTests : MujocoFixture
{
    private const double Agreement = 1e-9;

    // joints near the goal of tasks whose own starts give random actions no reward
    private static readonly Dictionary<string, (string Joint, double Position, double Velocity)[]> NearGoal = new()
    {
        ["acrobot-swingup_sparse"] = [("shoulder", 0, 0), ("elbow", 0, 0)],
        ["ball_in_cup-catch"] = [("ball_x", 0, 0), ("ball_z", 0.345, 0)],
        ["cartpole-swingup_sparse"] = [("slider", 0, 0), ("hinge_1", 0, 0)],
        ["finger-spin"] = [("hinge", 0, -1000)],
        ["hopper-hop"] = [("rootx", 0, 3), ("rooty", 0, 0), ("waist", 0, 0), ("hip", 0, 0), ("knee", 0, 0)],
        ["hopper-stand"] = [("rooty", 0, 0), ("waist", 0, 0), ("hip", 0, 0), ("knee", 0, 0)],
        ["pendulum-swingup"] = [("hinge", 0, 0)],
        ["point_mass-easy"] = [("root_x", 0, 0), ("root_y", 0, 0)],
    };

    internal static string StandIns => Path.Combine(Repository.Root, "tests/Sim/Suites/StandIns");

    private static IEnumerable<TestCaseData> Cases =>
        from task in Tasks
        from models in new[] { StandIns, Environment.GetEnvironmentVariable(TaskSuite.Variable) }
        where models is not null
        select new TestCaseData(task, models).SetArgDisplayNames(
            task, models == StandIns ? "stand-in" : "public model");

    private static IEnumerable<string> Tasks => TaskSuite.All.SelectMany(suite => suite.Names);

    [TestCaseSource(nameof(Tasks))]
    public void The_table_of_the_documentation_has_its_sizes_and_what_its_reward_needs(string name)
    {
        using ControlTask task = ControlTask.Load(name, StandIns);
        string start = FormattableString.Invariant($"| `{name}` | `{task.File.ModelText}` | {task.ObservationSize} | ")
            + FormattableString.Invariant($"{task.ActionSize} | {task.ControlStep:0.###} s | ");
        string reward = task.ModelFreeReason is null ? "before"
            : name == "Pusher-v4" ? "before, with signals" : "after";
        Assert.That(TaskDocument.Text.Split('\n'), Has.Member($"{start}{reward} |"));
    }

    [TestCaseSource(nameof(Cases))]
    public void Observation_reward_and_end_are_what_the_source_computes(string name, string models)
    {
        var oracle = SuiteOracle.Of(name);
        using ControlTask task = ControlTask.Load(name, models);
        Assert.That(task.Name, Is.EqualTo(name));
        Assert.That(task.ControlStep, Is.EqualTo(oracle.ControlStep).Within(1e-12));
        Assert.That(task.Horizon, Is.EqualTo(oracle.Steps));
        using var environment = new ControlEnvironment(task);
        using var probe = new SuiteProbe(task, Folder.Path);
        double most = 0;
        for (ulong episode = 0; episode < 4; episode++)
        {
            environment.Reset(3, RandomStream.Reset, episode);
            if (episode == 3) StartNearGoal(environment, probe);
            SuiteState before = probe.At(environment);
            Compare(environment.Observation, oracle.Observe(before), $"start {episode}");
            while (!environment.Done && environment.StepIndex < 80)
            {
                double[] u = Episodes.RandomAction(task.ActionSize, episode, environment.StepIndex);
                StepResult result = environment.Step(u);
                SuiteState after = probe.At(environment);
                string step = $"episode {episode}, step {environment.StepIndex}";
                Compare(environment.Observation, oracle.Observe(after), step);
                Compare([result.Reward], [oracle.Reward(before, after, u)], $"reward, {step}");
                Assert.That(result.Terminated, Is.EqualTo(oracle.Ends?.Invoke(after) ?? false), $"end, {step}");
                before = after;
                most = Math.Max(most, Math.Abs(result.Reward));
            }
        }
        Assert.That(most, Is.GreaterThan(0.01), "a reward that was compared");

        static void StartNearGoal(ControlEnvironment environment, SuiteProbe probe)
        {
            ControlTask task = environment.Task;
            KinematicTree tree = task.Model.KinematicTree;
            foreach ((string name, double position, double velocity) in NearGoal.GetValueOrDefault(task.Name, []))
            {
                TreeJoint joint = tree.Joints[tree.FindJoint(name)];
                environment.Data.Qpos[joint.QposAddress] = position;
                environment.Data.Qvel[joint.DofAddress] = velocity;
            }
            double[] state = ((IControlEnvironment)environment).SaveState();
            // the reacher's target, which follows the simulator's part of the state
            if (task.Name.StartsWith("reacher-", StringComparison.Ordinal))
                probe.At(environment).Geom("finger").AsSpan(0, environment.Constants.Length)
                    .CopyTo(state.AsSpan(environment.Data.StateSize));
            environment.RestoreState(state);
        }

        static void Compare(ReadOnlySpan<double> found, double[] expected, string where)
        {
            Assert.That(found.Length, Is.EqualTo(expected.Length), where);
            for (int i = 0; i < expected.Length; i++)
                Assert.That(found[i], Is.EqualTo(expected[i]).Within(Agreement * (1 + Math.Abs(expected[i]))),
                    $"{where}, number {i}");
        }
    }
}
