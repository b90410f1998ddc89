using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Policies;

/// <summary>
/// Scores the best and the last policy of every learner from starts that neither training nor tests use: those of the
/// run's test_seed in a random stream of their own. The best policy is chosen by its test, so that its test's score is
/// too high on average; the score of its verification is not.
/// </summary>
/// <param name="folder">The run's folder; its newest checkpoint has the policies.</param>
/// <param name="episodes">Episodes of each policy.</param>
/// <param name="only">
/// The only learner whose policy is scored, and which of them: null, the best if there is one. Null: all are.
/// </param>
internal sealed class PolicyVerification(
    IControlTask task, string folder, RunConfig config, int episodes, (int Learner, string? Policy)? only = null)
{
    private long _ended;

    /// <summary>Seed of the starts.</summary>
    public ulong Seed { get; init; } = config.Settings.TestSeed;

    /// <inheritdoc cref="Evaluator.Threshold"/>
    public double? Threshold { get; init; }

    /// <summary>Completed episodes of all policies, and their number; may be read from another thread.</summary>
    public (long Ended, long All) Progress =>
        (Volatile.Read(ref _ended), (only is null ? 2L * config.Settings.Learners : 1) * episodes);

    /// <summary>
    /// Runs the episodes on the CPU, in parallel; the result does not depend on the number of threads.
    /// </summary>
    /// <param name="warn">Receives a sentence for each policy that can't be scored.</param>
    /// <returns>The best policy of each learner, followed by its last one, or the only one; null if stopped before the
    /// end.</returns>
    /// <exception cref="UserException">
    /// No checkpoint is usable, it has not the only policy, or the task has other sizes.
    /// </exception>
    public IReadOnlyList<VerifiedPolicy>? Run(WorkTeam team, Action<string> warn, CancellationToken stop)
    {
        using CheckpointReader checkpoint =
            RunFolder.CheckpointsOf(folder).ReadNewest(static reader => reader, warn);
        SavedPolicy[] policies = only is { } chosen ? [Chosen(checkpoint.Scope, chosen.Learner, chosen.Policy)]
            : [.. Enumerable.Range(0, config.Settings.Learners).SelectMany(k => Policies(checkpoint.Scope, k, warn))];
        using var device = new CpuDevice(1);
        long next = 0, all = (long)policies.Length * episodes;
        team.Run(worker =>
        {
            if (worker >= all) return;
            using LearnerPopulation networks = Networks();
            RunPolicy.CheckSizes(networks, task);
            using var evaluation = new Evaluator(task, config.Settings.UnstableSimulation) { Threshold = Threshold };
            SavedPolicy? loaded = null;
            for (long i; !stop.IsCancellationRequested && (i = Interlocked.Increment(ref next) - 1) < all;)
            {
                SavedPolicy policy = policies[i / episodes];
                if (policy != loaded) Load(networks, loaded = policy);
                policy.Play(evaluation, networks, Seed, (int)(i % episodes));
                Interlocked.Increment(ref _ended);
            }
        });
        if (_ended < all) return null;
        return [.. policies.Select(policy => policy.Result(
            task, config.Settings.SeedOf(policy.Learner), config.Settings.UnstableSimulation, warn))];

        LearnerPopulation Networks()
        {
            lock (checkpoint) return RunPolicy.Networks(checkpoint.Scope, config.Settings, device);
        }

        void Load(LearnerPopulation networks, SavedPolicy policy)
        {
            lock (checkpoint) networks.LoadNetworks(0, checkpoint.Scope, policy.Learner, policy.Best);
        }
    }

    private SavedPolicy Chosen(CheckpointScope checkpoint, int learner, string? policy)
    {
        (int? best, int last) = RunPolicy.EpisodesOf(checkpoint, learner);
        bool isBest = policy == VerifiedPolicy.BestName || (policy is null && best is not null);
        return new SavedPolicy(
            learner, isBest, isBest ? best ?? throw RunPolicy.NoBest(folder, learner) : last, episodes);
    }

    private IEnumerable<SavedPolicy> Policies(CheckpointScope checkpoint, int learner, Action<string> warn)
    {
        (int? best, int last) = RunPolicy.EpisodesOf(checkpoint, learner);
        if (best is { } episode) yield return new SavedPolicy(learner, true, episode, episodes);
        else warn($"learner {learner} has no networks of its best test, and only its last policy is verified");
        yield return new SavedPolicy(learner, false, last, episodes);
    }

    // a policy of the checkpoint, with its scores so far
    private sealed class SavedPolicy(int learner, bool best, int episode, int episodes)
    {
        private readonly EpisodeOutcome[] _outcomes = new EpisodeOutcome[episodes];
        private string? _failure;

        public int Learner => learner;

        public bool Best => best;

        private string Name => best ? VerifiedPolicy.BestName : VerifiedPolicy.LastName;

        public void Play(Evaluator evaluation, LearnerPopulation networks, ulong seed, int number)
        {
            try
            {
                _outcomes[number] = evaluation.Episode(
                    (x, _, _, u) => networks.Act(0, x, u), seed, (ulong)number,
                    starts: RandomStream.VerificationReset);
            }
            catch (SimulationException error)
            {
                _failure = error.Message;
            }
        }

        public VerifiedPolicy Result(
            IControlTask task, ulong seed, UnstableSimulation unstable, Action<string> warn)
        {
            EvaluationResult result = Evaluator.Summarise(_outcomes, task, unstable);
            if (_failure is not null || result.Episodes == 0)
            {
                warn($"the {Name} policy of learner {learner} could not be verified: {_failure ?? result.Failure}");
                return new VerifiedPolicy(learner, seed, Name, episode, null, null, null, episodes);
            }
            if (result.UnstableNote is { } note) warn($"verification of learner {learner}, {Name} policy: {note}");
            return new VerifiedPolicy(
                learner, seed, Name, episode, result.Mean, result.StandardError, result.SuccessRate, episodes)
            {
                Result = result, Outcomes = _outcomes,
            };
        }
    }
}
