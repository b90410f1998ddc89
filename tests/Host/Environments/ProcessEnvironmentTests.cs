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
    public void Actions_keep_their_limits_and_an_unfinished_episode_ends_at_the_safe_action()
    {
        string told = Folder["told"], next = Next.Replace("true}", "false}");
        string hello = Hello.Replace("\"high\": [3]}", "\"high\": [3], \"max_change\": [0.3], \"safe\": [0.1]}")
            .Replace("\"max_episode_steps\": 5", "\"max_episode_steps\": 50");
        string command = $"tee {told} | {{ {Answer(hello)}; while {Answer(next)}; do :; done; }}";
        EnvironmentTask task = EnvironmentCommand.Open(command, new TrainingSettings());
        var random = new Random(3);
        List<double> applied = [];
        using (IControlEnvironment environment = ((IControlTask)task).CreateEnvironment())
        {
            File.WriteAllText(told, "");
            environment.Reset(1, RandomStream.Reset, 0);
            for (int i = 0; i < 40; i++)
            {
                environment.Step([i < 5 ? 9 : 3 * random.NextDouble() - 1.5]);
                applied.Add(environment.Applied[0]);
            }
        }
        string[] lines = File.ReadAllLines(told);
        double before = 0.1;
        double[] sent =
            [.. lines.Where(line => line.StartsWith("{\"step\"")).Select(line => double.Parse(line[10..^2]))];
        Assert.That(sent, Has.Length.EqualTo(40));
        foreach (double action in sent)
        {
            Assert.That(action, Is.InRange(-2.0, 3.0));
            Assert.That(Math.Abs(action - before), Is.LessThanOrEqualTo(0.3), "exactly");
            before = action;
        }
        Assert.That(sent[0], Is.EqualTo(0.4).Within(1e-15), "from the safe action on");
        Assert.That(applied.Select(u => -2 + (u + 1) / 2 * 5), Is.EqualTo(sent).Within(1e-12));
        Assert.That(lines[^2..], Is.EqualTo(new[] { "{\"stop\": [0.1]}", "{\"close\": true}" }));
    }

    [TestCase("\"max_change\": [0]", "change are [0]; give one number above 0 for each action (actions: 1), infinite")]
    [TestCase("\"max_change\": [1, 1]", "the limits on an action's change are [1, 1]; give one number above 0 for")]
    [TestCase("\"safe\": [3.5]", "the safe action is [3.5]; give one number within its bounds for each action")]
    [TestCase("\"safe\": [null]", "the safe action is [NaN]; give one number within")]
    [TestCase("\"safe\": 0", "its action.safe is not a list of numbers")]
    public void Limits_that_make_no_sense_are_refused(string member, string message)
    {
        string command = Answer(Hello.Replace("\"high\": [3]}", $"\"high\": [3], {member}}}"));
        Assert.That(() => EnvironmentCommand.Open(command, new TrainingSettings()),
            Throws.InstanceOf<UserException>().Or.InstanceOf<EnvironmentException>().With.Message.Contains(message));
    }

    [Test]
    public void A_process_that_does_not_answer_in_time_is_told_the_safe_action_before_it_is_ended()
    {
        string told = Folder["told"], pid = Folder["pid"];
        string hello = Hello.Replace("\"high\": [3]}", "\"high\": [3], \"safe\": [0.1]}")[..^1]
            + ", \"answer_timeout\": 1.5}";
        using (ProcessEnvironment environment = Open(
            $"echo $$ > {pid}; {Answer(hello, First)}; read r; read r; echo $r > {told}; while true; do sleep 1; done"))
        {
            environment.Reset(1);
            AssertFails(() => environment.Step([0]), "did not answer within 1.5 s when asked for step 1");
        }
        Assert.That(File.ReadAllText(told), Is.EqualTo("{\"stop\": [0.1]}\n"));
        Assert.That(() => IsAlive(File.ReadAllText(pid)), Is.False.After(10_000, 50));
    }

    [Test]
    public void No_step_follows_the_stop_when_an_answer_comes_late()
    {
        string told = Folder["told"];
        string hello = Hello.Replace("\"high\": [3]}", "\"high\": [3], \"safe\": [0.1]}")[..^1]
            + ", \"answer_timeout\": 1.5}";
        using (ProcessEnvironment environment = Open(
            $"{Answer(hello, First)}; read r; sleep 2.5; echo '{Next}'; cat > {told}"))
        {
            environment.Reset(1);
            AssertFails(() => environment.Step([0]), "did not answer within 1.5 s when asked for step 1");
        }
        Assert.That(File.ReadAllLines(told), Is.EqualTo(new[] { "{\"stop\": [0.1]}", "{\"close\": true}" }));
    }

    [TestCase("{\"observation\": [null, 0]}", null)]
    [TestCase(First, "{\"observation\": [1, 1e99], \"reward\": 0, \"terminated\": false, \"truncated\": false}")]
    [TestCase(First, "{\"observation\": [1, 0], \"reward\": null, \"terminated\": false, \"truncated\": false}")]
    public void An_episode_that_breaks_down_ends_at_the_safe_action(string first, string? next)
    {
        string told = Folder["told"], hello = Hello.Replace("\"high\": [3]}", "\"high\": [3], \"safe\": [0.1]}");
        EnvironmentTask task = EnvironmentCommand.Open(
            $"tee {told} | {{ {Answer(next is null ? [hello, first] : [hello, first, next])}; cat > /dev/null; }}",
            new TrainingSettings());
        using (IControlEnvironment environment = ((IControlTask)task).CreateEnvironment())
        {
            Assert.That(() =>
            {
                environment.Reset(1, RandomStream.Reset, 0);
                environment.Step([0]);
            }, Throws.TypeOf<SimulationException>());
            Assert.That(() => File.ReadLines(told).Last(), Is.EqualTo("{\"stop\": [0.1]}").After(10_000, 50));
        }
        Assert.That(File.ReadLines(told).Count(line => line.Contains("stop")), Is.EqualTo(1), "and is not told again");
    }

    [Test]
    public void A_pause_has_no_end_but_a_stop()
    {
        const string Again = "echo '{\"pause\": \"lunch\"}'; ", Pause = $"read r; {Again}";
        List<string> told = [];
        using (var environment = new ProcessEnvironment(
            $"{Answer(Hello)}; {Pause} {Again} sleep 3; echo '{First}'; cat > /dev/null", TimeSpan.FromSeconds(2),
            tell: told.Add))
            Assert.That(environment.Reset(1), Is.EqualTo(new[] { 0.5, 0.001 }));
        Assert.That(told, Has.Count.EqualTo(1).And.All.EndsWith("pauses: lunch"));

        using var stop = new CancellationTokenSource();
        using var stopped = new ProcessEnvironment(
            $"{Answer(Hello)}; {Pause} exec sleep 100", TimeSpan.FromSeconds(30), stop.Token);
        stop.CancelAfter(500);
        var error = Assert.Throws<EnvironmentException>(() => stopped.Reset(1));
        Assert.That((error!.End, error.IsFailure), Is.EqualTo((EnvironmentEnd.Stopped, false)));
    }

    [Test]
    public void A_reward_is_read_for_imagination()
    {
        const string Reward = """
            , "reward": {"terms": [{"kind": "smooth_norm", "weight": -1, "alpha": 0.1, "index": [0, 2],
            "centre": [0, 0], "scale": [1, 0.01], "clip_high": 2},
            {"kind": "product", "weight": 1, "index": [0, 1], "centre": [0, 0], "scale": [1, 1],
            "factors": [{"of": "norm", "count": 2, "low": 0, "margin": 0.5, "sigmoid": "long_tail"}]}],
            "bounds": [{"index": 1, "low": null, "high": 0.9}], "termination_reward": -3}}
            """;
        using ProcessEnvironment environment = Open(Answer(Hello[..^1] + Reward.ReplaceLineEndings(" ")));
        RewardDefinition read = environment.Reward!;
        Assert.That((read.Terms[0].Kind, read.Terms[0].Alpha, read.TerminationReward),
            Is.EqualTo((RewardKind.SmoothNorm, 0.1, -3)));
        Assert.That((read.Terms[0].ClipLow, read.Terms[0].ClipHigh), Is.EqualTo((double.NegativeInfinity, 2)));
        Assert.That(read.Terms[1].Factors, Is.EqualTo(new[] { new ToleranceFactor(
            ToleranceOf.Norm, 2, 0, double.PositiveInfinity, 0.5, ToleranceSigmoid.LongTail) }));
        Assert.That(read.Bounds, Is.EqualTo(new[] { new TerminationBound(1, double.NegativeInfinity, 0.9) }));
    }

    [TestCase("{\"kind\": \"cubic\"}", "term 0 of its reward has no \"index\"; correct that (docs/environments.md has")]
    [TestCase("{\"kind\": \"cubic\", \"index\": [0], \"centre\": [0], \"scale\": [1]}",
        "the kind of term 0 of its reward is \"cubic\", and there are linear, quadratic, smooth_norm, log_quadratic, "
        + "bump, sigmoid, product; correct that")]
    [TestCase("{\"kind\": 3, \"index\": [0], \"centre\": [0], \"scale\": [1]}",
        "the kind of term 0 of its reward is 3")]
    [TestCase("{\"kind\": \"linear\", \"index\": [\"a\"], \"centre\": [0], \"scale\": [1]}",
        "term 0 of its reward has an unknown or malformed member: index[0]; correct that")]
    [TestCase("{\"kind\": \"linear\", \"index\": [0], \"centre\": [0], \"scale\": [1], \"wieght\": 1}",
        "term 0 of its reward has an unknown or malformed member: wieght; correct that")]
    [TestCase("{\"kind\": \"product\", \"index\": [0], \"centre\": [0], \"scale\": [1], "
        + "\"factors\": [{\"of\": \"nrm\", \"count\": 1}]}",
        "term 0 of its reward has an unknown or malformed member: factors[0].of; correct that")]
    [TestCase("3", "term 0 of its reward has no \"kind\"")]
    public void A_malformed_reward_is_said_to_be_so_in_the_protocol_s_words(string term, string message) => AssertFails(
        () => Open(Answer(Hello[..^1] + $", \"reward\": {{\"terms\": [{term}]}}}}")), message);

    [TestCase("{\"observation\": [1]}", "and its space 2; correct that (docs/environments.md has the messages)")]
    [TestCase("[1", "write null); have it write one JSON object per line, and anything else to standard error")]
    public void A_wrong_answer_has_the_remedy_that_fits(string answer, string message)
    {
        using ProcessEnvironment environment = Open(Answer(Hello, answer));
        AssertFails(() => environment.Reset(1), message);
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
