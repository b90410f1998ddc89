using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using Naf.Gpu.Devices;

namespace Naf.Gpu.Accelerators;

/// <summary>A compiled kernel, owned by its device.</summary>
/// <typeparam name="TArguments">A struct of views and numbers.</typeparam>
internal sealed class DeviceKernel<TArguments> where TArguments : struct
{
    private readonly Kernel _kernel;
    private readonly Action<AcceleratorStream, KernelConfig, TArguments> _launch;
    private readonly string _name, _call;
    private readonly int _dynamicBytes;
    private readonly Lazy<int> _residentGroups;

    internal DeviceKernel(GpuDevice device, Kernel kernel, string name, int threads, int sharedBytes)
    {
        (Device, Threads, _kernel, _name, _call) = (device, threads, kernel, name, $"launch of {name}");
        _dynamicBytes = kernel is CudaKernel ? sharedBytes : 0;
        _residentGroups = new Lazy<int>(() => device.CountResidentGroups(kernel, threads, _dynamicBytes));
        _launch = kernel.CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, TArguments>>();
    }

    public GpuDevice Device { get; }

    public int Threads { get; }

    /// <summary>Groups that can run concurrently, so that they may wait for each other; 1 if not guaranteed.</summary>
    public int ResidentGroups => _residentGroups.Value;

    /// <summary>Launches the kernel after all earlier launches; returns without waiting for it.</summary>
    /// <param name="groups">Thread groups, at least 1.</param>
    /// <param name="cooperative">Whether all groups run concurrently and may wait for each other.</param>
    /// <exception cref="ArgumentException">The groups are too many or too large for the device.</exception>
    /// <exception cref="DeviceLostException">The device failed.</exception>
    public void Launch(int groups, in TArguments arguments, bool cooperative = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groups, 1);
        if (cooperative && groups > ResidentGroups)
            throw new ArgumentException(
                $"kernel {_name}: {groups} groups that wait for each other do not fit onto {Device.Info.Name}, which "
                + $"runs {ResidentGroups} at the same time; use fewer");
        TArguments copy = arguments;
        Device.Run(_call, stream =>
        {
            try
            {
                if (cooperative && _kernel is CudaKernel cuda)
                    CudaDriver.LaunchCooperative(
                        cuda, groups, Threads, _dynamicBytes, (CudaStream)stream, ArgumentBytes.Of(copy));
                else
                    _launch(stream, _dynamicBytes > 0
                        ? new KernelConfig(groups, Threads, SharedMemoryConfig.RequestDynamic<byte>(_dynamicBytes))
                        : new KernelConfig(groups, Threads), copy);
            }
            catch (AcceleratorException error) when (GpuErrors.IsLaunchShape(error))
            {
                throw new ArgumentException(
                    $"kernel {_name} cannot be launched with {groups} groups of {Threads} threads on "
                    + $"{Device.Info.Name} ({error.Message}); use a smaller batch or device=cpu", error);
            }
        });
    }
}
