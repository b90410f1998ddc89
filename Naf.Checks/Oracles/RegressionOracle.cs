using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Regression;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using FourSums = Naf.Kernels.Network.Twice<double,
    Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.OneRow<double>>>;

namespace Naf.Checks.Oracles;

/// <summary>The regression in double precision, by the kernels' bodies in plain C#. Samples are standardised.</summary>
internal sealed class RegressionOracle(MlpShape shape, LearnerSettings settings, double[] parameters)
{
    private int _step;

    /// <summary>θ.</summary>
    public double[] Parameters { get; } = parameters;

    /// <summary>Adam's m.</summary>
    public double[] First { get; } = new double[parameters.Length];

    /// <summary>Adam's v.</summary>
    public double[] Second { get; } = new double[parameters.Length];

    /// <summary>loss = mean over samples and outputs of (g(z) − y)².</summary>
    public double Loss(double[][] z, double[][] y) => Run(z, y, (row, _) =>
        row.At(row.Layout.Sizes.U, z.Length * shape.Output).ToArray().Average(error => error * error));

    /// <summary>∂loss/∂θ.</summary>
    public double[] Gradient(double[][] z, double[][] y) => Run(z, y, (row, _) => row.Gradient());

    /// <summary>One update; returns the loss before it.</summary>
    public double Update(double[][] z, double[][] y) => Run(z, y, (row, at) =>
    {
        row.Gradient();
        (double rate, double epsilon) = settings.Adam.Corrected(++_step);
        using HostArray<double> results = new(2), rates = new([rate, epsilon]);
        (at.Results, at.Rates) = (results.View, rates.View);
        for (int tile = 0; tile < row.Layout.Tiles.Length; tile++)
            RegressionKernels.Apply<double, DoubleMath, SingleThread>(at, tile, row.Memory.View, default);
        foreach ((int place, double[] array) in State(row.Layout.Sizes)) row.At(place, array.Length).CopyTo(array);
        return results.Span[0];
    });

    private TResult Run<TResult>(double[][] z, double[][] y, Func<OracleRow, RegressionArguments<double>, TResult> read)
    {
        using var row = new OracleRow(
            new LearnerLayout([shape], targets: 0, z.Length, shape.Output, OracleRow.Sums, 64, 64));
        LearnerSizes s = row.Layout.Sizes;
        foreach ((int place, double[] array) in State(s)) array.CopyTo(row.At(place, array.Length));
        settings.Places.CopyTo(row.At(s.Settings, LearnerLayout.SettingsLength));
        row.CopyWeights();
        using var samples = new HostArray<double>(
            [.. z.Zip(y).SelectMany(sample => (double[])[.. sample.First, .. sample.Second])]);
        var at = new RegressionArguments<double>
        {
            States = row.View, Samples = samples.View, Layers = row.Layers, Tiles = row.Tiles, Sizes = s
        };
        for (int first = 0; first < s.Samples; first += s.Rows)
            RegressionKernels.Passes<double, DoubleMath, FourSums, SingleThread>(at, first, row.Memory.View, default);
        return read(row, at);
    }

    private (int Place, double[] Array)[] State(LearnerSizes s) =>
        [(s.Parameters, Parameters), (s.First, First), (s.Second, Second)];
}
