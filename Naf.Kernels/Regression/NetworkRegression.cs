using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;

namespace Naf.Kernels.Regression;

/// <summary>
/// One network per learner that learns y = g(z) from samples, for example the change of state from state and action:
/// the network dynamics that the paper compares with fitted linear dynamics (section 6.3). A multilayer perceptron with
/// ReLU layers, like the policy, trained by Adam on
/// <code>
/// loss = mean over samples and outputs of (g(z) − y)²,  z and y in units of their standard deviations
/// </code>
/// A learner draws its weights and minibatches by Philox from its own seed: its results do not depend on the other
/// learners or, on a CPU, on the number of threads, bitwise. Training runs on the device; the samples are kept and
/// predictions are computed on the host.
/// </summary>
internal sealed unsafe class NetworkRegression : IDisposable
{
    private readonly RegressionLearner[] _learners;
    private readonly IRegressionTrainer _trainer;
    private readonly Lock _training = new();

    /// <param name="device">The device that runs training; must outlive this object.</param>
    /// <param name="settings">The policy's layers, minibatch and Adam; the paper (section 6.3) gives none.</param>
    /// <exception cref="DeviceException">The device is out of memory or has no kernels for training.</exception>
    public NetworkRegression(
        Device device, int inputs, int outputs, LearnerSettings settings, IReadOnlyList<ulong> seeds)
    {
        Shape = new MlpShape(inputs, settings.Hidden, outputs);
        _learners = [.. seeds.Select(seed => new RegressionLearner(Shape, seed))];
        try
        {
            _trainer = device switch
            {
                CpuDevice cpu => new CpuRegression(cpu.Team, Shape, settings, _learners),
                GpuDevice gpu => BufferScope.Construct(
                    gpu, scope => new GpuRegression(scope, Shape, settings, _learners)),
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
    /// Whether a learner is still training. It stops at a loss or gradient that is not finite, before the update
    /// changes its parameters.
    /// </summary>
    public bool Finite(int learner) => _learners[learner].Finite;

    /// <summary>
    /// Sets the standardisation of a learner's samples, (z − mean) · scale; initially the identity. The network maps
    /// between standardised values, so that a new scale changes the predicted function.
    /// </summary>
    /// <param name="mean">[inputs + outputs], of rows [z | y].</param>
    /// <param name="scale">
    /// [inputs + outputs], 1 / standard deviation from <see cref="Naf.Kernels.Gaussian.SampleMoments.Scale"/>; 0: a
    /// constant entry, ignored in z and predicted as its mean in y.
    /// </param>
    /// <exception cref="ArgumentException">A number is not finite in float32.</exception>
    public void SetScale(int learner, ReadOnlySpan<double> mean, ReadOnlySpan<double> scale)
    {
        Check(mean, "means");
        Check(scale, "scales");
        for (int i = 0; i < mean.Length; i++)
            (_learners[learner].Mean[i], _learners[learner].Scale[i]) = ((float)mean[i], (float)scale[i]);
    }

    /// <summary>Runs updates of a learner, each on a minibatch drawn from the rows with replacement.</summary>
    /// <param name="rows">[count, inputs + outputs], all samples [z | y] so far, in their own units.</param>
    /// <param name="updates">Number of updates; a learner that stops makes no more.</param>
    /// <returns>Mean loss before each completed update; NaN if there was none.</returns>
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
    /// y = g(z), computed on the host for every device. A row of y depends only on its row of z, bitwise. Different
    /// learners may predict concurrently.
    /// </summary>
    /// <param name="z">[n, inputs], in their own units.</param>
    /// <param name="y">[n, outputs].</param>
    public void Predict(int learner, ReadOnlySpan<float> z, Span<float> y) => _learners[learner].Predict(z, y);

    /// <summary>Saves or loads the full state of all learners; training then continues bitwise identically.</summary>
    /// <exception cref="InvalidDataException">The data is of other learners; do not use the regression.</exception>
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

    /// <summary>The trainer on a GPU; null on the CPU.</summary>
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

/// <summary>Device implementation of <see cref="NetworkRegression"/>; host memory is current between calls.</summary>
internal unsafe interface IRegressionTrainer : IDisposable
{
    /// <summary>Runs updates of a learner until it stops.</summary>
    /// <param name="rows">[count, inputs + outputs].</param>
    void Train(int learner, float* rows, int count, int updates);

    /// <summary>Copies a learner's host memory to the device after loading.</summary>
    void Push(int learner);
}
