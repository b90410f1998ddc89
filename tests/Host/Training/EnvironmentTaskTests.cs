using Naf.Host.Common;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Host.Training;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Kernels.Settings;
using Naf.Sim;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>Training on an environment in C#: the beam-steering example of docs/library.md.</summary>
internal sealed class EnvironmentTaskTests : FolderFixture
{
    private static readonly TrainingSettings Settings = TinyRun.Resolve(4) with { Device = "cpu" };
    private readonly EnvironmentTask _task = new("beam-steering", () => new BeamSteering());
    [Test]
    public void The_policy_learns_to_steer()
    {
        TrainingSettings settings = Settings with
        {
            Episodes = 60, TestEvery = 20, TestEpisodes = 10,
            Learner = new LearnerSettings { Gamma = 0.9, Hidden = [64, 64] },
            Exploration = new ExplorationSettings { Scale = 0.3 },
        };
        var seen = new List<TrainingProgress>();
        using TrainingRun run = TrainingRun.Begin(_task, settings, Folder["run"]);
        TrainingResult result = run.Train(progress: seen.Add);

        double untrained = seen[0].LastTest!.Value;
        Assert.That(result.FinalTestScore, Is.GreaterThan(0.7 * untrained),
            "the deviation that is left, summed over an episode");
        Assert.That(seen.Select(p => p.EpisodesEnded), Is.EqualTo(Enumerable.Range(0, 61)));
    }

    [TestCase(ImaginationKind.Off, PlanKind.None)]
    [TestCase(ImaginationKind.Fitted, PlanKind.Ilqg)]
    [TestCase(ImaginationKind.Network, PlanKind.None)]
    public void A_resumed_run_is_that_of_a_straight_one(ImaginationKind kind, PlanKind plan)
    {
        TrainingSettings settings = With(kind, plan);
        using (TrainingRun straight = TrainingRun.Begin(_task, settings, Folder["straight"])) straight.Train();
        TinyRun.TrainPartly(TrainingRun.Begin(_task, settings, Folder["parts"]), 2);
        using (TrainingRun rest = Resume(_task)) rest.Train();
        Assert.That(TinyRun.Metrics(Folder["parts"]), Is.EqualTo(TinyRun.Metrics(Folder["straight"])));
        long imagined = TinyRun.Rows(Folder["straight"]).Sum(row => long.Parse(row["imagined"]));
        Assert.That(imagined > 0, Is.EqualTo(kind != ImaginationKind.Off));
    }

    [Test]
    public void The_saved_policy_acts()
    {
        using (TrainingRun run = TrainingRun.Begin(_task, Settings, Folder["parts"])) run.Train();
        using RunPolicy policy = RunPolicy.Open(Folder["parts"]);
        var (one, two) = (new float[16], new float[16]);
        policy.Act(new float[16], one);
        policy.Act([.. Enumerable.Repeat(1f, 16)], two);
        Assert.That(one.Concat(two), Has.All.InRange(-1f, 1f));
        Assert.That(two, Is.Not.EqualTo(one));
        Assert.That(() => policy.Act(new float[15], one),
            Throws.ArgumentException.With.Message.Contains("has 16 numbers and an action 16, not 15 and 16"));
        Assert.That(() => policy.Act([.. Enumerable.Repeat(float.NaN, 16)], one),
            Throws.ArgumentException.With.Message.Contains("not finite"));

        var other = new EnvironmentTask("other", () => new BeamSteering());
        Assert.That(() => Resume(other),
            Throws.TypeOf<UserException>().With.Message.Contains("environment:beam-steering"));
        Assert.That(() => RunPolicy.Open(Folder["parts"], learner: 1),
            Throws.TypeOf<UserException>().With.Message.Contains("learners 0 to 0"));
        Assert.That(TinyRun.Cli("evaluate", Folder["parts"]).Error, Does.Contain("an environment of a C# program"));
    }

    [TestCase(ImaginationKind.True, PlanKind.None, "imagination=true")]
    [TestCase(ImaginationKind.Off, PlanKind.Mpc, "plan=mpc")]
    public void What_needs_a_simulator_s_state_is_refused(ImaginationKind imagination, PlanKind plan, string named)
    {
        Assert.That(() => TrainingRun.Begin(_task, With(imagination, plan), Folder["run"]),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("beam-steering").And.Message.Contains(named));
        Assert.That(Directory.Exists(Folder["run"]), Is.False, "nothing is left of it");
    }

