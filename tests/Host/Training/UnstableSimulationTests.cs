using Naf.Gpu.Cpu;
using Naf.Host.Agents;
using Naf.Host.Evaluation;
using Naf.Host.Settings;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>
/// Scores of episodes that break down, by hand: of 5 steps with the rewards −1, −2, …, and −10 for a terminal state.
/// </summary>
internal sealed class UnstableSimulationTests
{
    private const int Steps = 5;

    // the rewards until then, the lowest of them for each step that is left, and −10
    [TestCase(1, -7, -5 * 7 - 10)]
    [TestCase(3, 0, -3 - 3 * 2 - 10)]
    [TestCase(5, 0, -10 - 4 - 10)]
    [TestCase(3, -7, -3 - 3 * 7 - 10)]
    public void A_failure_has_the_lowest_reward_for_what_is_left(int failsAt, double lowest, double expected)
    {
        using var task = new BreakingTask(failsAt);
        using var evaluation = new Evaluator(task, UnstableSimulation.Fail);
        EvaluationResult result = evaluation.Run((x, episode, step, u) => u.Clear(), 1, episodes: 2, lowest: lowest);
        Assert.That((result.Mean, result.Episodes, result.UnstableEpisodes), Is.EqualTo((expected, 2, 2)));
        Assert.That(result.UnstableNote, Is.EqualTo("the simulation broke down in 2 of the episodes, first: too fast"));
    }

    [Test]
    public void A_failure_has_the_lowest_reward_of_all_episodes()
    {
        using var task = new BreakingTask(0);
        EpisodeOutcome whole = new(-15, false, [], Lowest: -5),
            broken = new(-1, false, [], Lowest: -1) { Failure = "too fast", Left = 4 };
        Assert.That(Evaluator.Summarise([whole, broken], task, UnstableSimulation.Fail).Mean,
            Is.EqualTo((-15 + (-1 - 4 * 5 - 10)) / 2.0));
        Assert.That(Evaluator.Summarise([whole, broken], task, UnstableSimulation.Drop).Mean, Is.EqualTo(-15));
    }

    [Test]
    public void Episodes_without_any_reward_have_no_score()
    {
        using var task = new BreakingTask(1);
        using var evaluation = new Evaluator(task, UnstableSimulation.Fail);
        EvaluationResult result = evaluation.Run((x, episode, step, u) => u.Clear(), 1, episodes: 3);
        Assert.That((result.Mean, result.Episodes, result.UnstableEpisodes), Is.EqualTo((double.NaN, 0, 3)));
    }

    [Test]
    public void An_evaluation_that_is_to_stop_does()
    {
        using var task = new BreakingTask(2);
        using var evaluation = new Evaluator(task, UnstableSimulation.Stop);
        Assert.That(() => evaluation.Run((x, episode, step, u) => u.Clear(), 1, episodes: 1),
            Throws.TypeOf<SimulationException>());
    }

    [Test]
    public void Failures_in_training_score_alike_and_the_first_is_told()
    {
        using var task = new BreakingTask(3);
        using var device = new CpuDevice(1);
        TrainingSettings settings = TinyRun.Resolve(4, "test_every=100");
        using var agent = new TrainingAgent(task, settings, device, device.Team);
        var results = new List<EpisodeResult>();
        var warnings = new List<string>();
        (agent.EpisodeEnded, agent.Warn) = (results.Add, warnings.Add);
        agent.Begin();
        while (agent.Running) agent.Step();

        Assert.That(results.Select(r => r.TrainScore), Is.EqualTo((double?[])[null, -19, -19, -19, -19]));
        Assert.That(results.Select(r => r.Replay), Is.EqualTo((int[])[0, 3, 6, 9, 12]), "the step that failed too");
        // tests of two episodes, at the start and at the end
        Assert.That(results.Select(r => r.Test?.Mean), Is.EqualTo((double?[])[-19, null, null, null, -19]));
        Assert.That(results.Select(r => r.Unstable), Is.EqualTo((int[])[2, 1, 1, 1, 3]));
        Assert.That(warnings, Is.EqualTo((string[])["learner 0 (seed 0), episode 0: too fast; the episode counts as a "
            + "failure (unstable_simulation), as later ones will be; metrics.csv has their number"]));
    }

    // breaks down at a step of every episode, from 1
    private sealed class BreakingTask(int failsAt) : IControlTask
    {
        public string Name => "breaking";

        public int ObservationSize => 1;

        public int ActionSize => 1;

        public int Horizon => Steps;

        public ReadOnlySpan<float> InputScale => new float[] { 1 };

        public RewardDefinition? Reward { get; } = new(1, 1,
            [new RewardTerm(RewardKind.Linear, Weight: -1, Alpha: 0, Offset: 1, Index: [0], Centre: [0], Scale: [1])],
            [], terminationReward: -10);

        public bool MeasuresSuccess => false;

        public bool IsRepeatable => true;

        public IControlEnvironment CreateEnvironment() => new Environment(failsAt);

        public void Dispose()
        {
        }

        private sealed class Environment(int failsAt) : IControlEnvironment
        {
            private readonly double[] _x = new double[1];

            public ReadOnlySpan<double> Observation => _x;

            public ReadOnlySpan<double> Constants => [];

            public double Score { get; private set; }

            public int StepIndex { get; private set; }

            public bool Success => false;

            public void Reset(ulong seed, RandomStream stream, ulong episode) => (_x[0], Score, StepIndex) = (0, 0, 0);

            public StepResult Step(ReadOnlySpan<double> action)
            {
                if (StepIndex + 1 == failsAt) throw new SimulationException("too fast") { Unstable = true };
                StepIndex++;
                Score -= StepIndex;
                _x[0] = StepIndex;
                return new StepResult(-StepIndex, Terminated: false, TimedOut: StepIndex == Steps);
            }

            public double[] SaveState() => throw new NotSupportedException();

            public void RestoreState(ReadOnlySpan<double> state) => throw new NotSupportedException();

            public void Dispose()
            {
            }
        }
    }
}
