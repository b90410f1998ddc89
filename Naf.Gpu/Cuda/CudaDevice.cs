using System.Text;

namespace Naf.Gpu;

/// <summary>A device of the CUDA driver: its primary context and one stream.</summary>
public sealed unsafe class CudaDevice : GpuDevice
{
    private const uint NonBlocking = 1;
    private const int StaticSharedBytes = 1, DynamicSharedBytes = 8, ErrorLog = 5, ErrorLogBytes = 6, LogBytes = 1 << 14;

    private readonly CudaLibrary _cuda;
    private readonly NvrtcLibrary _compiler;
    private readonly string _target;
    private readonly int _device;
    private readonly nint _context, _stream;
    private readonly CudaStaging _staging;
    private readonly HashSet<nint> _marks = [];
    private bool _open;

    /// <param name="index">Which of the devices that <see cref="DeviceList.All"/> names cuda:N.</param>
    /// <exception cref="DeviceException">There is no such device, or it cannot be used.</exception>
    public CudaDevice(int index) : this(index, CudaPlatform.Here)
    {
    }

    internal CudaDevice(int index, CudaPlatform platform)
    {
        if (platform.Count == 0) throw new DeviceException($"device cuda:{index} is not available: {platform.Problem}, or use --device cpu");
        if (index < 0 || index >= platform.Count)
            throw new DeviceException(
                $"device cuda:{index} is not available: the driver finds {platform.Count} (naf devices lists them); use another or --device cpu");
        Info = platform.Devices().ElementAt(index);
        if (!Info.Usable) throw new DeviceException($"device {Info.Name} cannot be used: {Info.Reason}");
        (_cuda, _compiler, _target) = (platform.Cuda!, platform.Compiler!, platform.Target(index)!);
        (_device, Limits) = (platform.Ordinal(index), platform.Limits(index));

        nint context, stream;
        int status = _cuda.PrimaryCtxRetain(&context, _device);
        if (status == CudaError.Unavailable)
            throw new DeviceException(
                $"device {Info.Name} cannot be opened: another process holds it ({CudaError.Name(_cuda, status)}); "
                + "wait for that (nvidia-smi shows it) or use --device cpu");
        Check(status, "cuDevicePrimaryCtxRetain");
        _context = context;
        try
        {
            Enter();
            Check(_cuda.StreamCreate(&stream, NonBlocking), "cuStreamCreate");
            _stream = stream;
            _staging = new CudaStaging(_cuda, Info.Name, stream);
            _open = true;
        }
        catch
        {
            if (_stream != 0) _ = _cuda.StreamDestroy(_stream);
            _ = _cuda.PrimaryCtxRelease(_device);
            throw;
        }
    }

    /// <inheritdoc/>
    public override DeviceInfo Info { get; }

    /// <inheritdoc/>
    public override GpuLimits Limits { get; }

    /// <inheritdoc/>
    protected override IEnumerable<string> CompileKeys => [.. Options, Info.Description, Info.Driver, Info.Instructions];

    private string[] Options => [$"--gpu-architecture={_target}", "--std=c++17"];

    /// <summary>Makes the context the thread's own; false where it is gone with the device.</summary>
    internal bool Bind() => _open && _cuda.CtxSetCurrent(_context) == 0;

    /// <summary>Lets a mark go where <see cref="Close"/> has not.</summary>
    internal void Release(nint mark)
    {
        lock (Gate)
            if (_marks.Remove(mark) && Bind()) _ = _cuda.EventDestroy(mark);
    }

    /// <summary>Holds a status against the driver's codes.</summary>
    internal void Call(int status, string call) => Check(status, call);

    /// <inheritdoc/>
    protected override void Wait()
    {
        Enter();
        Check(_cuda.StreamSynchronize(_stream), "cuStreamSynchronize");
    }

    /// <inheritdoc/>
    protected override DeviceEvent Mark()
    {
        Enter();
        nint mark;
        Check(_cuda.EventCreate(&mark, 0), "cuEventCreate");
        int status = _cuda.EventRecord(mark, _stream);
        if (status != 0) _ = _cuda.EventDestroy(mark);
        Check(status, "cuEventRecord");
        _marks.Add(mark);
        return new CudaEvent(this, _cuda, mark);
    }

    /// <inheritdoc/>
    protected override int CountResidentGroups(nint kernel, LaunchShape shape)
    {
        Enter();
        int groups;
        Check(_cuda.MaxActiveBlocks(&groups, kernel, shape.Threads, (nuint)shape.SharedBytes), "cuOccupancyMaxActiveBlocksPerMultiprocessor");
        return groups * Limits.Units;
    }

    /// <inheritdoc/>
    protected override nint AllocateMemory(long bytes)
    {
        Enter();
        nint memory;
        int status = _cuda.MemAlloc(&memory, (nuint)bytes);
        if (status == CudaError.OutOfMemory) throw new DeviceMemoryException(Info.Name, bytes, LiveBytes, Limits.MemoryBytes);
        Check(status, "cuMemAlloc");
        return memory;
    }

    /// <inheritdoc/>
    protected override void FreeMemory(nint memory)
    {
        _ = _cuda.CtxSetCurrent(_context);
        _ = _cuda.StreamSynchronize(_stream);
        _ = _cuda.MemFree(memory);
    }

