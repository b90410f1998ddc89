using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Processes;

namespace Naf.Tests;

/// <summary>The protocol of docs/environments.md, with processes that keep to it and others that do not.</summary>
[Platform(Exclude = "Win", Reason = "a command needs /bin/sh")]
internal sealed class ProcessEnvironmentTests : FolderFixture
{
    private const string Hello = """{"name": "scripted", "observation": {"low": [null, -1], "high": [null, 1]}, """
        + """ "action": {"low": [-2], "high": [3]}, "max_episode_steps": 5}""";

    private const string First = """{"observation": [0.5, 1e-3]}""";

    private const string Next = """{"observation": [1, 0], "reward": -1, "terminated": false, "truncated": true}""";

    [Test]
    public void Messages_are_those_of_the_protocol()
    {
        string told = Folder["told"];
        string command = $"tee {told} | {{ {Answer(Hello, First, Next)}; cat > /dev/null; }}";
        using (ProcessEnvironment environment = Open(command))
        {
            Assert.That(environment.Name, Is.EqualTo("scripted"));
            Assert.That(environment.ObservationSpace.Low, Is.EqualTo(new[] { double.NegativeInfinity, -1 }));
            Assert.That(environment.ObservationSpace.High, Is.EqualTo(new[] { double.PositiveInfinity, 1 }));
            Assert.That(environment.ActionSpace.High, Is.EqualTo(new[] { 3.0 }));
            Assert.That((environment.MaxEpisodeSteps, environment.IsRepeatable), Is.EqualTo((5, true)));
            Assert.That(environment.Reset((7UL << 32) + 5), Is.EqualTo(new[] { 0.5, 0.001 }));
            EnvironmentStep step = environment.Step([1e-5]);
            Assert.That(step.Observation, Is.EqualTo(new[] { 1.0, 0 }));
            Assert.That((step.Reward, step.Terminated, step.Truncated), Is.EqualTo((-1, false, true)));
        }
        Assert.That(File.ReadAllLines(told), Is.EqualTo(new[]
            { "{\"hello\": 1}", "{\"reset\": 5}", "{\"step\": [1E-05]}", "{\"close\": true}" }));
    }

    [Test]
    public void A_reward_is_read_for_imagination()
    {
        const string Reward = """
            , "reward": {"terms": [{"kind": "smooth_norm", "weight": -1, "alpha": 0.1, "index": [0, 2],
            "centre": [0, 0], "scale": [1, 0.01]}],
            "bounds": [{"index": 1, "low": null, "high": 0.9}], "termination_reward": -3}}
            """;
        using ProcessEnvironment environment = Open(Answer(Hello[..^1] + Reward.ReplaceLineEndings(" ")));
        RewardDefinition read = environment.Reward!;
        Assert.That((read.Terms[0].Kind, read.Terms[0].Alpha, read.TerminationReward),
            Is.EqualTo((RewardKind.SmoothNorm, 0.1, -3)));
        Assert.That(read.Bounds, Is.EqualTo(new[] { new TerminationBound(1, double.NegativeInfinity, 0.9) }));
    }

    [TestCase("exit 3", "ended with exit code 3 when asked for hello")]
    [TestCase("no-such-program-3 2> /dev/null", "ended with exit code 127 when asked for hello")]
    [TestCase("printf half; exit 0", "ended with exit code 0 when asked for hello")]
    [TestCase("exec >&-; exec sleep 60", "closed its standard output, though it still runs, when asked for")]
    [TestCase("echo Welcome to my simulator", "answered hello by 'Welcome to my simulator', but it is not JSON")]
    [TestCase("echo; exec sleep 60", "answered hello by '', but it is not JSON")]
    [TestCase("echo '[1, 2]'", "but it is not a JSON object")]
    [TestCase("echo '{}'", "but it has no \"observation\"")]
    [TestCase("printf '\\377\\376\\n'", "answered by a line that is not UTF-8 when asked for hello")]
    [TestCase("printf '{\"a\": \"\\033[31m\\007\"}\\n'", "answered hello by '{\"a\": \"?[31m?\"}'")]
    [TestCase("head -c 20000000 /dev/zero | tr '\\0' 1", "answered by a line of more than 16 MiB")]
    [TestCase("yes '{' | tr -d '\\n'", "answered by a line of more than 16 MiB")]
    public void A_process_that_does_not_start_as_it_should_is_said_to_do_so(string command, string message)
    {
        var watch = Stopwatch.StartNew();
        AssertFails(() => Open(command), message);
        Assert.That(watch.Elapsed.TotalSeconds, Is.LessThan(20));
    }

