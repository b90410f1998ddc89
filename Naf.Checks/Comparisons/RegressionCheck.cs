using Naf.Checks.Oracles;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Random;
using Naf.Kernels.Regression;
using Naf.Kernels.Settings;

namespace Naf.Checks.Comparisons;

/// <summary>Compares a regression's updates with the oracle in double precision, on random rows [z | y].</summary>
internal static class RegressionCheck
{
    // float32 sums of some hundred terms lose three digits of seven
    private const double LossBound = 1e-4, StateBound = 1e-4;

    /// <summary>
    /// Makes updates of the second of two learners and of the oracle, and compares. Adam's ε is large: with a small
    /// one, rounding decides the direction of a parameter whose gradient is nearly zero.
    /// </summary>
    /// <returns>Error of the loss, relative; of parameters and moments, relative to their largest.</returns>
    public static KernelError[] Run(
        Device device, int inputs, int outputs, ImmutableArray<int> hidden, int batch, int updates)
    {
        var settings = new LearnerSettings { Hidden = hidden, BatchSize = batch, LearningRate = 1e-2, Epsilon = 1e-2f };
        using var regression = new NetworkRegression(device, inputs, outputs, settings, [3, 4]);
        Standardise(regression);
        float[] rows = Draw(100, inputs + outputs, 1);
        regression.Gpu?.Poison();
        RegressionLearner learner = regression.LearnerAt(1);
        var oracle = new RegressionOracle(regression.Shape, settings,
            [.. learner.Parameters.Span.ToArray().Select(v => (double)v)]);
        double loss = 0, state = 0;
        for (int update = 0; update < updates; update++)
        {
            (double[][] z, double[][] y) = Minibatch(rows, inputs, outputs, batch, seed: 4, update);
            double expected = oracle.Update(z, y), largest = oracle.First.Max(Math.Abs);
            loss = Math.Max(loss, KernelError.Largest([regression.Train(1, rows, 1)], [expected], expected));
            foreach ((HostBuffer actual, double[] wanted, double size) in new[]
            {
                (learner.First, oracle.First, largest), (learner.Second, oracle.Second, largest * largest),
                (learner.Parameters, oracle.Parameters, 1),
            })
                state = Math.Max(state, KernelError.Largest<float>(actual.Span, wanted, size));
        }
        return [new("regression: loss", loss, LossBound), new("regression: parameters", state, StateBound)];
    }

    /// <summary>Normal rows: entry i has mean i and standard deviation 1 / (i + 1).</summary>
    public static float[] Draw(int count, int entries, ulong seed) =>
        [.. Enumerable.Range(0, count * entries).Select(e =>
            (float)(e % entries + Philox.Normal(seed, RandomStream.Reset, (ulong)(e / entries), (uint)(e % entries))
                / (e % entries + 1)))];

    /// <summary>Sets the scales of <see cref="Draw"/> in a regression's learners.</summary>
    public static void Standardise(NetworkRegression regression)
    {
        double[] mean = [.. Enumerable.Range(0, regression.Inputs + regression.Outputs).Select(i => (double)i)];
        for (int k = 0; k < regression.Learners; k++) regression.SetScale(k, mean, [.. mean.Select(i => i + 1)]);
    }

    /// <summary>The standardised minibatch of an update; word m of the seed's stream selects sample m.</summary>
    public static (double[][] Z, double[][] Y) Minibatch(
        float[] rows, int inputs, int outputs, int batch, ulong seed, int update)
    {
        var (z, y) = (new double[batch][], new double[batch][]);
        for (int m = 0; m < batch; m++)
        {
            uint word = Philox.At(seed, RandomStream.Regression, (ulong)update, (uint)m / 4).Word(m % 4);
            int row = (int)((ulong)word * (ulong)(rows.Length / (inputs + outputs)) >> 32);
            double[] all = [.. rows.Skip(row * (inputs + outputs)).Take(inputs + outputs)
                .Select((v, i) => (v - (double)i) * (i + 1))];
            (z[m], y[m]) = (all[..inputs], all[inputs..]);
        }
        return (z, y);
    }
}
