using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Naf.Gpu;

/// <summary>
/// CUDA's run-time compiler (<c>libnvrtc.so.N</c>, <c>nvrtc64_*.dll</c>), which comes with the CUDA toolkit and not with the driver.
/// </summary>
internal sealed unsafe class NvrtcLibrary
{
    private readonly delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int> _createProgram;
    private readonly delegate* unmanaged<nint, int, byte**, int> _compileProgram;
    private readonly delegate* unmanaged<nint, nuint*, int> _getCubinSize, _getPtxSize, _getLogSize;
    private readonly delegate* unmanaged<nint, byte*, int> _getCubin, _getPtx, _getLog;
    private readonly delegate* unmanaged<nint*, int> _destroyProgram;
    private readonly delegate* unmanaged<int, byte*> _getErrorString;

    private NvrtcLibrary(nint handle)
    {
        var version = (delegate* unmanaged<int*, int*, int>)Export("nvrtcVersion");
        var countArchitectures = (delegate* unmanaged<int*, int>)Export("nvrtcGetNumSupportedArchs");
        var getArchitectures = (delegate* unmanaged<int*, int>)Export("nvrtcGetSupportedArchs");
        _createProgram = (delegate* unmanaged<nint*, byte*, byte*, int, byte**, byte**, int>)Export("nvrtcCreateProgram");
        _compileProgram = (delegate* unmanaged<nint, int, byte**, int>)Export("nvrtcCompileProgram");
        _getCubinSize = (delegate* unmanaged<nint, nuint*, int>)Export("nvrtcGetCUBINSize");
        _getCubin = (delegate* unmanaged<nint, byte*, int>)Export("nvrtcGetCUBIN");
        _getPtxSize = (delegate* unmanaged<nint, nuint*, int>)Export("nvrtcGetPTXSize");
        _getPtx = (delegate* unmanaged<nint, byte*, int>)Export("nvrtcGetPTX");
        _getLogSize = (delegate* unmanaged<nint, nuint*, int>)Export("nvrtcGetProgramLogSize");
        _getLog = (delegate* unmanaged<nint, byte*, int>)Export("nvrtcGetProgramLog");
        _destroyProgram = (delegate* unmanaged<nint*, int>)Export("nvrtcDestroyProgram");
        _getErrorString = (delegate* unmanaged<int, byte*>)Export("nvrtcGetErrorString");

        int major, minor, count = 0;
        Version = version(&major, &minor) == 0 ? (major, minor) : (0, 0);
        var all = new int[countArchitectures(&count) == 0 ? count : 0];
        fixed (int* p = all) _ = p is null ? 0 : getArchitectures(p);
        Architectures = [.. all];

        nint Export(string name) => NativeLibrary.GetExport(handle, name);
    }

    /// <summary>Its version, that of the toolkit.</summary>
    public (int Major, int Minor) Version { get; }

    /// <summary>Architectures that it compiles for, such as 90.</summary>
    public ImmutableArray<int> Architectures { get; }

    /// <summary>What to install where there is none: one that is not newer than the driver.</summary>
    /// <param name="driver">The major CUDA version of the driver.</param>
    public static string Remedy(int driver)
    {
        // that of CUDA 12 makes code for newer drivers too
        int major = Math.Clamp(driver, 11, 12);
        return $"install the CUDA toolkit ({major}.x) or run 'pip install nvidia-cuda-nvrtc-cu{major}' (NAF_CUDA_PATH names a folder to look in)";
    }

    /// <summary>Loads the first that can be used with a driver.</summary>
    /// <param name="names">Names and paths to try, best first.</param>
    /// <param name="driver">The CUDA version of the driver: a newer major version makes code that it does not load.</param>
    /// <param name="problem">Why there is none, with the remedy; empty otherwise.</param>
    public static NvrtcLibrary? Load(IEnumerable<string> names, (int Major, int Minor) driver, out string problem)
    {
        problem = $"its compiler NVRTC is missing; {Remedy(driver.Major)}";
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint handle)) continue;
            string refused;
            try
            {
                var nvrtc = new NvrtcLibrary(handle);
                if (nvrtc.Version.Major <= driver.Major)
                {
                    problem = "";
                    return nvrtc;
                }
                refused = $"NVRTC {nvrtc.Version.Major} is too new for its driver (CUDA {driver.Major}.{driver.Minor})";
            }
            catch (EntryPointNotFoundException error)
            {
                refused = $"its compiler NVRTC ({name}) is too old ({error.Message})";
            }
            problem = $"{refused}; update the driver, or {Remedy(driver.Major)}";
            NativeLibrary.Free(handle);
        }
        return null;
    }

    /// <summary>The option that names the target: the device itself, or for one that is newer than this compiler, the newest that it knows.</summary>
    /// <param name="capability">The device's compute capability, such as 90.</param>
    /// <returns>Null where this compiler has given up so old a device.</returns>
    public string? Target(int capability)
    {
        if (Architectures.Contains(capability)) return $"sm_{capability}";
        int newest = Architectures.Where(a => a < capability).DefaultIfEmpty().Max();
        return newest > 0 ? $"compute_{newest}" : null;
    }

    /// <summary>Compiles to a cubin, or to PTX where the target is not a real device.</summary>
    /// <exception cref="KernelCompileException">It does not compile; the exception has the log.</exception>
    public byte[] Compile(string device, KernelSource source, string[] options, bool toPtx)
    {
        nint program;
        fixed (byte* text = Bytes(source.Text), name = Bytes(source.Name))
        {
            int status = _createProgram(&program, text, name, 0, null, null);
            if (status != 0) throw new KernelCompileException(device, source.Name, Words(status));
        }
        try
        {
            int status = Run(program, options);
            if (status != 0) throw new KernelCompileException(device, source.Name, Log(program) is { Length: > 0 } log ? log : Words(status));
            nuint size;
            status = toPtx ? _getPtxSize(program, &size) : _getCubinSize(program, &size);
            var binary = new byte[status == 0 ? (int)size : 0];
            fixed (byte* p = binary)
                if (status == 0) status = toPtx ? _getPtx(program, p) : _getCubin(program, p);
            return status == 0 ? binary : throw new KernelCompileException(device, source.Name, Words(status));
        }
        finally
        {
            _ = _destroyProgram(&program);
        }
    }

    private int Run(nint program, string[] options)
    {
        var all = options.Select(Marshal.StringToCoTaskMemUTF8).ToArray();
        try
        {
            fixed (nint* p = all) return _compileProgram(program, all.Length, (byte**)p);
        }
        finally
        {
            foreach (nint option in all) Marshal.FreeCoTaskMem(option);
        }
    }

    private string Log(nint program)
    {
        nuint size = 0;
        if (_getLogSize(program, &size) != 0 || size <= 1) return "";
        var log = new byte[(int)size];
        fixed (byte* p = log) _ = _getLog(program, p);
        return Encoding.UTF8.GetString(log).TrimEnd('\0').Trim();
    }

    private string Words(int status) => Marshal.PtrToStringUTF8((nint)_getErrorString(status)) ?? $"NVRTC error {status}";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text + '\0');
}