    [TestCase("{\"observation\": [1, 2, 3]}",
        "answered reset by '{\"observation\": [1, 2, 3]}', but its observation has 3 numbers, and its space 2")]
    [TestCase("{\"observation\": [NaN, 0]}", "it is not JSON (which has no NaN and no Infinity: write null)")]
    [TestCase("{\"observation\": [\"1\", 0]}", "but \"1\" is not a number")]
    [TestCase("{\"observation\": 3}", "but its observation is not a list of numbers")]
    [TestCase("{\"obs\": [1, 2]}", "but it has no \"observation\"")]
    public void A_wrong_first_observation_is_refused(string answer, string message)
    {
        using ProcessEnvironment environment = Open(Answer(Hello, answer));
        AssertFails(() => environment.Reset(1), message);
    }

    [TestCase("{\"observation\": [1, 2], \"terminated\": false, \"truncated\": false}", "but it has no \"reward\"")]
    [TestCase("{\"observation\": [1, 2], \"reward\": 0, \"terminated\": 0, \"truncated\": false}",
        "but its terminated is neither true nor false")]
    [TestCase(null, "ended with exit code 137 (signal 9) when asked for step 1 of the episode")]
    public void A_wrong_step_is_refused(string? answer, string message)
    {
        using ProcessEnvironment environment =
            Open(Answer(Hello, First) + (answer is null ? "; read r; kill -9 $$" : $"; {Answer(answer)}"));
        environment.Reset(1);
        AssertFails(() => environment.Step([0]), message);
    }

    [TestCase("{\"low\": [0], \"high\": [null]}", "10", "every action needs finite bounds")]
    [TestCase("{\"low\": [0], \"high\": [0]}", "10", "a box needs lower bounds below the upper ones")]
    [TestCase("{\"low\": [0], \"high\": [1]}", "0", "an episode has at least one step")]
    [TestCase("{\"low\": [0], \"high\": [1]}", "1.5", "its max_episode_steps is not a whole number")]
    public void Spaces_that_cannot_be_trained_on_are_refused(string action, string steps, string message)
    {
        string hello = "{\"name\": \"a\", \"observation\": {\"low\": [0], \"high\": [1]}, \"action\": "
            + $"{action}, \"max_episode_steps\": {steps}}}";
        Assert.That(() => EnvironmentCommand.Open(Answer(hello), new TrainingSettings()),
            Throws.InstanceOf<UserException>().Or.InstanceOf<EnvironmentException>().With.Message.Contains(message));
    }

    [Test]
    public void Each_process_must_have_the_spaces_of_the_first()
    {
        File.WriteAllText(Folder["hello"], Hello + "\n");
        EnvironmentTask task = EnvironmentCommand.Open($"cat {Folder["hello"]}", new TrainingSettings());
        File.WriteAllText(Folder["hello"], Hello.Replace("[3]", "[4]") + "\n");
        AssertFails(() => ((IControlTask)task).CreateEnvironment(),
            "did not give the same answer to hello as its first process");
    }

    [Test]
    public void A_process_that_hangs_is_ended()
    {
        string command = $"echo $$ > {Folder["pid"]}; echo '{{\"busy\": \"homing\"}}'; while true; do sleep 1; done";
        AssertFails(() => new ProcessEnvironment(command, TimeSpan.FromSeconds(3)),
            "did not answer within 3 s when asked for hello (it was last busy with 'homing'); raise answer_timeout");
        Assert.That(() => IsAlive(File.ReadAllText(Folder["pid"])), Is.False.After(10_000, 50));
    }

    [Test]
    public void A_busy_process_is_waited_for()
    {
        const string Busy = "sleep 1; echo '{\"busy\": \"homing\"}'; ";
        using var environment =
            new ProcessEnvironment(Busy + Busy + Busy + Answer(Hello), TimeSpan.FromSeconds(2.5));
        Assert.That(environment.MaxEpisodeSteps, Is.EqualTo(5));
    }

    [Test]
    public void A_number_that_is_null_is_not_finite()
    {
        EnvironmentTask task = EnvironmentCommand.Open(
            Answer(Hello, First, Next.Replace("[1, 0]", "[null, 0]")), new TrainingSettings());
        using IControlEnvironment environment = ((IControlTask)task).CreateEnvironment();
        environment.Reset(1, RandomStream.Reset, 0);
        Assert.That(() => environment.Step([0]), Throws.TypeOf<SimulationException>().With.Property("Unstable").True);
    }

    /// <summary>Whether a process with this number runs, other than as a zombie.</summary>
    public static bool IsAlive(string pid)
    {
        string status = $"/proc/{pid.Trim()}/stat";
        try
        {
            return !File.ReadAllText(status).Contains(") Z");
        }
        catch (IOException)
        {
            return false;
        }
    }

    // shell commands that answer a request with each line
    private static string Answer(params string[] lines) =>
        string.Join("; ", lines.Select(line => $"read r; echo '{line}'"));

    private static ProcessEnvironment Open(string command) => new(command, TimeSpan.FromSeconds(30));

    private static void AssertFails(Func<object> call, string message)
    {
        Exception? thrown = Assert.Catch(() => call());
        Assert.That(thrown, Is.TypeOf<EnvironmentException>());
        Assert.That(thrown!.Message, Does.StartWith("the environment '").And.Contain(message).And.Not.Contain("\n"));
    }
}
