using Naf.Checks.Oracles;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Replay;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Update;

namespace Naf.Checks.Comparisons;

/// <summary>Learners with drawn weights, models and starts, whose rollouts are checked or timed.</summary>
internal sealed class RolloutTrial : IDisposable
{
    private readonly NafPopulation _population;
    private readonly float[][] _dynamics;

    /// <param name="settings">One entry per learner; learner k has the seed firstSeed + k, and its numbers follow from it alone.</param>
    /// <param name="capacity">Rows of R_f; 0: those of one call.</param>
    /// <param name="plan">How to lay the work onto a GPU; null: as <see cref="RolloutPlan.Choose"/> says.</param>
    public RolloutTrial(
        Device device, RolloutDefinition definition, NafShape shape, RolloutSettings[] settings, ulong firstSeed = 5, int capacity = 0,
        RolloutPlan? plan = null)
    {
        LearnerSettings[] learners = [.. settings.Select((_, k) => new LearnerSettings { Seed = firstSeed + (ulong)k })];
        float[] scale = [.. Enumerable.Range(0, shape.State).Select(i => 0.5f + i % 3 * 0.25f)];
        _dynamics = [.. learners.Select(l => RolloutCheck.DrawDynamics(definition.Dynamics, l.Seed))];
        _population = new NafPopulation(
            device, shape, scale, batch: 16, replayCapacity: 16, learners, capacity > 0 ? capacity : settings.Max(s => s.Rollouts * s.Steps));
        try
        {
            Rollouts = new ImaginationRollouts(device, _population, definition, settings, plan);
        }
        catch
        {
            _population.Dispose();
            throw;
        }
        for (int k = 0; k < settings.Length; k++)
        {
            Rollouts.SetDynamics(k, _dynamics[k]);
            RolloutCheck.DrawStarts(Rollouts.Starts(k), definition, settings[k].Rollouts, settings[k].Steps, learners[k].Seed);
        }
    }

    public ImaginationRollouts Rollouts { get; }

    public float[] InputScale => _population.InputScale;

    /// <summary>R_f of a learner, fetched from where it is.</summary>
    public ReplayBuffer Imagined(int learner) => _population.LearnerAt(learner).Imagined;

    public Learner Learner(int learner) => _population.AllLearners[learner];

    /// <summary>One call; returns the steps stored.</summary>
    public long Run()
    {
        Rollouts.Run();
        long steps = 0;
        for (int k = 0; k < _population.Learners; k++) steps += Rollouts.Report(k).Steps;
        return steps;
    }

    /// <summary>The rows of the first call against the oracle.</summary>
    public RolloutCheck.Errors Compare(int k)
    {
        RolloutOracle.Result[] expected = RolloutOracle.Run(
            Rollouts.Definition, _population.Shape, _population.InputScale, Learner(k), _dynamics[k], Rollouts.Settings(k), Rollouts.Starts(k));
        double[] rows = [.. expected.SelectMany(rollout => rollout.Rows).SelectMany(row => row)];
        ReplayBuffer stored = Imagined(k);
        var report = new RolloutReport(rows.Length / stored.RowLength, expected.Count(rollout => rollout.Cut));
        return rows.Length == stored.Rows.Length && report == Rollouts.Report(k)
            ? new RolloutCheck.Errors(RelativeError.Largest(stored.Rows, rows), 0, stored.Count)
            : new RolloutCheck.Errors(double.PositiveInfinity, 1, stored.Count);
    }

    public void Dispose()
    {
        Rollouts.Dispose();
        _population.Dispose();
    }
}
