using System.Text.Json.Serialization;
using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Host.Evaluation;

/// <summary>Runs a policy from seeded initial states: with one seed, episode i starts alike for every policy.</summary>
internal sealed class Evaluator(IControlTask task) : IDisposable
{
    private readonly IControlEnvironment _environment = task.CreateEnvironment();
    private readonly float[] _x = new float[task.ObservationSize];
    private readonly float[] _u = new float[task.ActionSize];
    private readonly double[] _action = new double[task.ActionSize];

    /// <summary>Runs <paramref name="episodes"/> episodes and summarises their scores.</summary>
    /// <param name="first">Records the first episode, if given.</param>
    /// <exception cref="Naf.Sim.Mujoco.SimulationException">The simulation is no longer finite.</exception>
    public EvaluationResult Run(Policy policy, ulong seed, int episodes, Trajectory? first = null) =>
        Run(task, episodes, i => Episode(policy, seed, (ulong)i, i == 0 ? first : null));

    /// <summary>Runs episodes one after the other and summarises their scores.</summary>
    /// <param name="episode">Runs episode i.</param>
    internal static EvaluationResult Run(IControlTask task, int episodes, Func<int, EpisodeOutcome> episode) =>
        Summarise([.. Enumerable.Range(0, episodes).Select(episode)], task);

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
    public EpisodeOutcome Episode(
        Controller controller, ulong seed, ulong episode, Trajectory? record = null,
        RandomStream starts = RandomStream.TestReset)
    {
        _environment.Reset(seed, starts, episode);
        while (true)
        {
            controller(_environment, _action);
            TrajectoryRow? before = record is null ? null : Row([.. _action.Select(u => Math.Clamp(u, -1, 1))]);
            StepResult result = _environment.Step(_action);
            if (before is not null) record!.Rows.Add(before with { Reward = result.Reward });
            if (!result.Done) continue;
            record?.Rows.Add(Row([]));
            return new EpisodeOutcome(_environment.Score, _environment.Success,
                [.. MeasureNames(task).Select((_, m) => ((ControlEnvironment)_environment).Measure(m))]);
        }
    }

    /// <summary>Mean, standard deviation and success rate of the scores, and the means of the measures.</summary>
    public static EvaluationResult Summarise(IReadOnlyList<EpisodeOutcome> episodes, IControlTask task)
    {
        EvaluationResult scores = Summarise(
            [.. episodes.Select(e => e.Score)], task.MeasuresSuccess ? episodes.Count(e => e.Success) : null);
        return scores with { Measures = [.. MeasureNames(task).Select(Measure)] };

        (string Name, double Mean, int Episodes) Measure(string name, int m)
        {
            double[] values = [.. episodes.Select(e => e.Measures[m]).Where(v => !double.IsNaN(v))];
            return (name, values.DefaultIfEmpty(double.NaN).Average(), values.Length);
        }
    }

    /// <summary>Mean, standard deviation and success rate.</summary>
    /// <param name="scores">[episodes].</param>
    /// <param name="successes">Number of successes; null if the task does not measure success.</param>
    public static EvaluationResult Summarise(ReadOnlySpan<double> scores, int? successes)
    {
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

    // only simulated tasks have measures
    private static IEnumerable<string> MeasureNames(IControlTask task) =>
        (task as ControlTask)?.Definition.Measures.Select(m => m.Name) ?? [];

    // only simulated tasks have trajectories
    private TrajectoryRow Row(double[] action)
    {
        var simulated = (ControlEnvironment)_environment;
        return new TrajectoryRow([.. simulated.Qpos], [.. simulated.Qvel], [.. simulated.Constants], action, null);
    }
}

/// <summary>Score, success and measures of one episode.</summary>
/// <param name="Score">The undiscounted sum of its rewards.</param>
/// <param name="Success">Whether it was a success; false if the task has no section <c>success</c>.</param>
/// <param name="Measures">Values of the task's measures; NaN for one that measured nothing.</param>
internal readonly record struct EpisodeOutcome(double Score, bool Success, double[] Measures);

/// <summary>Scores of one policy over a number of episodes.</summary>
/// <param name="Mean">Mean score: the undiscounted sum of an episode's rewards.</param>
/// <param name="StandardDeviation">Sample standard deviation of the scores (divisor n − 1); 0 for one episode.</param>
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

    /// <summary>Standard error of the mean, σ / √n; null for one episode, which has no spread.</summary>
    public double? StandardError => Episodes > 1 ? StandardDeviation / Math.Sqrt(Episodes) : null;
}
