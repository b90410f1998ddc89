using System.Collections.Immutable;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Network;
using Naf.Kernels.Update;
using Phases = Naf.Kernels.Update.UpdatePhases<
    double, Naf.Kernels.Scalar.DoubleMath,
    Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.OneRow<double>>>,
    Naf.Kernels.Update.FirstRows, Naf.Gpu.Accelerators.SingleThread>;

namespace Naf.Checks.Oracles;

/// <summary>A minibatch as plain arrays: x, u, r, whether to bootstrap, x′, one entry per sample; x already scaled for the networks.</summary>
public sealed record Minibatch<T>(T[][] X, T[][] U, T[] Reward, bool[] Bootstrap, T[][] Next);

/// <summary>
/// One learner's update in double precision: the kernels' bodies, run as plain C#. The minibatch is given, so that the numbers can be checked by
/// hand and against finite differences.
/// </summary>
public sealed class NafOracle
{
    private readonly NafShape _shape;
    private readonly LearnerSettings _settings;
    private readonly ImmutableArray<MlpShape> _networks;
    private long _step;

    /// <summary>A learner with the parameters that the fast versions have at birth.</summary>
    public NafOracle(NafShape shape, LearnerSettings settings)
    {
        (_shape, _settings, _networks) = (shape, settings, shape.Networks());
        (Parameters, Statistics) = (new double[_networks.Length][], new double[_networks.Length][]);
        for (int n = 0; n < _networks.Length; n++)
        {
            var (parameters, statistics) = (new float[_networks[n].Parameters], new float[_networks[n].Statistics]);
            _networks[n].Initialise(settings.Seed, (uint)n, settings.HeadScale, parameters, statistics);
            (Parameters[n], Statistics[n]) = ([.. parameters.Select(p => (double)p)], [.. statistics.Select(s => (double)s)]);
        }
        (First, Second) = ([.. Parameters.Select(p => new double[p.Length])], [.. Parameters.Select(p => new double[p.Length])]);
        (Target, TargetStatistics) = ([.. Parameters[0]], [.. Statistics[0]]);
    }

    /// <summary>θ, a flat array per network.</summary>
    public double[][] Parameters { get; }

    /// <summary>Running statistics per network.</summary>
    public double[][] Statistics { get; }

    /// <summary>Adam's m per network.</summary>
    public double[][] First { get; }

    /// <summary>Adam's v per network.</summary>
    public double[][] Second { get; }

    /// <summary>θ′ of the first network.</summary>
    public double[] Target { get; }

    /// <summary>Running statistics of the target.</summary>
    public double[] TargetStatistics { get; }

    /// <summary>y = r + γ V′(x′), without the second term where the episode ended.</summary>
    public double[] Targets(Minibatch<double> batch) => Run(batch, null, (row, s) => row.At(s.Y, s.Batch).ToArray());

    /// <summary>Q(x, u) of each sample.</summary>
    public double[] Values(Minibatch<double> batch) => Run(batch, null, (row, s) => row.At(s.Q, s.Batch).ToArray());

    /// <summary>Mean squared TD error of a minibatch with targets y held fixed.</summary>
    public double Loss(Minibatch<double> batch, double[] y) =>
        Run(batch, y, (row, s) => row.At(s.Error, s.Batch).ToArray().Average(error => error * error));

    /// <summary>∂loss/∂θ, a flat array per network.</summary>
    public double[][] Gradient(Minibatch<double> batch, double[] y) => Run(batch, y, (row, _) =>
    {
        double[] gradient = row.Gradient();
        int at = 0;
        return _networks.Select(n => gradient[at..(at += n.Parameters)]).ToArray();
    });

    /// <summary>One whole update: targets, gradient, clipping, Adam, Polyak, running statistics.</summary>
    /// <returns>The loss before the update.</returns>
    public double Update(Minibatch<double> batch)
    {
        _step++;
        double loss = double.NaN;
        Run(batch, null, (row, s) =>
        {
            row.Gradient();
            using var results = new HostArray<double>(4);
            UpdateArguments<double> at = Arguments(row);
            at.Results = results.View;
            (double rate, double epsilon) = _settings.Adam.CorrectedInDouble(_step);
            Phases.Apply(at, Learner(row, default, rate, epsilon), 0, row.Memory.View, default);
            foreach ((int place, double[][] arrays) in State(s))
                for (int n = 0, from = place; n < arrays.Length; from += arrays[n++].Length) row.At(from, arrays[n].Length).CopyTo(arrays[n]);
            return loss = results.Span[0];
        });
        return loss;
    }

    // the phases to the gradient at every unit, with the targets that are given or as they are
    private TResult Run<TResult>(Minibatch<double> batch, double[]? y, Func<OracleRow, LearnerSizes, TResult> read)
    {
        int size = batch.X.Length, whole = (size + MatrixProduct.Turn - 1) / MatrixProduct.Turn * MatrixProduct.Turn;
        var layout = new LearnerLayout(_networks, hasTarget: true, size, _shape.Action, _shape.BatchNorm ? whole : OracleRow.Sums, 64, 64);
        LearnerSizes s = layout.Sizes;
        using var row = new OracleRow(layout, _shape.Action);
        foreach ((int place, double[][] arrays) in State(s))
            for (int n = 0, at = place; n < arrays.Length; at += arrays[n++].Length) arrays[n].CopyTo(row.At(at, arrays[n].Length));
        row.At(s.InputScale, s.Input).Fill(1);
        _settings.Places.ToArray().CopyTo(row.At(s.Settings, LearnerLayout.SettingsLength));
        row.CopyWeights();

        using var transitions = new HostArray<double>([.. Enumerable.Range(0, size).SelectMany(m =>
            (double[])[.. batch.X[m], .. batch.U[m], batch.Reward[m], batch.Bootstrap[m] ? 1 : 0, .. batch.Next[m]])]);
        UpdateArguments<double> arguments = Arguments(row);
        UpdateLearner<double> learner = Learner(row, transitions, 0, 0);
        Phases.Forward(arguments, learner, 0, row.Memory.View, default);
        y?.CopyTo(row.At(s.Y, size));
        Phases.Backward(arguments, learner, 0, row.Memory.View, default);
        return read(row, s);
    }

    private (int Place, double[][] Arrays)[] State(LearnerSizes s) =>
    [
        (s.Parameters, Parameters), (s.First, First), (s.Second, Second), (s.Target, [Target]), (s.Statistics, Statistics),
        (s.TargetStatistics, [TargetStatistics]),
    ];

    private UpdateArguments<double> Arguments(OracleRow row) => new()
    {
        Layers = row.Layers, Tiles = row.Tiles, Sizes = row.Layout.Sizes, Heads = row.Layout.Heads(_shape.Action), Learners = 1, Parts = 1,
        Updates = 1,
    };

    private UpdateLearner<double> Learner(OracleRow row, HostArray<double>? transitions, double rate, double epsilon) => new()
    {
        Row = row.View, Transitions = transitions is null ? default : transitions.View, Count = row.Layout.Sizes.Batch,
        TransitionLength = 2 * _shape.State + _shape.Action + 2, Rate = rate, Epsilon = epsilon, Runs = true,
    };
}
