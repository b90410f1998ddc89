using Naf.Kernels;

namespace Naf.Tests;

/// <summary>Rows [z | y] for the tests of the regression.</summary>
internal static class RegressionSamples
{
    /// <summary>Normal numbers around entry i's mean i with deviation 1 / (i + 1), and the scales that standardise them.</summary>
    public static float[] Draw(int count, int entries, ulong seed) =>
        [.. Enumerable.Range(0, count * entries).Select(e =>
            (float)(e % entries + Philox.Normal(seed, RandomStream.Reset, (ulong)(e / entries), (uint)(e % entries)) / (e % entries + 1)))];

    /// <summary>Tells a regression's learners the scales of <see cref="Draw"/>.</summary>
    public static void Standardise(NetworkRegression regression)
    {
        (int inputs, int outputs) = (regression.Inputs, regression.Outputs);
        double[] mean = [.. Enumerable.Range(0, inputs + outputs).Select(i => (double)i)], scale = [.. mean.Select(i => i + 1)];
        for (int k = 0; k < regression.Learners; k++)
            regression.SetScale(k, mean.AsSpan(0, inputs), scale.AsSpan(0, inputs), mean.AsSpan(inputs), scale.AsSpan(inputs));
    }

    /// <summary>The minibatch of an update, standardised: sample m is the row that word m of the seed's stream says.</summary>
    public static (double[][] Z, double[][] Y) Minibatch(float[] rows, int inputs, int outputs, int batch, ulong seed, int update)
    {
        var (z, y) = (new double[batch][], new double[batch][]);
        for (int m = 0; m < batch; m++)
        {
            PhiloxBlock block = Philox.At(seed, RandomStream.Regression, (ulong)update, (uint)m / 4);
            uint word = new[] { block.A, block.B, block.C, block.D }[m % 4];
            int row = (int)((ulong)word * (ulong)(rows.Length / (inputs + outputs)) >> 32);
            double[] all = [.. rows.Skip(row * (inputs + outputs)).Take(inputs + outputs).Select((v, i) => (v - (double)i) * (i + 1))];
            (z[m], y[m]) = (all[..inputs], all[inputs..]);
        }
        return (z, y);
    }
}
