using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Host.Evaluation;

/// <summary>
/// Runs a policy on fixed seeded starts: episode i starts the same for every policy of the same seed.
/// </summary>
internal sealed class Evaluator(IControlTask task) : IDisposable
{
    private readonly IControlEnvironment _environment = task.CreateEnvironment();
    private readonly float[] _x = new float[task.ObservationSize];
    private readonly float[] _u = new float[task.ActionSize];
    private readonly double[] _action = new double[task.ActionSize];

    /// <summary>Scores of <paramref name="episodes"/> episodes, put together.</summary>
    /// <param name="first">Receives the first episode, where given.</param>
    /// <exception cref="Naf.Sim.Mujoco.SimulationException">An episode left the finite numbers.</exception>
    public EvaluationResult Run(Policy policy, ulong seed, int episodes, Trajectory? first = null) =>
        Run(task, episodes, i => Episode(policy, seed, (ulong)i, i == 0 ? first : null));

    /// <summary>Scores of episodes that are run one after the other, put together.</summary>
    /// <param name="episode">Runs an episode: its score, and whether it was a success.</param>
    internal static EvaluationResult Run(
        IControlTask task, int episodes, Func<int, (double Score, bool Success)> episode)
    {
        var scores = new double[episodes];
        int successes = 0;
        for (int i = 0; i < episodes; i++)
        {
            (scores[i], bool success) = episode(i);
            if (success) successes++;
        }
        return Summarise(scores, task.MeasuresSuccess ? successes : null);
    }

    /// <summary>One episode: its score, and whether it was a success.</summary>
    /// <param name="record">Receives the episode, where given.</param>
    public (double Score, bool Success) Episode(
        Policy policy, ulong seed, ulong episode, Trajectory? record = null) => Episode(
        (environment, action) =>
        {
            for (int i = 0; i < _x.Length; i++) _x[i] = (float)environment.Observation[i];
            policy(_x, episode, environment.StepIndex, _u);
            for (int i = 0; i < _u.Length; i++) action[i] = _u[i];
        },
        seed, episode, record);

    /// <summary>
    /// One episode of a controller that looks at the environment itself: its score, and whether it was a success.
    /// </summary>
    /// <param name="record">Receives the episode, where given.</param>
    public (double Score, bool Success) Episode(
        Controller controller, ulong seed, ulong episode, Trajectory? record = null)
    {
        _environment.Reset(seed, RandomStream.TestReset, episode);
        while (true)
        {
            controller(_environment, _action);
            TrajectoryRow? before = record is null ? null : Row([.. _action.Select(u => Math.Clamp(u, -1, 1))]);
            StepResult result = _environment.Step(_action);
            if (before is not null) record!.Rows.Add(before with { Reward = result.Reward });
            if (!result.Done) continue;
            record?.Rows.Add(Row([]));
            return (_environment.Score, _environment.Success);
        }
    }

    /// <summary>Mean, standard deviation and success rate.</summary>
    /// <param name="scores">[episodes].</param>
    /// <param name="successes">How many were successes; null where the task has no measure of it.</param>
    public static EvaluationResult Summarise(ReadOnlySpan<double> scores, int? successes)
    {
        double sum = 0;
        foreach (double score in scores) sum += score;
        double mean = sum / scores.Length, squares = 0;
        foreach (double score in scores) squares += (score - mean) * (score - mean);
        return new EvaluationResult(
            mean, scores.Length > 1 ? Math.Sqrt(squares / (scores.Length - 1)) : 0, scores.Length,
            (double?)successes / scores.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _environment.Dispose();

    // trajectories are of simulated robots
    private TrajectoryRow Row(double[] action)
    {
        var simulated = (ControlEnvironment)_environment;
        return new TrajectoryRow([.. simulated.Qpos], [.. simulated.Qvel], [.. simulated.Constants], action, null);
    }
}

/// <summary>What a number of episodes of one policy came to.</summary>
/// <param name="Mean">Mean score: the undiscounted sum of an episode's rewards.</param>
/// <param name="StandardDeviation">
/// Standard deviation of the scores over the episodes (divided by n − 1; 0 for one episode).
/// </param>
/// <param name="SuccessRate">
/// Share of them that ended in success, as the task measures it; null where it has no section `success`.
/// </param>
internal readonly record struct EvaluationResult(
    double Mean, double StandardDeviation, int Episodes, double? SuccessRate);
