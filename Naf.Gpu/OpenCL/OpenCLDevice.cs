using System.Text;

namespace Naf.Gpu;

/// <summary>A device of the OpenCL driver, with a context and one in-order queue.</summary>
public sealed unsafe class OpenCLDevice : GpuDevice
{
    private const uint BuildLog = 0x1183, BinarySizes = 0x1165, Binaries = 0x1166;
    private const ulong ReadWrite = 1, Profiling = 1 << 1;
    private const string Options = "-cl-std=CL1.2";

    private readonly OpenCLLibrary _cl;
    private readonly nint _device, _context, _queue;

    /// <param name="index">Which of the devices that <see cref="DeviceList.All"/> names opencl:N.</param>
    /// <exception cref="DeviceException">There is no such device, or it cannot be used.</exception>
    public OpenCLDevice(int index)
    {
        _cl = OpenCLLibrary.Instance
            ?? throw new DeviceException($"device opencl:{index} is not available: no OpenCL loader; {OpenCLLibrary.Remedy}, or use --device cpu");
        var devices = OpenCLPlatform.Devices();
        if (index < 0 || index >= devices.Count)
            throw new DeviceException(
                $"device opencl:{index} is not available: {devices.Count} OpenCL devices were found; "
                + $"{(devices.Count == 0 ? OpenCLLibrary.Remedy : "naf devices lists them")}, or use --device cpu");
        _device = devices[index].Device;
        Info = OpenCLPlatform.Describe(devices[index], index);
        if (!Info.Usable) throw new DeviceException($"device {Info.Name} cannot be used: {Info.Reason}");
        Limits = OpenCLPlatform.Limits(_device);

        int status;
        nint device = _device;
        _context = _cl.CreateContext(null, 1, &device, 0, 0, &status);
        if (status != 0) throw new DeviceException($"device {Info.Name} cannot be opened: {OpenCLError.Name(status)}; use --device cpu");
        _queue = _cl.CreateCommandQueue(_context, _device, Profiling, &status);
        if (status == 0) return;
        _cl.ReleaseContext(_context);
        throw new DeviceException($"device {Info.Name} has no queue for this process: {OpenCLError.Name(status)}; use --device cpu");
    }

    /// <summary>Whether binaries are asked of the driver and kept; null: of a GPU's.</summary>
    internal bool? KeepsBinaries { get; init; }

    /// <inheritdoc/>
    public override DeviceInfo Info { get; }

    /// <inheritdoc/>
    public override GpuLimits Limits { get; }

    /// <inheritdoc/>
    protected override IEnumerable<string> CompileKeys => [Options, Info.Description, Info.Driver, Info.Instructions];

    /// <inheritdoc/>
    protected override void Wait() => Check(_cl.Finish(_queue), "clFinish");

    /// <inheritdoc/>
    protected override DeviceEvent Mark()
    {
        nint mark;
        Check(_cl.EnqueueMarker(_queue, 0, null, &mark), "clEnqueueMarkerWithWaitList");
        Check(_cl.Flush(_queue), "clFlush");
        return new OpenCLEvent(_cl, mark, Info.Name);
    }

    /// <summary>OpenCL promises for one group only.</summary>
    protected override int CountResidentGroups(nint kernel, LaunchShape shape) => 1;

    /// <inheritdoc/>
    protected override nint AllocateMemory(long bytes)
    {
        int status;
        nint memory = _cl.CreateBuffer(_context, ReadWrite, (nuint)bytes, null, &status);
        if (OpenCLError.IsMemory(status)) throw new DeviceMemoryException(Info.Name, bytes, LiveBytes, Limits.MemoryBytes);
        Check(status, "clCreateBuffer");
        return memory;
    }

    /// <inheritdoc/>
    protected override void FreeMemory(nint memory) => _ = _cl.ReleaseMemObject(memory);

    /// <inheritdoc/>
    protected override void WriteMemory(nint to, long offset, void* from, long bytes) =>
        Check(_cl.EnqueueWriteBuffer(_queue, to, 1, (nuint)offset, (nuint)bytes, from, 0, null, null), "clEnqueueWriteBuffer");

    /// <inheritdoc/>
    protected override void ReadMemory(nint from, long offset, void* to, long bytes) =>
        Check(_cl.EnqueueReadBuffer(_queue, from, 1, (nuint)offset, (nuint)bytes, to, 0, null, null), "clEnqueueReadBuffer");

    /// <inheritdoc/>
    protected override void CopyMemory(nint from, long fromOffset, nint to, long offset, long bytes) =>
        Check(_cl.EnqueueCopyBuffer(_queue, from, to, (nuint)fromOffset, (nuint)offset, (nuint)bytes, 0, null, null), "clEnqueueCopyBuffer");

    /// <inheritdoc/>
    protected override void FillMemory(nint memory, byte value, long bytes)
    {
        int status = _cl.EnqueueFillBuffer(_queue, memory, &value, 1, 0, (nuint)bytes, 0, null, null);
        // drivers that allocate at first use notice here
        if (OpenCLError.IsMemory(status)) throw new DeviceMemoryException(Info.Name, bytes, LiveBytes, Limits.MemoryBytes);
        Check(status, "clEnqueueFillBuffer");
    }

