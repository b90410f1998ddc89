using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;
using TwoSums = Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.OneRow<double>>;

namespace Naf.Checks.Oracles;

/// <summary>
/// One learner in double precision: the kernels' bodies, run as plain C#. The caller supplies the minibatches, so that
/// another implementation can use the same.
/// </summary>
internal sealed class NafOracle : IDisposable
{
    private readonly HostArrays _arrays = new();
    private readonly OracleRow _row;
    private readonly LearnerSizes _sizes;
    private readonly HostArray<double> _transitions, _rates = new(2), _results = new(4);
    private readonly UpdateArguments<double> _arguments;
    private readonly AdamSettings _adam;
    private long _step;

    /// <param name="learner">The learner whose parameters, statistics and limits of V′ it starts from.</param>
    /// <param name="inputScale">[state], factors of the observations.</param>
    /// <param name="batch">Samples of a minibatch.</param>
    public NafOracle(NafShape shape, Learner learner, float[] inputScale, int batch)
    {
        // normalisation couples all samples
        int whole = (batch + MatrixProduct.Turn - 1) / MatrixProduct.Turn * MatrixProduct.Turn;
        var layout = new LearnerLayout(
            learner.Networks, hasTarget: true, batch, shape.Action, shape.BatchNorm ? whole : OracleRow.Sums, 64, 64);
        (_adam, _sizes, _row) = (learner.Settings.Adam, layout.Sizes, new OracleRow(layout, shape.Action));
        foreach ((int place, HostBuffer host) in learner.Places(_sizes)) _row.Put(host.Span, place);
        _row.Put(inputScale, _sizes.InputScale);
        learner.Settings.Places.CopyTo(_row.At(_sizes.Settings, LearnerLayout.SettingsLength));
        _row.CopyWeights();
        foreach (HostArray<double> array in (HostArray<double>[])[_rates, _results]) _arrays.Add(array);
        int length = 2 * shape.State + shape.Action + 2;
        _transitions = _arrays.Add(new HostArray<double>(batch * length));
        _arguments = new UpdateArguments<double>
        {
            States = _row.View, Results = _results.View, Rates = _rates.View, Replay = _transitions.View,
            Calls = _arrays.Put<LearnerCall>([new LearnerCall
            {
                RealCount = batch, Active = 1, LowValue = learner.TargetLimits.Low,
                HighValue = learner.TargetLimits.High,
            }]),
            Layers = _row.Layers, Tiles = _row.Tiles, Sizes = _sizes, Heads = layout.Heads(shape.Action),
            ReplayRow = length, ReplayRows = batch, Learners = 1, Parts = 1, Updates = 1,
        };
    }

    /// <summary>θ, one network after another.</summary>
    public double[] Parameters => Between(_sizes.Parameters, _sizes.First);

    /// <summary>Adam's m.</summary>
    public double[] First => Between(_sizes.First, _sizes.Second);

    /// <summary>Adam's v.</summary>
    public double[] Second => Between(_sizes.Second, _sizes.Target);

    /// <summary>θ′ of the first network.</summary>
    public double[] Target => Between(_sizes.Target, _sizes.Statistics);

    public double[] Statistics => Between(_sizes.Statistics, _sizes.TargetStatistics);

    public double[] TargetStatistics => Between(_sizes.TargetStatistics, _sizes.InputScale);

    /// <summary>∂loss/∂θ of the last update, before clipping.</summary>
    public double[] Gradient => Between(_sizes.Gradient, _sizes.X);

    /// <summary>Share of hidden units that were above 0 in the last update.</summary>
    public double ActiveUnits => _row.Layout.Layers[..(_sizes.Networks * _sizes.Layers)]
        .Where(layer => layer.Hidden != 0)
        .SelectMany(layer => Enumerable.Range(0, _sizes.Batch)
            .SelectMany(m => _row.At(layer.Output + m * layer.Columns, layer.Units).ToArray()))
        .Average(h => h > 0 ? 1.0 : 0);

    /// <summary>One whole update: targets, gradient, clipping, Adam, Polyak, running statistics.</summary>
    /// <param name="batch">[batch, 2 state + action + 2], rows [x | u | r | b | x′].</param>
    /// <returns>The loss before the update.</returns>
    public double Update(double[] batch)
    {
        _row.Poison();
        batch.CopyTo(_transitions.Span);
        (_rates.Span[0], _rates.Span[1]) = _adam.Corrected(++_step);
        UpdatePhases<double, DoubleMath, Twice<double, TwoSums>, FirstRows, SingleThread>.All(
            _arguments, 0, 0, _row.Memory.View, default, default(NoOtherGroup));
        return _results.Span[0];
    }

    /// <summary>V [samples], m [samples, action] and l [samples, packed] of observations [samples, state].</summary>
    public (double[] Value, double[] Mean, double[] Triangle) Evaluate(float[] x)
    {
        int samples = x.Length / _sizes.Input, action = _arguments.Heads.Action;
        using HostArray<double> inputs = new([.. x.Select(v => (double)v)]), value = new(samples);
        using HostArray<double> mean = new(samples * action), triangle = new(samples * action * (action + 1) / 2);
        var at = new PolicyArguments<double>
        {
            States = _row.View, Layers = _row.Layers, X = inputs.View, Value = value.View, Mean = mean.View,
            Triangle = triangle.View, Sizes = _sizes, Action = action, Samples = samples, Rows = _sizes.Rows,
        };
        for (int network = 0; network < _sizes.Networks; network++)
            for (int first = 0; first < samples; first += _sizes.Rows)
                PolicyKernels.Evaluate<double, DoubleMath, Twice<double, TwoSums>, SingleThread>(
                    at, network, first, _row.Memory.View, default);
        return (value.Span.ToArray(), mean.Span.ToArray(), triangle.Span.ToArray());
    }

    public void Dispose()
    {
        _row.Dispose();
        _arrays.Dispose();
    }

    private double[] Between(int from, int to) => _row.At(from, to - from).ToArray();

    /// <summary>The first rows, in order.</summary>
    private readonly struct FirstRows : IMinibatchDraw
    {
        public static int Row(ulong seed, ulong update, int sample, int count) => sample;
    }

    private readonly struct NoOtherGroup : IPhaseBarrier
    {
        public void Wait()
        {
        }
    }
}
