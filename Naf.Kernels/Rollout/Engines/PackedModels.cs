using Naf.Gpu.Accelerators;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Packed models (<see cref="DynamicsShape"/>) of a population, on its device: they come from a fit and go to the rollouts there. The host takes
/// copies where it needs them.
/// </summary>
internal sealed class PackedModels : IDisposable
{
    private readonly DeviceBuffer<float>? _onDevice;
    private readonly float[] _onHost = [];

    /// <param name="shape">Sizes of a model.</param>
    /// <param name="models">How many there are.</param>
    /// <exception cref="DeviceException">The device has no room.</exception>
    public PackedModels(Device device, DynamicsShape shape, int models)
    {
        Length = shape.Horizon * shape.PackedStep;
        if (device is GpuDevice gpu) _onDevice = gpu.Allocate<float>((long)models * Length);
        else _onHost = new float[models * (long)Length];
    }

    /// <summary>Numbers of a model, [T, PackedStep].</summary>
    public int Length { get; }

    /// <summary>Takes over the model of a fit's last call in the same place.</summary>
    public void TakeFrom(GaussianFit fit, int model)
    {
        if (_onDevice is not null) _onDevice.CopyFrom(fit.PackedOnDevice!, (long)model * Length, (long)model * Length, Length);
        else fit.Packed(model).CopyTo(OnHost(model, 1));
    }

    /// <summary>Hands a learner's models, which stand one behind the other, to rollouts on the same device.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="count">How many.</param>
    public void GiveTo(ImaginationRollouts rollouts, int learner, int first, int count)
    {
        if (_onDevice is not null) rollouts.SetDynamics(learner, _onDevice, (long)first * Length);
        else rollouts.SetDynamics(learner, OnHost(first, count));
    }

    /// <summary>Copies models to the host.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="to">[models, <see cref="Length"/>].</param>
    public void Read(int first, Span<float> to)
    {
        if (_onDevice is not null) _onDevice.Download(to, (long)first * Length);
        else OnHost(first, to.Length / Length).CopyTo(to);
    }

    /// <summary>Takes over models from the host.</summary>
    /// <param name="first">The first of them.</param>
    /// <param name="from">[models, <see cref="Length"/>].</param>
    public void Write(int first, ReadOnlySpan<float> from)
    {
        if (_onDevice is not null) _onDevice.Upload(from, (long)first * Length);
        else from.CopyTo(OnHost(first, from.Length / Length));
    }

    /// <inheritdoc/>
    public void Dispose() => _onDevice?.Dispose();

    private Span<float> OnHost(int first, int count) => _onHost.AsSpan(first * Length, count * Length);
}
