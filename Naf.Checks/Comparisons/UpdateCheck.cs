using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Checks.Comparisons;

/// <summary>Compares a population's updates with double precision, on random transitions.</summary>
internal static class UpdateCheck
{
    // sums of some hundred terms in float32 lose three digits of seven. A step of Adam moves a parameter by up to the
    // learning rate, 1e-2 here, so that a missing or wrong one shows in the state
    private const double GradientBound = 1e-4, LossBound = 1e-3, StateBound = 1e-4, PolicyBound = 1e-4;

    /// <summary>
    /// Fills a learner's replay: x standard normal, u uniform, a tenth of the transitions terminal, others of 1 to 3
    /// steps.
    /// </summary>
    public static void Fill(LearnerPopulation population, int learner, int transitions, ulong seed)
    {
        LearnerShape shape = population.Shape;
        var (x, next, u) = (new float[shape.State], new float[shape.State], new float[shape.Action]);
        for (int t = 0; t < transitions; t++)
        {
            uint lane = 0;
            foreach (float[] entries in (float[][])[x, next])
                for (int i = 0; i < entries.Length; i++)
                    entries[i] = (float)Philox.Normal(seed, RandomStream.Reset, (ulong)t, lane++);
            for (int i = 0; i < u.Length; i++)
                u[i] = (float)(2 * Philox.Uniform(seed, RandomStream.RandomPolicy, (ulong)t, (uint)i) - 1);
            double reward = Philox.Normal(seed, RandomStream.Exploration, (ulong)t);
            population.Store(learner, x, u, (float)reward, next,
                bootstrap: Philox.Uniform(seed, RandomStream.TestReset, (ulong)t) < 0.1 ? 0 : MathF.Pow(0.9f, t % 3),
                first: (float)reward);
        }
    }

    /// <summary>
    /// Makes <paramref name="updates"/> updates of a new population's learner and of the oracle, and compares. τ and
    /// Adam's ε are large: with a small ε, rounding decides the direction of a parameter whose gradient is nearly zero.
    /// </summary>
    /// <param name="plan">How a GPU runs the work; null for its default.</param>
    /// <returns>
    /// Errors of Adam's first moment after one update, relative to its largest element; of the loss over all updates,
    /// relative; and of parameters, second moments, target and running statistics at the end, relative to 1 + their
    /// size.
    /// </returns>
    internal static KernelError[] Run(
        Device device, LearnerShape shape, LearnerSettings settings, int batch, int updates, float[] inputScale,
        LaunchPlan? plan = null)
    {
        settings = settings with
        {
            BatchSize = batch, ReplayCapacity = Math.Max(1000, batch), Tau = 0.5, LearningRate = 1e-2,
            ActorLearningRate = 5e-3, Epsilon = 1e-2f,
        };
        using LearnerPopulation population =
            LearnerPopulation.Create(device, shape, inputScale, [settings], plan: plan);
        population.Gpu?.Poison();
        Fill(population, 0, Math.Max(300, batch), settings.Seed + 1);
        using var oracle = new LearnerOracle(shape, population.LearnerAt(0), inputScale, batch);
        double gradient = 0, loss = 0;
        for (int k = 0; k < updates; k++)
        {
            double expected = oracle.Update(NextMinibatch(population, 0));
            population.Update(1);
            loss = Math.Max(loss, KernelError.Largest([population.TakeReport(0).Loss], [expected], expected));
            double[] first = oracle.First;
            if (k > 0) continue;
            gradient = KernelError.Largest<float>(population.LearnerAt(0).FirstMoment.Span, first, first.Max(Math.Abs));
        }
        Learner learner = population.LearnerAt(0);
        (HostBuffer Actual, double[] Expected)[] state =
        [
            (learner.Parameters, oracle.Parameters), (learner.SecondMoment, oracle.Second),
            (learner.Target, oracle.Target), (learner.Statistics, oracle.Statistics),
            (learner.TargetStatistics, oracle.TargetStatistics),
        ];
        double error = state.Max(pair => KernelError.Largest<float>(pair.Actual.Span, pair.Expected));
        return
        [
            new("update: gradient", gradient, GradientBound), new("update: loss", loss, LossBound),
            new("update: parameters", error, StateBound),
        ];
    }

    /// <summary>
    /// Largest errors of a trained learner's μ(x), without and with L(x), one observation per call, and of V, μ, L, A
    /// and Q for all in one call, relative to 1 + their size.
    /// </summary>
    internal static KernelError[] PolicyErrors(Device device, LearnerShape shape, int samples)
    {
        var settings = new LearnerSettings { Seed = 3, BatchSize = 16, ReplayCapacity = 100 };
        float[] scale = [.. Enumerable.Range(0, shape.State).Select(i => 0.5f + 0.1f * (i % 7))];
        using LearnerPopulation population = LearnerPopulation.Create(device, shape, scale, [settings]);
        Fill(population, 0, 100, seed: 1);
        population.Update(5);
        (int state, int action) = (shape.State, shape.Action);
        int packed = shape.Packed;
        float[] x = Drawn(state, lane: 0), u = Drawn(action, lane: 1), mu = new float[samples * action];
        float[] alongside = new float[samples * action], lower = new float[samples * packed];
        foreach (float[] result in (float[][])[mu, alongside, lower]) result.AsSpan().Fill(float.NaN);
        for (int m = 0; m < samples; m++)
        {
            population.Act(0, x.AsSpan(m * state, state), mu.AsSpan(m * action, action));
            // without L, an empty array
            population.Act(
                0, 1, x.AsSpan(m * state, state), alongside.AsSpan(m * action, action),
                lower.AsSpan(m * packed, packed));
        }
        LearnerValues values = population.Evaluate(0, x, u);

        Learner learner = population.LearnerAt(0);
        using var oracle = new LearnerOracle(shape, learner, scale, settings.BatchSize);
        double[][] expected = oracle.Values(x, [.. u.Select(v => (double)v)]);
        float[][] actual = [values.V, values.Mu, values.Lower, values.Advantage, values.Q];
        return
        [
            new("act", KernelError.Largest<float>(mu, expected[1]), PolicyBound),
            new("act: L", Math.Max(
                KernelError.Largest<float>(alongside, expected[1]), KernelError.Largest<float>(lower, expected[2])),
                PolicyBound),
            new("evaluate", actual.Zip(expected, (a, e) => KernelError.Largest<float>(a, e)).Max(), PolicyBound),
        ];

        float[] Drawn(int row, uint lane) =>
            [.. Enumerable.Range(0, row * samples)
                .Select(i => (float)Math.Tanh(Philox.Normal(3, RandomStream.Reset, (ulong)i, lane)))];
    }

    /// <summary>The minibatch that a learner's next update will draw, [batch, row].</summary>
    internal static double[] NextMinibatch(LearnerPopulation population, int index)
    {
        Learner l = population.LearnerAt(index);
        return [.. Enumerable.Range(0, population.Batch)
            .Select(m => RandomDraw.Row(l.Settings.Seed, (ulong)l.Updates, m, l.Replay.Count))
            .SelectMany(row => l.Replay.RowSpan(row).ToArray()).Select(v => (double)v)];
    }
}
