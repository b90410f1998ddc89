using Naf.Gpu.Cpu;
using Naf.Host.Evaluation;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Policies;

/// <summary>Scores policies. The result does not depend on the number of threads or the order of episodes.</summary>
internal static class PolicyEvaluation
{
    /// <summary>The scores of a policy over test episodes.</summary>
    /// <param name="threads">Number of threads; 0: one per core.</param>
    /// <param name="first">Records the first episode, if given.</param>
    /// <param name="unstable">What becomes of an episode whose simulation breaks down.</param>
    /// <exception cref="SimulationException">
    /// An action is not finite, or the simulation broke down and that is to stop it.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static EvaluationResult Of(
        Policy act, IControlTask task, ulong seed, int episodes, int threads, Trajectory? first = null,
        UnstableSimulation unstable = UnstableSimulation.Fail, CancellationToken stop = default)
    {
        using var team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        var outcomes = new EpisodeOutcome[episodes];
        team.Run(worker =>
        {
            if (worker >= episodes) return;
            using var evaluation = new Evaluator(task, unstable) { Stop = stop };
            for (int i = worker; i < episodes; i += team.Threads)
                outcomes[i] = evaluation.Episode(act, seed, (ulong)i, i == 0 ? first : null);
        });
        return Evaluator.Summarise(outcomes, task, unstable);
    }

    /// <summary>
    /// A policy that needs no run, by name, random or zero, as checked by <c>PolicyTarget.Policy</c>.
    /// </summary>
    internal static Policy WithoutRun(string name, IControlTask task, ulong seed) =>
        name != "zero" ? RandomPolicy(seed)
        : task is ControlTask simulated ? (x, episode, step, u) => simulated.ZeroAction(u)
        : (x, episode, step, u) => u.Clear();

    /// <summary>
    /// The random policy: u uniform in [−1, 1] per entry and step (Lillicrap et al. 2016); thread-safe.
    /// </summary>
    public static Policy RandomPolicy(ulong seed) => (x, episode, step, u) =>
    {
        for (int i = 0; i < u.Length; i++)
            u[i] =
                (float)(2 * Philox.Uniform(seed, RandomStream.RandomPolicy, (episode << 32) | (uint)step, (uint)i) - 1);
    };
}
