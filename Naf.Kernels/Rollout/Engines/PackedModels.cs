using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Gaussian;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Packed models (<see cref="DynamicsShape"/>) of a population on its device, written by a fit and read in place by
/// rollouts. The host makes copies when it needs them.
/// </summary>
internal sealed unsafe class PackedModels : IDisposable
{
    private readonly bool[] _known;

    /// <exception cref="DeviceException">The device is out of memory.</exception>
    public PackedModels(Device device, DynamicsShape shape, int models)
    {
        (Length, _known) = (checked(shape.Horizon * shape.PackedStep), new bool[models]);
        if (device is GpuDevice gpu) OnDevice = gpu.Allocate<float>((long)models * Length);
        else OnHost = new HostBuffer((long)models * Length);
    }

    /// <summary>Floats of a model [T, PackedStep].</summary>
    public int Length { get; }

    public int Count => _known.Length;

    /// <summary>[models, <see cref="Length"/>] on a GPU; null on the CPU.</summary>
    public DeviceBuffer<float>? OnDevice { get; }

    /// <summary>[models, <see cref="Length"/>] on the CPU; null on a GPU.</summary>
    public HostBuffer? OnHost { get; }

    /// <summary>Whether a model was copied from a fit or written.</summary>
    public bool IsKnown(int model) => _known[model];

    /// <summary>Copies a model from the last fit; the index is the same in both.</summary>
    public void TakeFrom(GaussianFit fit, int model)
    {
        long first = (long)model * Length;
        if (OnDevice is not null) OnDevice.CopyFrom(fit.PackedOnDevice!, first, first, Length);
        else fit.Packed(model).CopyTo(Host(model, Length));
        _known[model] = true;
    }

    /// <summary>Copies models to the host.</summary>
    /// <param name="to">[models, <see cref="Length"/>].</param>
    public void Read(int first, Span<float> to)
    {
        if (OnDevice is not null) OnDevice.Download(to, (long)first * Length);
        else Host(first, to.Length).CopyTo(to);
    }

    /// <summary>Copies models from the host.</summary>
    /// <param name="from">[models, <see cref="Length"/>].</param>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="Length"/>.</exception>
    public void Write(int first, ReadOnlySpan<float> from)
    {
        if (from.Length % Length != 0)
            throw new ArgumentException($"packed models have {from.Length} numbers, and one of them {Length}");
        if (OnDevice is not null) OnDevice.Upload(from, (long)first * Length);
        else from.CopyTo(Host(first, from.Length));
        _known.AsSpan(first, from.Length / Length).Fill(true);
    }

    public void Dispose()
    {
        OnDevice?.Dispose();
        OnHost?.Dispose();
    }

    private Span<float> Host(int first, int numbers) => new(OnHost!.Pointer + (long)first * Length, numbers);
}
