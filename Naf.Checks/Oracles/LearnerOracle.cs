using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Scalar;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using TwoSums = Naf.Kernels.Network.Twice<double, Naf.Kernels.Network.OneRow<double>>;

namespace Naf.Checks.Oracles;

/// <summary>
/// One learner in double precision: the kernels' bodies, run as plain C#. The caller supplies the minibatches, so that
/// another implementation can use the same.
/// </summary>
internal sealed class LearnerOracle : IDisposable
{
    private readonly HostArrays _arrays = new();
    private readonly OracleRow _row;
    private readonly LearnerSizes _sizes;
    private readonly HostArray<double> _transitions, _rates, _results = new(4);
    private readonly UpdateArguments<double> _arguments;
    private readonly LearnerShape _shape;
    private readonly LearnerSettings _settings;
    private long _step;

    /// <param name="learner">The learner whose parameters, statistics and limits of V′ it starts from.</param>
    /// <param name="inputScale">[state], factors of the observations.</param>
    /// <param name="batch">Samples of a minibatch.</param>
    public LearnerOracle(LearnerShape shape, Learner learner, float[] inputScale, int batch)
    {
        // batch normalisation couples all samples
        int whole = (batch + MatrixProduct.Turn - 1) / MatrixProduct.Turn * MatrixProduct.Turn;
        int rows = shape.BatchNorm ? whole : OracleRow.Sums;
        LearnerLayout layout = shape.Layout(batch, rows, 64, 64);
        int scratch = Math.Max(shape.Scratch(rows, backward: false), shape.Scratch(rows, backward: true));
        (_shape, _settings, _sizes, _row) = (shape, learner.Settings, layout.Sizes, new OracleRow(layout, scratch));
        _rates = new HostArray<double>(_sizes.Networks + 1);
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
            Layers = _row.Layers, Tiles = _row.Tiles, Sizes = _sizes, Action = shape.Action,
            ForwardTasks = shape.Tasks.Forward, BackwardTasks = shape.Tasks.Backward,
            ReplayRow = length, ReplayRows = batch, Learners = 1, Parts = 1, Updates = 1,
        };
    }

    /// <summary>θ, one network after another.</summary>
    public double[] Parameters => Between(_sizes.Parameters, _sizes.First);

    /// <summary>Adam's m.</summary>
    public double[] First => Between(_sizes.First, _sizes.Second);

    /// <summary>Adam's v.</summary>
    public double[] Second => Between(_sizes.Second, _sizes.Target);

    /// <summary>θ′ of the first networks.</summary>
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
        _step++;
        for (int n = 0; n < _sizes.Networks; n++)
            (_rates.Span[n], _rates.Span[_sizes.Networks]) = _shape.Adam(n, _settings).Corrected(_step);
        if (_shape is DdpgShape) Run<DdpgPhases>();
        else Run<NafPhases>();
        return _results.Span[0];
    }

    /// <summary>[samples, outputs] of a network for observations [samples, state].</summary>
    /// <param name="late">[samples, action], the late input of a network that has one.</param>
    public double[] Outputs(int network, float[] x, double[] late)
    {
        int samples = x.Length / _sizes.Input;
        MlpShape shape = _shape.Networks()[network];
        using HostArray<double> inputs = new([.. x.Select(v => (double)v)]), second = new(late);
        using HostArray<double> outputs = new(samples * shape.Output);
        var at = new PolicyArguments<double>
        {
            States = _row.View, Layers = _row.Layers, X = inputs.View, Late = second.View, Outputs = outputs.View,
            Sizes = _sizes, Network = network, Count = shape.Output, LateSize = shape.Late, Samples = samples,
            Rows = _sizes.Rows,
        };
        for (int first = 0; first < samples; first += _sizes.Rows)
            PolicyKernels.Outputs<double, DoubleMath, Twice<double, TwoSums>, SingleThread>(
                at, first, _row.Memory.View, default);
        return outputs.Span.ToArray();
    }

    /// <summary>V, μ, L, A and Q of samples, for one action [samples, action] each.</summary>
    public double[][] Values(float[] x, double[] u)
    {
        double[] mean = Part(_shape.Mean, _shape.Action);
        if (_shape is NafShape)
        {
            double[] ofV = Part((0, 0), 1), triangle = Part(_shape.Triangle, _shape.Packed);
            return
                [ofV, .. AdvantageOracle.Run(_shape.Action, _settings.LogDiagonalBound, ofV, mean, triangle, u)];
        }
        double[] mu = [.. mean.Select(Math.Tanh)];
        double[] v = Outputs(DdpgShape.Critic, x, mu), q = Outputs(DdpgShape.Critic, x, u);
        return [v, mu, [], [.. q.Zip(v, (a, b) => a - b)], q];

        // some of a network's outputs
        double[] Part((int Network, int Output) from, int count) =>
            [.. Outputs(from.Network, x, []).Chunk(_shape.Networks()[from.Network].Output)
                .SelectMany(row => row[from.Output..(from.Output + count)])];
    }

    public void Dispose()
    {
        _row.Dispose();
        _arrays.Dispose();
    }

    private void Run<TLearner>() where TLearner : struct, ILearnerPhases =>
        UpdatePhases<double, DoubleMath, Twice<double, TwoSums>, FirstRows, SingleThread, TLearner>.All(
            _arguments, 0, 0, _row.Memory.View, default, default(NoOtherGroup));

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
