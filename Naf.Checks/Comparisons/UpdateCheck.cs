using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Population;
using Naf.Kernels.Random;
using Naf.Kernels.Update;

namespace Naf.Checks.Comparisons;

/// <summary>Holds a population's update against double precision, on transitions drawn for the purpose.</summary>
public static class UpdateCheck
{
    /// <summary>How far the fast version is from double precision.</summary>
    /// <param name="Gradient">Largest error of Adam's first moment after one update, over its largest element.</param>
    /// <param name="Loss">Largest relative error of the loss over the updates made.</param>
    /// <param name="State">Largest error of parameters, second moments, target and running statistics at the end, over 1 + their size.</param>
    public readonly record struct Errors(double Gradient, double Loss, double State)
    {
        /// <summary>
        /// Largest errors that rounding to float32 explains: sums of some hundred terms lose three digits of seven. A step of Adam moves a
        /// parameter by up to the learning rate, 1e-2 here, so that a missing or wrong one shows in the state.
        /// </summary>
        public const double GradientBound = 1e-4, LossBound = 1e-3, StateBound = 1e-4, PolicyBound = 1e-4;

        /// <summary>Whether rounding explains them.</summary>
        public bool Agree => Gradient < GradientBound && Loss < LossBound && State < StateBound;
    }

    /// <summary>Fills a learner's replay with transitions: entries of x standard normal, u uniform, a tenth of them terminal.</summary>
    public static void Fill(NafPopulation population, int learner, int transitions, ulong seed)
    {
        NafShape shape = population.Shape;
        var (x, next, u) = (new float[shape.State], new float[shape.State], new float[shape.Action]);
        for (int t = 0; t < transitions; t++)
        {
            uint lane = 0;
            foreach (float[] entries in (float[][])[x, next])
                for (int i = 0; i < entries.Length; i++) entries[i] = (float)Philox.Normal(seed, RandomStream.Reset, (ulong)t, lane++);
            for (int i = 0; i < u.Length; i++) u[i] = (float)(2 * Philox.Uniform(seed, RandomStream.RandomPolicy, (ulong)t, (uint)i) - 1);
            double reward = Philox.Normal(seed, RandomStream.Exploration, (ulong)t);
            population.Store(learner, x, u, (float)reward, next, terminal: Philox.Uniform(seed, RandomStream.TestReset, (ulong)t) < 0.1);
        }
    }

    /// <summary>
    /// Makes <paramref name="updates"/> updates of a new population's learner and of the oracle, and compares. The target is averaged fast,
    /// and Adam's ε is large: with a small one the direction of a parameter whose gradient is nearly zero is a matter of rounding.
    /// </summary>
    /// <param name="plan">How a GPU lays the work out; null: as it would.</param>
    internal static Errors Run(
        Device device, NafShape shape, LearnerSettings settings, int batch, int updates, float[] inputScale, LaunchPlan? plan = null)
    {
        settings = settings with { Tau = 0.5f, LearningRate = 1e-2f, Epsilon = 1e-2f };
        using var population = new NafPopulation(device, shape, inputScale, batch, Math.Max(1000, batch), [settings], 0, plan);
        population.Gpu?.Poison();
        Fill(population, 0, Math.Max(300, batch), settings.Seed + 1);
        var oracle = new NafOracle(shape, settings);
        var errors = new Errors(0, 0, 0);
        for (int k = 0; k < updates; k++)
        {
            double expected = oracle.Update(NextMinibatch(population, 0, inputScale));
            population.Update(1);
            double loss = Math.Abs(population.TakeReport(0).Loss - expected) / expected;
            Learner learner = population.LearnerAt(0);
            double[] moments = [.. oracle.First.SelectMany(m => m)];
            double largest = moments.Max(Math.Abs);
            double gradient = k == 0 ? LargestError(learner.FirstMoment.Span, moments, _ => largest) : errors.Gradient;
            loss = double.IsFinite(loss) ? Math.Max(errors.Loss, loss) : double.PositiveInfinity;
            errors = new Errors(gradient, loss, StateError(learner, oracle));
        }
        return errors;
    }

