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
        for (ulong episode = 0; episode < 3; episode++)
        {
            environment.Reset(3, RandomStream.Reset, episode);
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
            }
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
