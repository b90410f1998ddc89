using System.Runtime.InteropServices;
using System.Text;

namespace Naf.Gpu;

/// <summary>The OpenCL loader (<c>libOpenCL.so.1</c>, <c>OpenCL.dll</c>): the functions that are used, as pointers. Loaded at first use.</summary>
internal sealed unsafe class OpenCLLibrary
{
    private static readonly string[] Names = OperatingSystem.IsWindows()
        ? ["OpenCL.dll"]
        : OperatingSystem.IsMacOS() ? ["/System/Library/Frameworks/OpenCL.framework/OpenCL"] : ["libOpenCL.so.1", "libOpenCL.so"];

    private static readonly Lazy<OpenCLLibrary?> Loaded = new(Find);

    private OpenCLLibrary(nint handle)
    {
        GetPlatformIDs = (delegate* unmanaged<uint, nint*, uint*, int>)Export("clGetPlatformIDs");
        GetPlatformInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Export("clGetPlatformInfo");
        GetDeviceIDs = (delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)Export("clGetDeviceIDs");
        GetDeviceInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Export("clGetDeviceInfo");
        CreateContext = (delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint>)Export("clCreateContext");
        ReleaseContext = (delegate* unmanaged<nint, int>)Export("clReleaseContext");
        CreateCommandQueue = (delegate* unmanaged<nint, nint, ulong, int*, nint>)Export("clCreateCommandQueue");
        ReleaseCommandQueue = (delegate* unmanaged<nint, int>)Export("clReleaseCommandQueue");
        CreateBuffer = (delegate* unmanaged<nint, ulong, nuint, void*, int*, nint>)Export("clCreateBuffer");
        ReleaseMemObject = (delegate* unmanaged<nint, int>)Export("clReleaseMemObject");
        EnqueueWriteBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Export("clEnqueueWriteBuffer");
        EnqueueReadBuffer = (delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int>)Export("clEnqueueReadBuffer");
        EnqueueCopyBuffer = (delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int>)Export("clEnqueueCopyBuffer");
        EnqueueFillBuffer = (delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int>)Export("clEnqueueFillBuffer");
        CreateProgramWithSource = (delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint>)Export("clCreateProgramWithSource");
        CreateProgramWithBinary =
            (delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint>)Export("clCreateProgramWithBinary");
        BuildProgram = (delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int>)Export("clBuildProgram");
        GetProgramBuildInfo = (delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int>)Export("clGetProgramBuildInfo");
        GetProgramInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Export("clGetProgramInfo");
        ReleaseProgram = (delegate* unmanaged<nint, int>)Export("clReleaseProgram");
        CreateKernel = (delegate* unmanaged<nint, byte*, int*, nint>)Export("clCreateKernel");
        SetKernelArg = (delegate* unmanaged<nint, uint, nuint, void*, int>)Export("clSetKernelArg");
        ReleaseKernel = (delegate* unmanaged<nint, int>)Export("clReleaseKernel");
        EnqueueNDRangeKernel =
            (delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int>)Export("clEnqueueNDRangeKernel");
        EnqueueMarker = (delegate* unmanaged<nint, uint, nint*, nint*, int>)Export("clEnqueueMarkerWithWaitList");
        WaitForEvents = (delegate* unmanaged<uint, nint*, int>)Export("clWaitForEvents");
        GetEventProfilingInfo = (delegate* unmanaged<nint, uint, nuint, void*, nuint*, int>)Export("clGetEventProfilingInfo");
        ReleaseEvent = (delegate* unmanaged<nint, int>)Export("clReleaseEvent");
        Flush = (delegate* unmanaged<nint, int>)Export("clFlush");
        Finish = (delegate* unmanaged<nint, int>)Export("clFinish");

        nint Export(string name) => NativeLibrary.GetExport(handle, name);
    }

    public readonly delegate* unmanaged<uint, nint*, uint*, int> GetPlatformIDs;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetPlatformInfo, GetDeviceInfo, GetProgramInfo;
    public readonly delegate* unmanaged<nint, ulong, uint, nint*, uint*, int> GetDeviceIDs;
    public readonly delegate* unmanaged<nint*, uint, nint*, nint, nint, int*, nint> CreateContext;
    public readonly delegate* unmanaged<nint, nint, ulong, int*, nint> CreateCommandQueue;
    public readonly delegate* unmanaged<nint, ulong, nuint, void*, int*, nint> CreateBuffer;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, nuint, void*, uint, nint*, nint*, int> EnqueueWriteBuffer, EnqueueReadBuffer;
    public readonly delegate* unmanaged<nint, nint, nint, nuint, nuint, nuint, uint, nint*, nint*, int> EnqueueCopyBuffer;
    public readonly delegate* unmanaged<nint, nint, void*, nuint, nuint, nuint, uint, nint*, nint*, int> EnqueueFillBuffer;
    public readonly delegate* unmanaged<nint, uint, byte**, nuint*, int*, nint> CreateProgramWithSource;
    public readonly delegate* unmanaged<nint, uint, nint*, nuint*, byte**, int*, int*, nint> CreateProgramWithBinary;
    public readonly delegate* unmanaged<nint, uint, nint*, byte*, nint, nint, int> BuildProgram;
    public readonly delegate* unmanaged<nint, nint, uint, nuint, void*, nuint*, int> GetProgramBuildInfo;
    public readonly delegate* unmanaged<nint, byte*, int*, nint> CreateKernel;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, int> SetKernelArg;
    public readonly delegate* unmanaged<nint, nint, uint, nuint*, nuint*, nuint*, uint, nint*, nint*, int> EnqueueNDRangeKernel;
    public readonly delegate* unmanaged<nint, uint, nint*, nint*, int> EnqueueMarker;
    public readonly delegate* unmanaged<uint, nint*, int> WaitForEvents;
    public readonly delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> GetEventProfilingInfo;
    public readonly delegate* unmanaged<nint, int> ReleaseContext, ReleaseCommandQueue, ReleaseMemObject, ReleaseProgram, ReleaseKernel, ReleaseEvent;
    public readonly delegate* unmanaged<nint, int> Flush, Finish;

    /// <summary>The library, or null where there is none.</summary>
    public static OpenCLLibrary? Instance => Loaded.Value;

    /// <summary>What to install where <see cref="Instance"/> is null or finds no device.</summary>
    public static string Remedy =>
        $"install an OpenCL loader ({Names[0]}; Debian: ocl-icd-libopencl1) and a driver (the GPU's own, or pocl-opencl-icd for the CPU)";

    /// <summary>A text that one of the Info functions gives.</summary>
    public static string Text(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> info, nint of, uint what)
    {
        nuint size = 0;
        if (info(of, what, 0, null, &size) != 0 || size == 0) return "";
        var bytes = new byte[(int)size];
        fixed (byte* p = bytes)
            if (info(of, what, size, p, null) != 0) return "";
        return Encoding.UTF8.GetString(bytes).TrimEnd('\0').Trim();
    }

    /// <summary>A number that one of the Info functions gives; 0 where it gives none.</summary>
    public static ulong Number(delegate* unmanaged<nint, uint, nuint, void*, nuint*, int> info, nint of, uint what)
    {
        // of 4 or 8 bytes; little-endian like all hosts of these drivers
        ulong value = 0;
        return info(of, what, sizeof(ulong), &value, null) == 0 ? value : 0;
    }

    private static OpenCLLibrary? Find()
    {
        foreach (string name in Names)
            if (NativeLibrary.TryLoad(name, out nint handle)) return new OpenCLLibrary(handle);
        return null;
    }
}
