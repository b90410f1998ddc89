using System.Text.Json.Serialization;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Evaluation;

/// <summary>Runs a policy from seeded initial states: with one seed, episode i starts alike for every policy.</summary>
/// <param name="unstable">What becomes of an episode whose simulation breaks down.</param>
internal sealed class Evaluator(IControlTask task, UnstableSimulation unstable = UnstableSimulation.Fail) : IDisposable
{
    private readonly IControlEnvironment _environment = task.CreateEnvironment();
    private readonly float[] _x = new float[task.ObservationSize];
    private readonly float[] _u = new float[task.ActionSize];
    private readonly double[] _action = new double[task.ActionSize];

    /// <summary>The score whose <see cref="EpisodeOutcome.StepsToThreshold"/> is counted; null: none is.</summary>
    public double? Threshold { get; init; }

    /// <summary>Ends an episode before its next step.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Runs <paramref name="episodes"/> episodes and summarises their scores.</summary>
    /// <param name="first">Records the first episode, if given.</param>
    /// <param name="lowest">The lowest reward of a step before, at most 0.</param>
    /// <exception cref="SimulationException">
    /// An action is not finite, or the simulation broke down and that is to stop it.
    /// </exception>
    public EvaluationResult Run(
        Policy policy, ulong seed, int episodes, Trajectory? first = null, double lowest = 0) => Summarise(
        [.. Enumerable.Range(0, episodes).Select(i => Episode(policy, seed, (ulong)i, i == 0 ? first : null))],
        task, unstable, lowest);

    /// <summary>Runs one episode.</summary>
    /// <param name="record">Records the episode, if given.</param>
    /// <param name="starts">The stream of its initial state.</param>
    public EpisodeOutcome Episode(
        Policy policy, ulong seed, ulong episode, Trajectory? record = null,
        RandomStream starts = RandomStream.TestReset) => Episode(
        (environment, action) =>
        {
            for (int i = 0; i < _x.Length; i++) _x[i] = (float)environment.Observation[i];
            policy(_x, episode, environment.StepIndex, _u);
            for (int i = 0; i < _u.Length; i++) action[i] = _u[i];
        },
        seed, episode, record, starts);

