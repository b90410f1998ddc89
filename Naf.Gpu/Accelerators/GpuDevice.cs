using System.Collections.Concurrent;
using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using Naf.Gpu.Devices;
using Device = Naf.Gpu.Devices.Device;

namespace Naf.Gpu.Accelerators;

/// <summary>
/// A device that runs kernels through ILGPU, in the order in which they are launched (one stream). Its methods may be
/// called from several threads. Buffers are counted; disposing the device frees the remaining ones.
/// </summary>
internal sealed class GpuDevice : Device
{
    // in ascending order of size
    private static readonly (int Bytes, Type Type)[] Memories =
    [
        Memory<Size4K>(), Memory<Size16K>(), Memory<Size32K>(), Memory<Size48K>(), Memory<Size64K>(),
        Memory<Size256K>(),
    ];

    // compiled kernels, kept for devices that are opened again
    private static readonly
        ConcurrentDictionary<(Context, ILGPU.Runtime.Device, MethodInfo, int), CompiledKernel> Compiled = [];

    private readonly Context _context;
    private readonly ILGPU.Runtime.Device _device;
    private readonly Accelerator _accelerator;
    private readonly Lock _gate = new();
    private readonly HashSet<MemoryBuffer> _buffers = [];
    private readonly Dictionary<(MethodInfo Method, int Threads, int SharedBytes), object> _kernels = [];
    private bool _disposed;

    /// <exception cref="DeviceException">The device cannot be opened.</exception>
    internal GpuDevice(Context context, ILGPU.Runtime.Device device, DeviceInfo info)
    {
        (Info, _context, _device) = (info, context, device);
        _accelerator = Call("open", () => SignalHandlers.Keep(() => device.CreateAccelerator(context)));
        try
        {
            Limits = Call("query", () => LimitsOf(device, info));
        }
        catch
        {
            _accelerator.Dispose();
            throw;
        }
    }

    public override DeviceInfo Info { get; }

    public GpuLimits Limits { get; }

    public int LiveBuffers
    {
        get { lock (_gate) return _buffers.Count; }
    }

    public long LiveBytes
    {
        get { lock (_gate) return field; }
        private set;
    }

