using Naf.Checks.Oracles;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Replay;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Checks.Comparisons;

/// <summary>Learners with random weights, models and starts, whose rollouts are checked or timed.</summary>
internal sealed class RolloutTrial : IDisposable
{
    // sums of some hundred terms in float32 lose three digits of seven; the models drawn here contract, so that an
    // early step's error does not grow
    private const double RowBound = 1e-4;

    private readonly LearnerPopulation _population;

    /// <param name="settings">One per learner; learner k's seed, firstSeed + k, determines all of its numbers.</param>
    /// <param name="capacity">Rows of R_f; 0 for those of one call.</param>
    /// <param name="plan">How to map the work onto a GPU; null for <see cref="RolloutPlan.Choose"/>.</param>
    public RolloutTrial(
        Device device, RolloutDefinition definition, LearnerShape shape, RolloutSettings[] settings,
        ulong firstSeed = 5, int capacity = 0, RolloutPlan? plan = null)
    {
        var small = new LearnerSettings { BatchSize = 16, ReplayCapacity = 16 };
        LearnerSettings[] learners = [.. settings.Select((_, k) => small with { Seed = firstSeed + (ulong)k })];
        float[] scale = [.. Enumerable.Range(0, shape.State).Select(i => 0.5f + i % 3 * 0.25f)];
        _population = LearnerPopulation.Create(
            device, shape, scale, learners, capacity > 0 ? capacity : settings.Max(s => s.Rollouts * s.Steps));
        Models = new PackedModels(device, definition.Dynamics, learners.Length);
        try
        {
            Rollouts = new ImaginationRollouts(device, _population, definition, Models, settings, plan);
        }
        catch
        {
            Models.Dispose();
            _population.Dispose();
            throw;
        }
        for (int k = 0; k < settings.Length; k++)
        {
            Models.Write(k, DrawDynamics(definition.Dynamics, learners[k].Seed));
            DrawStarts(Rollouts.Starts(k), definition, settings[k].Rollouts, settings[k].Steps, learners[k].Seed);
        }
    }

    public ImaginationRollouts Rollouts { get; }

    /// <summary>One per learner.</summary>
    public PackedModels Models { get; }

    public float[] InputScale => _population.InputScale;

    /// <summary>Contracting packed models, one per time step: F = 0.6 I plus small entries, noise 0.1.</summary>
    /// <returns>[Horizon, PackedStep].</returns>
    public static float[] DrawDynamics(DynamicsShape shape, ulong seed)
    {
        int inputs = shape.State + shape.Action, row = MlpShape.Pad(shape.State);
        var packed = new float[shape.Horizon * shape.PackedStep];
        double spread = 0.2 / Math.Sqrt(inputs);
        for (int t = 0; t < shape.Horizon; t++)
            for (int r = 0; r <= inputs + shape.State; r++)
                for (int i = 0; i < shape.State; i++)
                {
                    double n = Philox.Normal(seed, RandomStream.Reset, (ulong)(t * shape.PackedStep + r * row + i));
                    // column of the lower triangle
                    int column = r - inputs - 1;
                    double value = column >= 0 ? i < column ? 0 : i == column ? 0.1 : 0.02 * n
                        : r >= shape.State ? 0.1 * n : spread * n + (r == i ? 0.6 : 0);
                    packed[t * shape.PackedStep + r * row + i] = (float)value;
                }
        return packed;
    }

    /// <summary>
    /// Draws starts with normal states and constants (deviation 0.5), at time steps from 0 to the last from which all
    /// steps fit.
    /// </summary>
    public static void DrawStarts(RolloutStarts starts, RolloutDefinition definition, int count, int steps, ulong seed)
    {
        (starts.Count, starts.FirstNumber) = (count, seed << 34);
        (int state, int constants) = (definition.Dynamics.State, definition.Observation.ConstantSize);
        (int horizon, int times) = (definition.Dynamics.Horizon, Math.Max(1, definition.Dynamics.Horizon - steps + 1));
        for (int m = 0; m < count; m++)
        {
            for (int i = 0; i < state; i++) starts.State[m * state + i] = Draw(RandomStream.Reset, m, i);
            for (int i = 0; i < constants; i++)
                starts.Constants[m * constants + i] = Draw(RandomStream.TestReset, m, i);
            uint word = Philox.At(seed, RandomStream.ImaginationStart, (ulong)m).A;
            (starts.Time[m], starts.End[m]) = (Philox.Index(word, times), horizon);
        }

        float Draw(RandomStream stream, int m, int i) => (float)(0.5 * Philox.Normal(seed, stream, (ulong)m, (uint)i));
    }

    /// <summary>R_f of a learner, fetched from its device.</summary>
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

    /// <summary>
    /// Compares the rows of the first call with the oracle; the error is ∞ if the lengths or the numbers of cut
    /// rollouts differ.
    /// </summary>
    public KernelError Compare(int k)
    {
        var dynamics = new float[Models.Length];
        Models.Read(k, dynamics);
        RolloutOracle.Result[] expected = RolloutOracle.Run(
            Rollouts.Definition, _population.Shape, _population.InputScale, Learner(k), dynamics, Rollouts.Settings(k),
            Rollouts.Starts(k));
        double[] rows = [.. expected.SelectMany(rollout => rollout.Rows).SelectMany(row => row)];
        ReplayBuffer stored = Imagined(k);
        var report = new RolloutReport(rows.Length / stored.RowLength, expected.Count(rollout => rollout.Cut));
        bool alike = rows.Length == stored.Rows.Length && report == Rollouts.Report(k);
        double error = alike ? KernelError.Largest<float>(stored.Rows, rows) : double.PositiveInfinity;
        return new KernelError("rollouts", error, RowBound);
    }

    public void Dispose()
    {
        Rollouts.Dispose();
        Models.Dispose();
        _population.Dispose();
    }
}
