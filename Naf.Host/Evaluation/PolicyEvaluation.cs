using Naf.Gpu;
using Naf.Kernels;
using Naf.Sim;

namespace Naf.Host;

/// <summary>Scores policies: the random one, and a run's. The result depends neither on the number of threads nor on the order of episodes.</summary>
public static class PolicyEvaluation
{
    /// <summary>The random policy: each entry of the action uniform in [−1, 1] at each step (Lillicrap et al. 2016).</summary>
    /// <param name="task">The task.</param>
    /// <param name="seed">Seed of starts and actions.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="threads">Threads; 0: one per core.</param>
    public static EvaluationResult Random(ControlTask task, ulong seed, int episodes, int threads)
    {
        using var team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        double[] scores = new double[episodes];
        int successes = 0;
        team.Run(member =>
        {
            if (member >= episodes) return;
            using var evaluation = new Evaluation(task);
            for (int i = member; i < episodes; i += team.Threads)
            {
                (scores[i], bool success) = evaluation.Episode(Act, seed, (ulong)i);
                if (success) Interlocked.Increment(ref successes);
            }
        });
        return Evaluation.Summarise(scores, successes);

        void Act(ReadOnlySpan<float> x, ulong episode, int step, Span<float> u)
        {
            for (int i = 0; i < u.Length; i++)
                u[i] = (float)(2 * Philox.Uniform(seed, RandomStream.RandomPolicy, (episode << 32) | (uint)step, (uint)i) - 1);
        }
    }

    /// <summary>The policy in a run's newest checkpoint that is whole, without noise.</summary>
    /// <param name="task">The run's task.</param>
    /// <param name="folder">The run's folder; it may be training still.</param>
    /// <param name="config">Its config.yaml.</param>
    /// <param name="learner">Which learner.</param>
    /// <param name="seed">Seed of the starts.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="warn">Takes a sentence for a checkpoint that is damaged; the one before it is used.</param>
    /// <exception cref="UserException">The run has no checkpoint that can be used.</exception>
    public static EvaluationResult OfRun(
        ControlTask task, string folder, RunConfig config, int learner, ulong seed, int episodes, Action<string> warn)
    {
        using Device device = DeviceList.Select(config.Settings.Device, 1);
        using var team = new WorkTeam(1);
        using var agent = new NafAgent(task, config.Settings, device, team);
        Load(agent, RunFolder.CheckpointsOf(folder), warn);
        using var evaluation = new Evaluation(task);
        return evaluation.Run((x, _, _, u) => agent.Act(learner, x, u), seed, episodes);
    }

    private static void Load(NafAgent agent, CheckpointStore checkpoints, Action<string> warn)
    {
        if (checkpoints.Files.Count == 0)
            throw new UserException("the run has no checkpoint yet; let it train for longer (naf train --resume)");
        foreach (string path in checkpoints.Files)
        {
            try
            {
                using Stream payload = CheckpointFile.Read(path);
                CheckpointHeader.Read(payload);
                agent.Load(payload);
                return;
            }
            catch (InvalidDataException e)
            {
                warn($"the checkpoint {path} can't be used: {e.Message}");
            }
        }
        throw new UserException("every checkpoint of the run is damaged; train it anew (naf train)");
    }
}