    /// <inheritdoc/>
    protected override byte[] CompileBinary(KernelSource source)
    {
        byte[] text = Encoding.UTF8.GetBytes(source.Text);
        // a CPU's driver keeps what it compiled itself; asked for a binary it would compile every kernel for all shapes, for minutes
        if (!(KeepsBinaries ?? Info.IsGpu)) return text;
        nint program = FromSource(text);
        try
        {
            if (Build(program) != 0) throw new KernelCompileException(Info.Name, source.Name, Log(program));
            nuint size;
            Check(_cl.GetProgramInfo(program, BinarySizes, (nuint)sizeof(nuint), &size, null), "clGetProgramInfo");
            var binary = new byte[(int)size];
            fixed (byte* p = binary)
            {
                byte* start = p;
                Check(_cl.GetProgramInfo(program, Binaries, (nuint)sizeof(nint), &start, null), "clGetProgramInfo");
            }
            return binary;
        }
        finally
        {
            _ = _cl.ReleaseProgram(program);
        }
    }

    /// <inheritdoc/>
    protected override nint LoadBinary(KernelSource source, byte[] binary)
    {
        nint program = KeepsBinaries ?? Info.IsGpu ? FromBinary(source, binary) : FromSource(binary);
        if (Build(program) == 0) return program;
        string log = Log(program);
        _ = _cl.ReleaseProgram(program);
        throw new KernelCompileException(Info.Name, source.Name, log);
    }

    /// <inheritdoc/>
    protected override nint FindKernel(nint module, string name)
    {
        int status;
        nint kernel;
        fixed (byte* p = Encoding.UTF8.GetBytes(name + '\0')) kernel = _cl.CreateKernel(module, p, &status);
        Check(status, $"clCreateKernel({name})");
        return kernel;
    }

    /// <inheritdoc/>
    protected override void Unload(nint module, IEnumerable<nint> kernels)
    {
        foreach (nint kernel in kernels) _ = _cl.ReleaseKernel(kernel);
        _ = _cl.ReleaseProgram(module);
    }

    /// <inheritdoc/>
    protected override void LaunchKernel(DeviceKernel kernel, LaunchShape shape, ReadOnlySpan<KernelArgument> arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            nint memory = arguments[i].Buffer?.Handle ?? 0;
            ulong bits = arguments[i].Bits;
            bool isBuffer = arguments[i].Buffer is not null;
            nuint size = (nuint)(isBuffer ? sizeof(nint) : arguments[i].Size);
            Check(_cl.SetKernelArg(kernel.Handle, (uint)i, size, isBuffer ? &memory : &bits), "clSetKernelArg");
        }
        nuint threads = (nuint)shape.Threads, all = (nuint)shape.Groups * threads;
        int status = _cl.EnqueueNDRangeKernel(_queue, kernel.Handle, 1, null, &all, &threads, 0, null, null);
        OpenCLError.CheckLaunch(status, Info.Name, kernel.Signature.Name, shape);
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        _ = _cl.Finish(_queue);
        _ = _cl.ReleaseCommandQueue(_queue);
        _ = _cl.ReleaseContext(_context);
    }

    private nint FromSource(byte[] text)
    {
        int status;
        nint program;
        fixed (byte* p = text)
        {
            byte* start = p;
            nuint length = (nuint)text.Length;
            program = _cl.CreateProgramWithSource(_context, 1, &start, &length, &status);
        }
        Check(status, "clCreateProgramWithSource");
        return program;
    }

    private nint FromBinary(KernelSource source, byte[] binary)
    {
        int status, binaryStatus;
        nint device = _device, program;
        fixed (byte* p = binary)
        {
            byte* start = p;
            nuint length = (nuint)binary.Length;
            program = _cl.CreateProgramWithBinary(_context, 1, &device, &length, &start, &binaryStatus, &status);
        }
        if (status == OpenCLError.InvalidBinary) throw new KernelCompileException(Info.Name, source.Name, "the driver does not take its binary");
        Check(status, "clCreateProgramWithBinary");
        return program;
    }

    private int Build(nint program)
    {
        nint device = _device;
        fixed (byte* options = Encoding.UTF8.GetBytes(Options + '\0')) return _cl.BuildProgram(program, 1, &device, options, 0, 0);
    }

    private string Log(nint program)
    {
        nuint size = 0;
        if (_cl.GetProgramBuildInfo(program, _device, BuildLog, 0, null, &size) != 0 || size == 0) return "(none)";
        var log = new byte[(int)size];
        fixed (byte* p = log) _ = _cl.GetProgramBuildInfo(program, _device, BuildLog, size, p, null);
        return Encoding.UTF8.GetString(log).TrimEnd('\0').Trim();
    }

    private void Check(int status, string call) => OpenCLError.Check(status, Info.Name, call);
}
