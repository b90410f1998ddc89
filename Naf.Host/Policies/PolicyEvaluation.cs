using Naf.Gpu.Cpu;
using Naf.Host.Evaluation;
using Naf.Host.Trajectories;
using Naf.Kernels.Random;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>
/// Scores policies. The result depends neither on the number of threads nor on the order of episodes.
/// </summary>
internal static class PolicyEvaluation
{
    /// <summary>The scores of a policy over test episodes.</summary>
    /// <param name="threads">Threads that ask it; 0: one per core.</param>
    /// <param name="first">Takes the first episode down, where given.</param>
    public static EvaluationResult Of(
        Policy act, ControlTask task, ulong seed, int episodes, int threads, Trajectory? first = null)
    {
        using var team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        double[] scores = new double[episodes];
        int successes = 0;
        team.Run(worker =>
        {
            if (worker >= episodes) return;
            using var evaluation = new Evaluator(task);
            for (int i = worker; i < episodes; i += team.Threads)
            {
                (scores[i], bool success) = evaluation.Episode(act, seed, (ulong)i, i == 0 ? first : null);
                if (success) Interlocked.Increment(ref successes);
            }
        });
        return Evaluator.Summarise(scores, task.MeasuresSuccess ? successes : null);
    }

    /// <summary>
    /// A policy that needs no run, by the name that <c>PolicyTarget.Policy</c> lets through: random or zero.
    /// </summary>
    internal static Policy WithoutRun(string name, ulong seed) =>
        name == "zero" ? (x, episode, step, u) => u.Clear() : RandomPolicy(seed);

    /// <summary>
    /// The random policy of a seed: each entry of the action uniform in [−1, 1] at each step (Lillicrap et al. 2016);
    /// it may be asked by several threads.
    /// </summary>
    public static Policy RandomPolicy(ulong seed) => (x, episode, step, u) =>
    {
        for (int i = 0; i < u.Length; i++)
            u[i] =
                (float)(2 * Philox.Uniform(seed, RandomStream.RandomPolicy, (episode << 32) | (uint)step, (uint)i) - 1);
    };
}