    /// <exception cref="DeviceMemoryException">The device has no memory for it.</exception>
    public DeviceBuffer<T> Allocate<T>(long length) where T : unmanaged
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new DeviceBuffer<T>(this, length);
    }

    /// <exception cref="DeviceMemoryException">The device has no memory for it.</exception>
    public DeviceBuffer<T> Allocate<T>(ReadOnlySpan<T> elements) where T : unmanaged
    {
        DeviceBuffer<T> buffer = Allocate<T>(elements.Length);
        try
        {
            buffer.Upload(elements);
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    /// <summary>Compiles a kernel for explicit groups, or returns a cached one. The device owns it.</summary>
    /// <param name="entry">
    /// A static method; its <see cref="IGroupMemory"/> type parameters are replaced to fit the device.
    /// </param>
    /// <exception cref="ArgumentException">The groups do not fit the device.</exception>
    /// <exception cref="KernelCompileException">The kernel does not compile.</exception>
    public DeviceKernel<TArguments> Load<TArguments>(Action<TArguments> entry, int threads, int sharedBytes = 0)
        where TArguments : struct
    {
        MethodInfo method = entry.Method;
        if (threads < 1 || threads > Limits.GroupThreads || sharedBytes < 0 || sharedBytes > Limits.SharedBytes)
            throw new ArgumentException(
                $"kernel {method.Name} with {threads} threads and {sharedBytes} bytes of shared memory a group does "
                + $"not fit {Info.Name}, which takes {Limits.GroupThreads} threads and {Limits.SharedBytes} bytes; "
                + "use a smaller batch or device=cpu");
        method = WithMemory(method, sharedBytes);
        lock (_gate)
        {
            ThrowIfDisposed();
            // static memory is part of the method
            var key = (method, threads, _accelerator is CudaAccelerator ? sharedBytes : 0);
            if (_kernels.TryGetValue(key, out object? known)) return (DeviceKernel<TArguments>)known;
            var kernel = new DeviceKernel<TArguments>(
                this, Compile(method, threads, sharedBytes), method.Name, threads, sharedBytes);
            _kernels.Add(key, kernel);
            return kernel;
        }
    }

    /// <summary>Waits for all launched work.</summary>
    /// <exception cref="DeviceLostException">The device failed.</exception>
    public void Synchronize()
    {
        lock (_gate) ThrowIfDisposed();
        // outside the lock, so that other threads may launch meanwhile
        Call("wait", () =>
        {
            _accelerator.Synchronize();
            return true;
        });
    }

    /// <summary>Frees the device and all its memory. No other thread may be waiting for it at that time.</summary>
    public override void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            foreach (MemoryBuffer buffer in _buffers) Release(buffer);
            _buffers.Clear();
            LiveBytes = 0;
            Release(_accelerator);
        }
    }

    internal CudaAccelerator? Cuda => _accelerator as CudaAccelerator;

    internal MemoryBuffer1D<T, Stride1D.Dense> AllocateMemory<T>(long length) where T : unmanaged
    {
        long bytes = Math.Max(length, 1) * Interop.SizeOf<T>();
        lock (_gate)
        {
            ThrowIfDisposed();
            if (bytes > Limits.BufferBytes || LiveBytes + bytes > Limits.MemoryBytes)
                throw new DeviceMemoryException(
                    Info.Name, $"room for a buffer of {bytes:N0} bytes beside the {LiveBytes:N0} in use "
                    + $"(of {Math.Min(Limits.BufferBytes, Limits.MemoryBytes):N0})");
            var memory = Call($"allocate {bytes:N0} bytes", () => _accelerator.Allocate1D<T>(Math.Max(length, 1)));
            try
            {
                Run("fill", stream => memory.MemSetToZero(stream));
            }
            catch
            {
                // some drivers report only now that memory is exhausted
                memory.Dispose();
                throw;
            }
            _buffers.Add(memory);
            LiveBytes += bytes;
            return memory;
        }
    }

    internal void FreeMemory(MemoryBuffer memory)
    {
        lock (_gate)
        {
            if (!_buffers.Remove(memory)) return;
            LiveBytes -= memory.LengthInBytes;
            // work launched before may still use it
            if (_accelerator is not CudaAccelerator) Release(null);
            Release(memory);
        }
    }

    internal unsafe void Upload<T>(ArrayView<T> to, T* from, int count) where T : unmanaged => Run("upload", stream =>
    {
        to.CopyFromCPUUnsafeAsync(stream, ref *from, count);
        // CUDA has copied pageable memory when the call returns
        if (_accelerator is not CudaAccelerator) _accelerator.Synchronize();
    });

    internal unsafe void Download<T>(ArrayView<T> from, T* to, int count) where T : unmanaged =>
        Run("download", stream => from.CopyToCPU(stream, ref *to, count));

    /// <summary>Makes driver calls; calls of other threads wait.</summary>
    internal void Run(string what, Action<AcceleratorStream> calls)
    {
        lock (_gate)
        {
            ThrowIfDisposed();
            _accelerator.Bind();
            Call(what, () =>
            {
                calls(_accelerator.DefaultStream);
                return true;
            });
        }
    }

    internal int CountResidentGroups(Kernel kernel, int threads, int dynamicBytes)
    {
        if (!Limits.Cooperative) return 1;
        int perUnit = 1;
        if (kernel is CudaKernel)
            Run("occupancy", _ =>
                perUnit = _accelerator.EstimateMaxActiveGroupsPerMultiprocessor(kernel, threads, dynamicBytes));
        return Limits.Units * perUnit;
    }

    private Kernel Compile(MethodInfo method, int threads, int sharedBytes)
    {
        CompiledKernel? compiled = null;
        try
        {
            compiled = Compiled.GetOrAdd((_context, _device, method, threads), _ =>
            {
                var entry = EntryPointDescription.FromExplicitlyGroupedKernel(method);
                CompiledKernel made = _accelerator.GetBackend().Compile(entry, new KernelSpecialization(threads, null));
                if (made is PTXCompiledKernel ptx) PtxText.RemoveUniform(ptx);
                return made;
            });
            Kernel kernel = _accelerator.LoadKernel(compiled);
            if (kernel is CudaKernel cuda && sharedBytes > 48 << 10) CudaDriver.AllowSharedBytes(cuda, sharedBytes);
            return kernel;
        }
        catch (Exception error)
            when (error is AcceleratorException or InternalCompilerException or NotSupportedException)
        {
            throw new KernelCompileException(Info.Name, method.Name,
                DriverLog(compiled) ?? error.InnerException?.Message ?? error.Message);
        }
    }

    // ILGPU does not expose the driver's log, so the kernel is loaded again to get it
    private string? DriverLog(CompiledKernel? compiled)
    {
        string? log = null;
        if (compiled is PTXCompiledKernel ptx) _ = CudaAPI.CurrentAPI.LoadModule(out _, ptx.PTXAssembly, out log);
        if (compiled is CLCompiledKernel cl && _accelerator is CLAccelerator accelerator)
            _ = CLKernel.LoadKernel(accelerator, cl.Name, cl.Source, cl.CVersion, out _, out _, out log);
        return string.IsNullOrWhiteSpace(log) ? null : log;
    }

    private static (int Bytes, Type Type) Memory<TSize>() where TSize : struct, IMemorySize =>
        (TSize.Bytes, typeof(StaticMemory<TSize>));

    private MethodInfo WithMemory(MethodInfo method, int sharedBytes)
    {
        if (!method.IsGenericMethod) return method;
        Type memory = _accelerator is CudaAccelerator
            ? typeof(DynamicMemory)
            : Memories.First(m => m.Bytes >= sharedBytes).Type;
        Type[] types = method.GetGenericArguments();
        for (int i = 0; i < types.Length; i++)
            if (typeof(IGroupMemory).IsAssignableFrom(types[i])) types[i] = memory;
        return method.GetGenericMethodDefinition().MakeGenericMethod(types);
    }

    private GpuLimits LimitsOf(ILGPU.Runtime.Device device, DeviceInfo info)
    {
        long memory = _accelerator is CPUAccelerator ? info.Memory : _accelerator.MemorySize;
        if (device is CudaDevice cuda)
            return new GpuLimits(
                _accelerator.NumMultiprocessors, _accelerator.MaxNumThreadsPerGroup,
                CudaDriver.MaxSharedBytes(cuda.DeviceId), memory, memory, HasDouble: true,
                CudaDriver.IsCooperative(cuda.DeviceId));
        int shared = Memories.LastOrDefault(m => m.Bytes <= _accelerator.MaxSharedMemoryPerGroup).Bytes;
        return new GpuLimits(
            _accelerator.NumMultiprocessors, _accelerator.MaxNumThreadsPerGroup, shared, memory,
            device is CLDevice cl ? cl.GetDeviceInfo<long>(CLDeviceInfoType.CL_DEVICE_MAX_MEM_ALLOC_SIZE) : memory,
            _accelerator is not CLAccelerator || ((CLCapabilityContext)_accelerator.Capabilities).Float64,
            Cooperative: device is CPUDevice);
    }

    // waits (null) or frees a resource; a lost device was already reported where work was launched
    private void Release(IDisposable? memory)
    {
        try
        {
            if (memory is null) _accelerator.Synchronize();
            else memory.Dispose();
        }
        catch (AcceleratorException)
        {
            // nothing more can be freed on a lost device
        }
    }

    private T Call<T>(string what, Func<T> function)
    {
        try
        {
            return function();
        }
        catch (AcceleratorException error)
        {
            throw GpuErrors.Of(error, Info.Name, what);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}