    /// <inheritdoc/>
    protected override void WriteMemory(nint to, long offset, void* from, long bytes)
    {
        Enter();
        _staging.Write(to + (nint)offset, (byte*)from, bytes);
    }

    /// <inheritdoc/>
    protected override void ReadMemory(nint from, long offset, void* to, long bytes)
    {
        Enter();
        _staging.Read(from + (nint)offset, (byte*)to, bytes);
    }

    /// <inheritdoc/>
    protected override void CopyMemory(nint from, long fromOffset, nint to, long offset, long bytes)
    {
        Enter();
        Check(_cuda.MemcpyDtoDAsync(to + (nint)offset, from + (nint)fromOffset, (nuint)bytes, _stream), "cuMemcpyDtoDAsync");
    }

    /// <inheritdoc/>
    protected override void FillMemory(nint memory, byte value, long bytes)
    {
        Enter();
        Check(_cuda.MemsetD8Async(memory, value, (nuint)bytes, _stream), "cuMemsetD8Async");
    }

    /// <inheritdoc/>
    protected override byte[] CompileBinary(KernelSource source) =>
        _compiler.Compile(Info.Name, source, Options, toPtx: _target.StartsWith("compute", StringComparison.Ordinal));

    /// <inheritdoc/>
    protected override nint LoadBinary(KernelSource source, byte[] binary)
    {
        Enter();
        var log = new byte[LogBytes];
        nint module;
        int status;
        // PTX is text that ends with a zero
        fixed (byte* image = (byte[])[.. binary, 0], p = log)
        {
            int* options = stackalloc int[] { ErrorLog, ErrorLogBytes };
            void** values = stackalloc void*[] { p, (void*)LogBytes };
            status = _cuda.ModuleLoadDataEx(&module, image, 2, options, values);
        }
        if (CudaError.IsModule(status))
            throw new KernelCompileException(
                Info.Name, source.Name, $"{CudaError.Name(_cuda, status)}\n{Encoding.UTF8.GetString(log).TrimEnd('\0')}".Trim());
        Check(status, "cuModuleLoadDataEx");
        return module;
    }

    /// <inheritdoc/>
    protected override nint FindKernel(nint module, string name)
    {
        Enter();
        nint kernel;
        int taken;
        fixed (byte* p = Encoding.UTF8.GetBytes(name + '\0')) Check(_cuda.ModuleGetFunction(&kernel, module, p), $"cuModuleGetFunction({name})");
        // more than 48 KB of shared memory is given to those who ask
        Check(_cuda.FuncGetAttribute(&taken, StaticSharedBytes, kernel), "cuFuncGetAttribute");
        Check(_cuda.FuncSetAttribute(kernel, DynamicSharedBytes, (int)Limits.SharedBytes - taken), "cuFuncSetAttribute");
        return kernel;
    }

    /// <inheritdoc/>
    protected override void Unload(nint module, IEnumerable<nint> kernels)
    {
        _ = _cuda.CtxSetCurrent(_context);
        _ = _cuda.ModuleUnload(module);
    }

    /// <inheritdoc/>
    protected override void LaunchKernel(DeviceKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        Enter();
        // each parameter by its address; a number's lowest byte comes first
        ulong* values = stackalloc ulong[arguments.Length];
        void** pointers = stackalloc void*[arguments.Length];
        for (int i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i].Buffer is { } buffer ? (ulong)buffer.Handle : arguments[i].Bits;
            pointers[i] = values + i;
        }
        (uint groups, uint threads, uint shared) = ((uint)shape.Groups, (uint)shape.Threads, (uint)shape.SharedBytes);
        int status = shape.Cooperative
            ? _cuda.LaunchCooperativeKernel(kernel.Handle, groups, 1, 1, threads, 1, 1, shared, _stream, pointers)
            : _cuda.LaunchKernel(kernel.Handle, groups, 1, 1, threads, 1, 1, shared, _stream, pointers, null);
        if (status is CudaError.InvalidValue or CudaError.LaunchOutOfResources or CudaError.CooperativeTooLarge)
            throw new ArgumentException(
                $"kernel {kernel.Signature.Name} cannot be launched as {shape} on {Info.Name} ({CudaError.Name(_cuda, status)}), "
                + $"which can run {CountResidentGroups(kernel.Handle, shape)} groups of it at the same time; use fewer or smaller groups");
        Check(status, shape.Cooperative ? "cuLaunchCooperativeKernel" : "cuLaunchKernel");
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _ = Bind();
        _open = false;
        _ = _cuda.StreamSynchronize(_stream);
        _staging.Free();
        // the context may outlive this device
        foreach (nint mark in _marks) _ = _cuda.EventDestroy(mark);
        _marks.Clear();
        _ = _cuda.StreamDestroy(_stream);
        _ = _cuda.PrimaryCtxRelease(_device);
    }

    // calls come from any thread
    private void Enter() => Check(_cuda.CtxSetCurrent(_context), "cuCtxSetCurrent");

    private void Check(int status, string call) => CudaError.Check(_cuda, status, Info.Name, call);
}