    /// <summary>
    /// Largest errors of a new learner's μ(x), an observation a call, and of V, μ, L, A and Q of all in one call, over 1 + their size.
    /// </summary>
    internal static (double Act, double Evaluate) PolicyErrors(Device device, NafShape shape, int samples)
    {
        var settings = new LearnerSettings { Seed = 3 };
        using var population = new NafPopulation(device, shape, [], batch: 1, replayCapacity: 1, [settings]);
        (int state, int action, int packed) = (shape.State, shape.Action, shape.Packed);
        float[] x = Drawn(state, lane: 0), u = Drawn(action, lane: 1), mu = NotNumbers(action);
        for (int m = 0; m < samples; m++) population.Act(0, x.AsSpan(m * state, state), mu.AsSpan(m * action, action));
        float[][] all = [NotNumbers(1), NotNumbers(action), NotNumbers(packed), NotNumbers(1), NotNumbers(1)];
        population.Evaluate(0, x, u, all[0], all[1], all[2], all[3], all[4]);

        var oracle = new NafOracle(shape, settings);
        double[][] inputs = [.. x.Chunk(state).Select(row => row.Select(v => (double)v).ToArray())];
        double[][][] outputs = [.. shape.Networks()
            .Select((network, n) => new MlpOracle(network).Forward(oracle.Parameters[n], oracle.Statistics[n], inputs))];
        double act = 0, evaluate = 0, bound = settings.LogDiagonalBound;
        for (int m = 0; m < samples; m++)
        {
            // V, m and l of the sample, one network after the other
            double[] o = [.. outputs.SelectMany(network => network[m])], mean = o[1..(1 + action)], l = o[(1 + action)..];
            double[] taken = [.. u[(m * action)..((m + 1) * action)].Select(v => (double)v)], policy = [.. mean.Select(Math.Tanh)];
            double[,] triangle = NafAdvantageReference<double>.Triangle(l, action, bound);
            double[] lower = [.. Enumerable.Range(0, action).SelectMany(i => Enumerable.Range(0, i + 1).Select(j => triangle[i, j]))];
            double advantage = NafAdvantageReference<double>.Value(0, mean, l, taken, bound);
            double[][] expected = [[o[0]], policy, lower, [advantage], [o[0] + advantage]];
            act = Math.Max(act, LargestError(mu.AsSpan(m * action, action), policy, OnePlus));
            for (int part = 0; part < 5; part++)
            {
                int length = expected[part].Length;
                evaluate = Math.Max(evaluate, LargestError(all[part].AsSpan(m * length, length), expected[part], OnePlus));
            }
        }
        return (act, evaluate);

        float[] NotNumbers(int row) => [.. Enumerable.Repeat(float.NaN, row * samples)];

        float[] Drawn(int row, uint lane) =>
            [.. Enumerable.Range(0, row * samples).Select(i => (float)Math.Tanh(Philox.Normal(3, RandomStream.Reset, (ulong)i, lane)))];
    }

    /// <summary>The minibatch that a learner's next update will draw.</summary>
    internal static unsafe Minibatch<double> NextMinibatch(NafPopulation population, int index, float[] inputScale)
    {
        Learner learner = population.LearnerAt(index);
        (int state, int action, int batch) = (population.Shape.State, population.Shape.Action, population.Batch);
        var result = new Minibatch<double>(new double[batch][], new double[batch][], new double[batch], new bool[batch], new double[batch][]);
        for (int m = 0; m < batch; m++)
        {
            PhiloxBlock block = Philox.At(learner.Settings.Seed, RandomStream.Minibatch, (ulong)learner.Updates, (uint)m / 4);
            uint word = new[] { block.A, block.B, block.C, block.D }[m % 4];
            var row = new ReadOnlySpan<float>(learner.Replay.Row(Philox.Index(word, learner.Replay.Count)), learner.Replay.RowLength);
            result.X[m] = Scaled(row[..state]);
            result.U[m] = [.. row.Slice(state, action).ToArray().Select(v => (double)v)];
            (result.Reward[m], result.Bootstrap[m]) = (row[state + action], row[state + action + 1] != 0);
            result.Next[m] = Scaled(row[(state + action + 2)..]);
        }
        return result;

        double[] Scaled(ReadOnlySpan<float> x) => [.. x.ToArray().Select((v, i) => (double)(v * inputScale[i]))];
    }

    private static double StateError(Learner learner, NafOracle oracle)
    {
        (HostBuffer, IEnumerable<double>)[] pairs =
        [
            (learner.Parameters, oracle.Parameters.SelectMany(p => p)), (learner.SecondMoment, oracle.Second.SelectMany(v => v)),
            (learner.Target, oracle.Target), (learner.Statistics, oracle.Statistics.SelectMany(s => s)),
            (learner.TargetStatistics, oracle.TargetStatistics),
        ];
        return pairs.Max(pair => LargestError(pair.Item1.Span, [.. pair.Item2], OnePlus));
    }

    private static double OnePlus(double expected) => 1 + Math.Abs(expected);

    private static double LargestError(ReadOnlySpan<float> actual, double[] expected, Func<double, double> size)
    {
        double error = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            // finite first: a maximum would pass over a NaN
            if (!float.IsFinite(actual[i]) || !double.IsFinite(expected[i])) return double.PositiveInfinity;
            error = Math.Max(error, Math.Abs(actual[i] - expected[i]) / size(expected[i]));
        }
        return error;
    }
}
