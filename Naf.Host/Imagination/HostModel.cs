using Naf.Host.Settings;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Rollout;

namespace Naf.Host.Imagination;

/// <summary>
/// Imagination on the host, step by step: all rollouts of a learner select actions, then all advance in parallel. The
/// stored transitions do not depend on the number of threads.
/// </summary>
internal abstract class HostModel
{
    private readonly LearnerPopulation _population;
    private readonly ImaginationSettings _settings;
    private readonly RolloutReport[] _reports;
    private readonly List<Row>[] _rows;
    private readonly bool[] _live;

    /// <summary>One imagined transition.</summary>
    protected sealed record Row(float[] X, float[] U)
    {
        public float Reward { get; set; }

        public bool Terminal { get; set; }

        public float[] Next { get; init; } = new float[X.Length];

        public bool IsFinite => float.IsFinite(Reward) && Finite(X) && Finite(U) && Finite(Next);

        private static bool Finite(float[] numbers) =>
            numbers.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0;
    }

    /// <summary>Outcome of a step of a rollout.</summary>
    protected enum Outcome
    {
        GoesOn,
        /// <summary>The row is the last one: a terminal state or the horizon.</summary>
        Ended,
        /// <summary>The state is not finite or out of range: the row is not stored.</summary>
        Cut,
    }

    protected HostModel(LearnerPopulation population, ImaginationSettings settings)
    {
        (_population, _settings) = (population, settings);
        _reports = new RolloutReport[population.Learners];
        _rows = [.. Enumerable.Range(0, settings.Starts).Select(_ => new List<Row>())];
        _live = new bool[settings.Starts];
    }

    public void RollOut(IReadOnlyList<Imagining> learners)
    {
        Array.Clear(_reports);
        foreach (Imagining l in learners) RollOut(l);
    }

    public RolloutReport Report(int learner) => _reports[learner];

    public string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due) =>
        [.. due.Select(
            d => PopulationDynamics.Try(() => Learn(d.Learner, d.Memory) ? null : PopulationDynamics.NotFinite))];

    /// <summary>Refits a learner's dynamics to its memory, whose B is full.</summary>
    /// <returns>Whether they are finite; if not, the last good ones are kept.</returns>
    protected abstract bool Learn(int learner, EpisodeMemory memory);

    /// <summary>Sets rollout m to its start and writes the observation there.</summary>
    protected abstract void Begin(int m, EpisodeRecord episode, int time, Span<float> x);

    /// <summary>
    /// Advances a learner's live rollouts: fills reward, terminal flag and next observation of their rows.
    /// </summary>
    /// <param name="rows">[m], the row of each live rollout; null for the others.</param>
    /// <param name="outcomes">[m], receives the outcome of each live rollout.</param>
    protected abstract void Advance(int learner, Row?[] rows, Outcome[] outcomes);

    private void RollOut(Imagining l)
    {
        int count = _settings.Starts, cuts = 0;
        (int observations, int actions) = (_population.Shape.State, _population.Shape.Action);
        var (current, outcomes, x) = (new Row?[count], new Outcome[count], new float[count][]);
        for (int m = 0; m < count; m++)
        {
            _rows[m].Clear();
            _live[m] = true;
            (EpisodeRecord episode, _, int time) = l.Start(m);
            Begin(m, episode, time, x[m] = new float[observations]);
        }
        for (int step = 0; step < _settings.Steps; step++)
        {
            // u = clip(μ(x) + σ ε, −1, 1)
            for (int m = 0; m < count; m++)
            {
                current[m] = null;
                if (!_live[m]) continue;
                var row = new Row(x[m], new float[actions]);
                _population.Act(l.Learner, row.X, row.U);
                Explore(l.Seed, l.First + (ulong)m, step, row.U);
                if (row.IsFinite) current[m] = row;
                else (_live[m], cuts) = (false, cuts + 1);
            }
            Advance(l.Learner, current, outcomes);
            for (int m = 0; m < count; m++)
            {
                if (current[m] is not { } row) continue;
                _live[m] = outcomes[m] == Outcome.GoesOn;
                // a number may be finite in double but not in float32
                if (outcomes[m] != Outcome.Cut && row.IsFinite) _rows[m].Add(row);
                else (_live[m], cuts) = (false, cuts + 1);
                x[m] = row.Next;
            }
        }

        // into R_f in the order (rollout, step)
        long stored = 0;
        foreach (List<Row> rollout in _rows)
            foreach (Row row in rollout)
            {
                _population.StoreImagined(l.Learner, row.X, row.U, row.Reward, row.Next, row.Terminal);
                stored++;
            }
        _reports[l.Learner] = new RolloutReport(stored, cuts);
    }

    // a policy that is not finite is detected in its updates; here only its rollouts are cut
    private void Explore(ulong seed, ulong number, int step, Span<float> u)
    {
        for (int i = 0; i < u.Length; i++)
        {
            double noise = Philox.Normal(seed, RandomStream.ImaginationAction, (number << 12) | (uint)step, (uint)i);
            u[i] = float.Clamp(u[i] + (float)(_settings.Noise * noise), -1, 1);
        }
    }
}