    [Test]
    public void Settings_of_a_program_are_checked()
    {
        foreach ((LearnerSettings learner, string named) in (ReadOnlySpan<(LearnerSettings, string)>)
        [
            (new() { Gamma = 2 }, "gamma = '2'"), (new() { Hidden = default }, "hidden = '[]'"),
            (null!, "Learner is null"),
        ])
            Assert.That(() => TrainingRun.Begin(_task, Settings with { Learner = learner }, Folder["run"]),
                Throws.TypeOf<UserException>().With.Message.Contains(named));
    }

    [Test]
    public void An_environment_must_follow_the_seed() => Assert.That(
        () => TrainingRun.Begin(
            new EnvironmentTask("random", () => new Faulty { IsRandom = true }), Settings, Folder["run"]),
        Throws.TypeOf<UserException>().With.Message.Contains("the seed of the reset"));

    [Test]
    public void An_environment_that_keeps_what_it_was_is_not_resumed()
    {
        var task = new EnvironmentTask("drifting", () => new Faulty { Drifts = true });
        TinyRun.TrainPartly(TrainingRun.Begin(task, Settings with { Episodes = 1000 }, Folder["parts"]), 2);
        Assert.That(() => Resume(task),
            Throws.TypeOf<UserException>().With.Message.Contains("led to another observation"));
    }

    [Test]
    public void A_failing_environment_breaks_the_run_off_and_loses_nothing()
    {
        // fails in the test after the second training episode
        var warnings = new List<string>();
        var task = new EnvironmentTask("failing", () => new Faulty { FailsAt = 60 });
        using (TrainingRun run = TrainingRun.Begin(task, Settings with { CheckpointEvery = 1 }, Folder["parts"]))
        {
            run.Warn = warnings.Add;
            Assert.That(() => run.Train(),
                Throws.InvalidOperationException.With.Message.Contains("failing: the environment failed at step"));
            Assert.That(warnings, Is.EqualTo(new[]
                { $"training broke off in episode 2; when it is resumed, {Folder["parts"]} goes on after episode 1" }));
            Assert.That(() => run.Train(), Throws.InvalidOperationException.With.Message.Contains("resume it"));
        }
        var repaired = new EnvironmentTask("failing", () => new Faulty());
        using TrainingRun rest = TrainingRun.Resume(Folder["parts"], task: repaired);
        Assert.That(rest.Train(), Has.Property("Finished").True.And.Property("Episodes").EqualTo(4));
    }

    [Test]
    public void A_learner_that_stopped_is_named_at_its_end_and_when_it_is_resumed()
    {
        var task = new EnvironmentTask("broken", () => new Faulty { Reward = double.NaN });
        var warnings = new List<string>();
        using (TrainingRun run = TrainingRun.Begin(task, Settings, Folder["parts"]))
        {
            run.Warn = warnings.Add;
            Assert.That(run.Train().Finished, Is.False);
        }
        using TrainingRun again = TrainingRun.Resume(Folder["parts"], warn: warnings.Add, task: task);
        Assert.That(warnings, Has.Count.EqualTo(2).And.All.Contains("the reward is NaN"));
        Assert.That(warnings[1], Does.Contain("does not go on"));
    }

    [Test]
    public void The_replay_has_the_actions_that_were_sent()
    {
        var sent = new List<double>();
        var task = new EnvironmentTask("limited", () => new Limited(sent));
        using (TrainingRun run = TrainingRun.Begin(
            task, TinyRun.Resolve(2, "noise_sigma=1", "test_every=1000") with { VerificationEpisodes = 0 },
            Folder["run"]))
        {
            sent.Clear();
            run.Train();
        }
        // between a test of 2 episodes before and one after
        double[] training = [.. sent.Skip(40).Take(40)];
        using CheckpointReader checkpoint = RunFolder.CheckpointsOf(Folder["run"]).ReadNewest(c => c, _ => { });
        float[] rows = checkpoint.Scope.Values<float>("learner.0.replay.transitions", []);
        double[] stored = [.. Enumerable.Range(0, 40).Select(i => 2 * (double)rows[5 * i + 1])]; // rows x u r b x'
        Assert.That(stored, Is.EqualTo(training).Within(1e-6));
        Assert.That(training.Zip(training.Skip(1), (a, b) => Math.Abs(b - a)).Where((_, i) => i != 19),
            Is.All.LessThanOrEqualTo(0.1).And.Some.EqualTo(0.1).Within(1e-12));
    }

    // a point that keeps the actions it is given
    private sealed class Limited(List<double> sent) : IEnvironment
    {
        public Box ObservationSpace { get; } = new(1, -2, 2);

        public Box ActionSpace { get; } = new(1, -2, 2);

        public int MaxEpisodeSteps => 20;

