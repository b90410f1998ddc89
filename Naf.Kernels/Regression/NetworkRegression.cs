using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Regression;

/// <summary>
/// A network for each learner that learns y = g(z) from samples, such as the change of a state from the state and the
/// action: the network dynamics that the paper compares with fitted linear ones (section 6.3). A perceptron of ReLU
/// layers, the same as of a policy, by Adam on
/// <code>
/// loss = mean over samples and outputs of (g(z) − y)²,  z and y in units of their standard deviations
/// </code>
/// A learner draws its weights and minibatches by Philox from its own seed: its numbers depend neither on the other
/// learners nor, on a CPU, on the threads, bitwise. Training runs on the device; samples stay on the host, which
/// also predicts.
/// </summary>
internal sealed unsafe class NetworkRegression : IDisposable
{
    private readonly RegressionLearner[] _learners;
    private readonly IRegressionTrainer _trainer;
    private readonly Lock _training = new();

    /// <param name="device">Where to train; it must outlive this.</param>
    /// <param name="settings">
    /// Its hidden layers, minibatch and Adam. The paper (section 6.3) names none for its dynamics: those of a policy.
    /// </param>
    /// <exception cref="DeviceException">The device has no room or no kernels for this.</exception>
    public NetworkRegression(Device device, int inputs, int outputs, NafSettings settings, IReadOnlyList<ulong> seeds)
    {
        Shape = new MlpShape(inputs, settings.Hidden, outputs);
        _learners = [.. seeds.Select(seed => new RegressionLearner(Shape, seed))];
        try
        {
            _trainer = device switch
            {
                CpuDevice cpu => new CpuRegression(cpu.Team, Shape, settings, _learners),
                GpuDevice gpu => BufferScope.Construct(gpu,
                    scope => new GpuRegression(scope, Shape, settings, _learners)),
                _ => throw new DeviceException(
                    $"device {device.Info.Name} has no kernels for network dynamics; use device=cpu"),
            };
        }
        catch
        {
            Free();
            throw;
        }
    }

    public int Learners => _learners.Length;

    public int Inputs => Shape.Input;

    public int Outputs => Shape.Output;

    internal MlpShape Shape { get; }

    /// <summary>
    /// Whether a learner goes on: one whose loss or gradient was not finite has stopped before its parameters
    /// were touched.
    /// </summary>
    public bool Finite(int learner) => _learners[learner].Finite;

    /// <summary>
    /// Says how a learner's samples are standardised, (z − mean) · scale; at first not at all. The network learns
    /// between standardised numbers: another scale makes another function of it.
    /// </summary>
    /// <param name="mean">[inputs + outputs], of rows [z | y].</param>
    /// <param name="scale">
    /// [inputs + outputs], 1 / standard deviation as <c>Scale</c> gives it; 0: a constant entry, left out of z and
    /// predicted to be its mean in y.
    /// </param>
    /// <exception cref="ArgumentException">A number is not finite in float32.</exception>
    public void SetScale(int learner, ReadOnlySpan<double> mean, ReadOnlySpan<double> scale)
    {
        Check(mean, "means");
        Check(scale, "scales");
        for (int i = 0; i < mean.Length; i++)
            (_learners[learner].Mean[i], _learners[learner].Scale[i]) = ((float)mean[i], (float)scale[i]);
    }

    /// <summary>Makes updates of a learner, each on a minibatch drawn from the rows with replacement.</summary>
    /// <param name="rows">[count, inputs + outputs], [z | y] in their own units: all samples so far.</param>
    /// <param name="updates">Updates to make; a learner that stops makes no further ones.</param>
    /// <returns>Mean loss of the updates that were made, each before its update; NaN where there was none.</returns>
    public double Train(int learner, ReadOnlySpan<float> rows, int updates)
    {
        lock (_training)
        {
            fixed (float* first = rows)
                if (updates > 0 && _learners[learner].Finite)
                    _trainer.Train(learner, first, rows.Length / (Inputs + Outputs), updates);
            _learners[learner].Version++;
            return _learners[learner].TakeLoss();
        }
    }

    /// <summary>
    /// y = g(z), on the host whatever the device. A row's y depends on its z alone, bitwise. Different learners may
    /// predict at the same time.
    /// </summary>
    /// <param name="z">[n, inputs], in their own units.</param>
    /// <param name="y">[n, outputs].</param>
    public void Predict(int learner, ReadOnlySpan<float> z, Span<float> y) => _learners[learner].Predict(z, y);

    /// <summary>All that the learners are: a regression that loads it goes on bitwise as this one would.</summary>
    /// <exception cref="InvalidDataException">It is of other learners; then the regression is of no use.</exception>
    public void Serialise(CheckpointScope scope)
    {
        scope.Expect("networks", $"{Inputs}-[{string.Join(',', Shape.Hidden)}]-{Outputs}");
        scope.Expect("seeds", string.Join(", ", _learners.Select(l => l.Seed)));
        for (int k = 0; k < Learners; k++)
        {
            _learners[k].Serialise(scope.Scope($"learner.{k}"));
            if (scope.IsLoading) _trainer.Push(k);
        }
    }

    public void Dispose()
    {
        _trainer.Dispose();
        Free();
    }

    internal RegressionLearner LearnerAt(int learner) => _learners[learner];

    /// <summary>Where the learners are trained on a GPU; null on a CPU.</summary>
    internal GpuRegression? Gpu => _trainer as GpuRegression;

    private void Free()
    {
        foreach (RegressionLearner learner in _learners) learner.Dispose();
    }

    private void Check(ReadOnlySpan<double> values, string name)
    {
        for (int i = 0; i < values.Length; i++)
            if (!float.IsFinite((float)values[i]))
                throw new ArgumentException(FormattableString.Invariant(
                    $"the {(i < Inputs ? "inputs" : "outputs")}' {name} hold {values[i]}; give finite numbers"));
    }
}

/// <summary>
/// What a device does for <see cref="NetworkRegression"/>. The host's memory of a learner is up to date between
/// two calls.
/// </summary>
internal unsafe interface IRegressionTrainer : IDisposable
{
    /// <summary>Makes updates of a learner, until it stops.</summary>
    /// <param name="rows">[count, inputs + outputs].</param>
    void Train(int learner, float* rows, int count, int updates);

    /// <summary>Takes over a learner's host memory after it was loaded.</summary>
    void Push(int learner);
}
