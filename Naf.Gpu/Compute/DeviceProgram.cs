using System.Collections.Immutable;

namespace Naf.Gpu;

/// <summary>Compiled kernels on a device, which owns them.</summary>
public sealed class DeviceProgram
{
    private readonly ImmutableDictionary<string, DeviceKernel> _kernels;

    internal DeviceProgram(GpuDevice device, KernelSource source, nint module, Func<string, nint> find)
    {
        Module = module;
        _kernels = source.Kernels.ToImmutableDictionary(s => s.Name, s => new DeviceKernel(device, s, find(s.Name)));
    }

    /// <summary>A kernel by its name.</summary>
    /// <exception cref="KeyNotFoundException">The source holds no such kernel.</exception>
    public DeviceKernel this[string name] =>
        _kernels.TryGetValue(name, out DeviceKernel? kernel)
            ? kernel
            : throw new KeyNotFoundException($"there is no kernel {name}; there are {string.Join(", ", _kernels.Keys.Order())}");

    internal nint Module { get; }

    internal IEnumerable<DeviceKernel> Kernels => _kernels.Values;
}

/// <summary>One compiled kernel.</summary>
/// <param name="Device">Where it runs.</param>
/// <param name="Signature">Its parameters.</param>
public sealed record DeviceKernel(GpuDevice Device, KernelSignature Signature)
{
    internal DeviceKernel(GpuDevice device, KernelSignature signature, nint handle) : this(device, signature) => Handle = handle;

    internal nint Handle { get; }
}