        public IReadOnlyList<double> MaxActionChange => [0.1];

        public IReadOnlyList<double> SafeAction => [0];

        public double[] Reset(ulong seed) => [0];

        public EnvironmentStep Step(ReadOnlySpan<double> action)
        {
            sent.Add(action[0]);
            return new EnvironmentStep([action[0]], -action[0], false, false);
        }

        public void Dispose()
        {
        }
    }

    [Test]
    public void Malformed_environments_are_refused()
    {
        Assert.That(
            () => new EnvironmentTask("a", () => new Faulty { ActionSpace = new Box(16, -1, double.PositiveInfinity) }),
            Throws.ArgumentException.With.Message.Contains("finite bounds"));
        Assert.That(() => new EnvironmentTask("a", () => new Faulty { MaxEpisodeSteps = 0 }),
            Throws.ArgumentException.With.Message.Contains("0"));
        Assert.That(() => new EnvironmentTask("a", () => null!),
            Throws.ArgumentException.With.Message.Contains("returned null"));
        Assert.That(() => new EnvironmentTask("a", () => new Faulty { ObservationSpace = null! }),
            Throws.ArgumentException.With.Message.Contains("ObservationSpace or ActionSpace is null"));
        Assert.That(() => new EnvironmentTask("../a", () => new Faulty()),
            Throws.ArgumentException.With.Message.Contains("'../a'"));
        Assert.That(() => new Box([0, 1], [1, 1]), Throws.ArgumentException.With.Message.Contains("bound 1"));
        Assert.That(() => new Box([0, 1], [1]), Throws.ArgumentException);
        Assert.That(() => new RewardDefinition(1, 1, [], default),
            Throws.ArgumentException.With.Message.Contains("terms and bounds"));
        Assert.That(
            () => new RewardDefinition(1, 1, [new RewardTerm(RewardKind.Linear, 1, 0, 0, [0], [0], default)], []),
            Throws.ArgumentException.With.Message.Contains("Index, Centre and Scale"));
    }

    [Test]
    public void An_observation_outside_its_space_is_refused() => AssertRefused(
        () => new Faulty { ObservationSpace = new Box(16, -0.5, 0.5) },
        "number 1 of the observation is", "its space has -0.5 to 0.5; widen the space");

    [TestCase(12, "number 1 of the observation is 12, and its space has -10 to 10: the networks get it in that scale")]
    [TestCase(9, null)]
    public void An_observation_of_a_machine_outside_its_space_is_warned_of_once(double value, string? warning)
    {
        var warnings = new List<string>();
        var task = new EnvironmentTask("machine", () => new Faulty { IsRepeatable = false, Offset = value });
        using TrainingRun run = TrainingRun.Begin(task, Settings, Folder["run"]);
        run.Warn = warnings.Add;
        run.Train();
        Assert.That(warnings, warning is null ? Is.Empty : Has.Exactly(1).Contains(warning));
    }

    [TestCase(1e300)]
    [TestCase(double.NaN)]
    public void An_observation_that_is_not_finite_in_single_precision_ends_its_episode(double value)
    {
        var task = new EnvironmentTask(
            "large", () => new Faulty { IsRepeatable = false, Offset = value, ObservationSpace = Unbounded });
        using TrainingRun run = TrainingRun.Begin(task, Settings, Folder["run"]);
        run.Warn = static _ => { };
        TrainingResult result = run.Train();
        Assert.That((result.Finished, result.Learners[0].Stopped), Is.EqualTo((true, (string?)null)));
        Assert.That(result.Learners[0].UnstableEpisodes, Is.Positive);
    }

    private static Box Unbounded => new(16, double.NegativeInfinity, double.PositiveInfinity);

    [Test]
    public void One_environment_for_all_is_refused()
    {
        var shared = new Faulty();
        AssertRefused(() => shared, "returned one twice; make a new one at each call");
    }

    [TestCase(-1.1, 10, "step 1 of an episode: the step gave the reward -1, and the reward function gives -1.1 for")]
    [TestCase(-1, 0.5, "the step gave terminated = false, and the bounds of the reward function give true")]
    public void A_reward_that_is_not_that_of_the_steps_is_refused(double reward, double bound, string message) =>
        AssertRefused(() => new Faulty { Function = Constant(reward, bound) }, message);

    [Test]
    public void The_reward_of_the_steps_is_taken()
    {
        var task = new EnvironmentTask("a", () => new Faulty { Function = Constant(-1, 10) });
        using TrainingRun run = TrainingRun.Begin(task, Settings, Folder["run"]);
        Assert.That(run.Progress.EpisodesEnded, Is.Zero);
    }