    /// <summary>Runs one episode of a controller.</summary>
    /// <param name="record">Records the episode, if given.</param>
    /// <param name="starts">The stream of its initial state.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public EpisodeOutcome Episode(
        Controller controller, ulong seed, ulong episode, Trajectory? record = null,
        RandomStream starts = RandomStream.TestReset)
    {
        _environment.Reset(seed, starts, episode);
        double lowest = 0;
        int? reached = null;
        while (true)
        {
            Stop.ThrowIfCancellationRequested();
            TrajectoryRow? before = null;
            try
            {
                controller(_environment, _action);
                before = record is null ? null : Row([.. _action.Select(u => Math.Clamp(u, -1, 1))]);
                StepResult result = _environment.Step(_action);
                lowest = Math.Min(lowest, result.Reward - (result.Terminated ? task.TerminationReward : 0));
                reached = _environment.Score >= Threshold ? reached ?? _environment.StepIndex : null;
                if (before is not null)
                    record!.Rows.Add(before with
                    {
                        Action = _environment.Applied is { IsEmpty: false } applied ? [.. applied] : before.Action,
                        Reward = result.Reward, Terminated = result.Terminated,
                    });
                if (!result.Done) continue;
                record?.Rows.Add(Row([]));
                return new EpisodeOutcome(_environment.Score, _environment.Success, Measures(), lowest)
                {
                    Steps = _environment.StepIndex, StepsToThreshold = reached,
                };
            }
            catch (SimulationException error) when (error.Unstable && unstable != UnstableSimulation.Stop)
            {
                // the state before the step that failed is the last one
                if (before is not null) record!.Rows.Add(before with { Action = [] });
                return new EpisodeOutcome(_environment.Score, false, Measures(), lowest)
                {
                    Steps = _environment.StepIndex, Left = task.Horizon - _environment.StepIndex,
                    Failure = error.Message,
                };
            }
        }
    }

    /// <summary>
    /// Mean, standard deviation and success rate of the scores, and the means of the measures. An episode whose
    /// simulation broke down is left out or, as a failure, has the lowest reward of all episodes for each step that was
    /// left, and that of a terminal state. Without any reward there is no score.
    /// </summary>
    /// <param name="lowest">The lowest reward of a step in other episodes, at most 0.</param>
    public static EvaluationResult Summarise(
        IReadOnlyList<EpisodeOutcome> episodes, IControlTask task, UnstableSimulation unstable, double lowest = 0)
    {
        double?[] ofEpisodes = Scores(episodes, task, unstable, lowest);
        EpisodeOutcome[] counted = [.. episodes.Where((_, i) => ofEpisodes[i] is not null)];
        EvaluationResult scores = Summarise(
            [.. ofEpisodes.OfType<double>()], task.MeasuresSuccess ? counted.Count(e => e.Success) : null);
        return scores with
        {
            Measures = [.. MeasureNames(task).Select(Measure)],
            UnstableEpisodes = episodes.Count(e => e.Failure is not null),
            Failure = episodes.FirstOrDefault(e => e.Failure is not null).Failure,
        };

        (string Name, double Mean, int Episodes) Measure(string name, int m)
        {
            double[] values = [.. counted.Select(e => e.Measures[m]).Where(v => !double.IsNaN(v))];
            return (name, values.DefaultIfEmpty(double.NaN).Average(), values.Length);
        }
    }

    /// <summary>The score of each episode, as <see cref="Summarise(IReadOnlyList{EpisodeOutcome},
    /// IControlTask, UnstableSimulation, double)"/> counts it; null for one that is left out.</summary>
    /// <param name="lowest">The lowest reward of a step in other episodes, at most 0.</param>
    public static double?[] Scores(
        IReadOnlyList<EpisodeOutcome> episodes, IControlTask task, UnstableSimulation unstable, double lowest = 0)
    {
        double least = episodes.Select(e => e.Lowest).Append(lowest).Min();
        // episodes that all broke down at their first step have no reward to go by
        bool none = lowest == 0 && episodes.All(e => e.Failure is not null && e.Left == task.Horizon);
        return [.. episodes.Select(e => e.Failure is null ? e.Score
            : none || unstable == UnstableSimulation.Drop ? (double?)null
            : e.Score + e.Left * least + task.TerminationReward)];
    }

    /// <summary>Mean, standard deviation and success rate; NaN without a score.</summary>
    /// <param name="scores">[episodes].</param>
    /// <param name="successes">Number of successes; null if the task does not measure success.</param>
    public static EvaluationResult Summarise(ReadOnlySpan<double> scores, int? successes)
    {
        if (scores.IsEmpty) return new EvaluationResult(double.NaN, double.NaN, 0, null);
        double sum = 0;
        foreach (double score in scores) sum += score;
        double mean = sum / scores.Length, squares = 0;
        foreach (double score in scores) squares += (score - mean) * (score - mean);
        // the mean of equal scores is rounded, and they would seem to deviate from it
        bool differ = scores.ContainsAnyExcept(scores[0]);
        return new EvaluationResult(
            mean, differ ? Math.Sqrt(squares / (scores.Length - 1)) : 0, scores.Length,
            (double?)successes / scores.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _environment.Dispose();

    private double[] Measures() =>
        [.. MeasureNames(task).Select((_, m) => ((ControlEnvironment)_environment).Measure(m))];

    /// <summary>The task's measures; only simulated tasks have any.</summary>
    public static IEnumerable<string> MeasureNames(IControlTask task) =>
        (task as ControlTask)?.Definition.Measures.Select(m => m.Name) ?? [];

    // only simulated tasks have positions
    private TrajectoryRow Row(double[] action) => (_environment is ControlEnvironment simulated
        ? new TrajectoryRow([.. simulated.Qpos], [.. simulated.Qvel], [.. simulated.Constants], action, null)
        : new TrajectoryRow([], [], [], action, null)) with { Observation = [.. _environment.Observation] };
}

/// <summary>Score, success and measures of one episode.</summary>
/// <param name="Score">The undiscounted sum of its rewards, until its simulation broke down if it did.</param>
/// <param name="Success">Whether it was a success; false if the task has no section <c>success</c>.</param>
/// <param name="Measures">Values of the task's measures; NaN for one that measured nothing.</param>
/// <param name="Lowest">The lowest reward of a step, without that of a terminal state; at most 0.</param>
internal readonly record struct EpisodeOutcome(double Score, bool Success, double[] Measures, double Lowest)
{
    /// <summary>Its steps, without one that failed.</summary>
    public int Steps { get; init; }

    /// <summary>
    /// The first step from which on the sum of its rewards is at least <see cref="Evaluator.Threshold"/>; null if it
    /// ends below that.
    /// </summary>
    public int? StepsToThreshold { get; init; }

    /// <summary>Why its simulation broke down; null if it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>Steps that were left then, with that which failed.</summary>
    public int Left { get; init; }
}

/// <summary>Scores of one policy over a number of episodes.</summary>
/// <param name="Mean">Mean score: the undiscounted sum of an episode's rewards.</param>
/// <param name="StandardDeviation">Sample standard deviation of the scores (divisor n − 1); 0 for one episode.</param>
/// <param name="Episodes">Episodes that have a score: all that were not dropped.</param>
/// <param name="SuccessRate">Share of successful episodes; null if the task has no section <c>success</c>.</param>
internal readonly record struct EvaluationResult(
    double Mean, double StandardDeviation, int Episodes, double? SuccessRate)
{
    /// <summary>
    /// Mean of each of the task's measures over the episodes that have a value, and their number; NaN if none has.
    /// </summary>
    // naf tasks --check reports measures of its own
    [JsonIgnore]
    public ImmutableArray<(string Name, double Mean, int Episodes)> Measures { get; init; } = [];

    /// <summary>Episodes whose simulation broke down.</summary>
    [JsonIgnore]
    public int UnstableEpisodes { get; init; }

    /// <summary>Why the first of these did; null if there is none.</summary>
    [JsonIgnore]
    public string? Failure { get; init; }

    /// <summary>A sentence on these episodes; null if there are none.</summary>
    public string? UnstableNote => Failure is null ? null
        : $"the simulation broke down in {UnstableEpisodes} of the episodes, first: {Failure}";

    /// <summary>Standard error of the mean, σ / √n; null for one episode, which has no spread.</summary>
    public double? StandardError => Episodes > 1 ? StandardDeviation / Math.Sqrt(Episodes) : null;
}