    [Test]
    public void Null_is_refused_by_name()
    {
        TrainingRun.Begin(_task, Settings, Folder["run"]).Dispose();
        foreach ((Action call, string name) in (ReadOnlySpan<(Action, string)>)
        [
            (() => TrainingRun.Begin((string)null!, s => s), "nameOrPath"),
            (() => TrainingRun.Begin("cartpole", null!), "settings"),
            (() => TrainingRun.Begin("cartpole", _ => null!), "settings"),
            (() => TrainingRun.Begin(_task, null!), "settings"),
            (() => TrainingRun.Begin((EnvironmentTask)null!, Settings), "task"),
            (() => TrainingRun.Resume(null!), "folder"),
            (() => TrainingRun.Resume(Folder["run"], _ => null!, task: _task), "settings"),
            (() => RunPolicy.Open(null!), "folder"),
            (() => ControlTask.Load(null!), "nameOrPath"),
            (() => _ = new EnvironmentTask(null!, () => new Faulty()), "name"),
            (() => _ = new EnvironmentTask("a", null!), "create"),
            (() => _ = new Box(null!, [1]), "low"),
            (() => _ = new Box([1], null!), "high"),
        ]) Assert.That(call, Throws.ArgumentNullException.With.Property("ParamName").EqualTo(name));
    }

    [Test]
    public void A_simulated_task_is_an_environment_too()
    {
        using ControlTask task = ControlTask.Load("cartpole");
        using var one = new ControlEnvironment(task);
        using IEnvironment two = new ControlEnvironment(task);
        one.Reset(5, RandomStream.Reset, 0);
        Assert.That(two.Reset(5), Is.EqualTo(one.Observation.ToArray()));
        StepResult expected = one.Step([0.5]);
        EnvironmentStep step = two.Step([0.5]);
        Assert.That(step.Observation, Is.EqualTo(one.Observation.ToArray()));
        Assert.That((step.Reward, step.Terminated, step.Truncated),
            Is.EqualTo((expected.Reward, expected.Terminated, expected.TimedOut)));
        Assert.That((two.ActionSpace.Size, two.MaxEpisodeSteps), Is.EqualTo((1, task.Horizon)));
    }

    private static TrainingSettings With(ImaginationKind kind, PlanKind plan) => Settings with
    {
        Imagination = new ImaginationSettings { Kind = kind, RefitEpisodes = 2 },
        Plan = new PlanSettings { Kind = plan },
    };

    private TrainingRun Resume(EnvironmentTask task) =>
        TrainingRun.Resume(Folder["parts"], warn: static _ => { }, task: task);

    private void AssertRefused(Func<IEnvironment> create, params string[] messages)
    {
        var task = new EnvironmentTask("a", create);
        var error = Assert.Throws<ArgumentException>(() => TrainingRun.Begin(task, Settings, Folder["run"]));
        foreach (string part in messages) Assert.That(error!.Message, Does.Contain(part));
        Assert.That(Directory.Exists(Folder["run"]), Is.False);
    }

    // a constant reward, and termination where observation 1 exceeds the bound
    private static RewardDefinition Constant(double reward, double bound) => new(
        16, 16, [new RewardTerm(RewardKind.Linear, Weight: 1, Alpha: 0, reward, Index: [0], Centre: [0], Scale: [0])],
        [new TerminationBound(Index: 1, Low: -bound, High: bound)]);

    // works, except for what is set
    private sealed class Faulty : IEnvironment
    {
        private readonly double[] _x = new double[16];
        private int _steps;

        public bool Drifts { get; init; }

        public bool IsRandom { get; init; }

        public int FailsAt { get; init; } = int.MaxValue;

        public double Reward { get; init; } = -1;

        public bool IsRepeatable { get; init; } = true;

        public double? Offset { get; init; }

        public RewardDefinition? Function { get; init; }

        RewardDefinition? IEnvironment.Reward => Function;

        public Box ObservationSpace { get; init; } = new(16, -10, 10);

        public Box ActionSpace { get; init; } = new(16, -1, 1);

        public int MaxEpisodeSteps { get; init; } = 25;

        public double[] Reset(ulong seed)
        {
            if (!Drifts) Array.Clear(_x);
            if (IsRandom) _x[0] = Random.Shared.NextDouble();
            return _x;
        }

        public EnvironmentStep Step(ReadOnlySpan<double> action)
        {
            if (++_steps == FailsAt) throw new IOException("the port is closed");
            _x[1] = Offset ?? _x[1] + action[0];
            return new EnvironmentStep(_x, Reward, false, false);
        }

        public void Dispose()
        {
        }
    }
}
