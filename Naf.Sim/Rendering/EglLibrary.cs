using System.Runtime.InteropServices;
using Naf.Sim.Mujoco;

namespace Naf.Sim.Rendering;

/// <summary>A picture cannot be drawn; the message has the remedy, such as the package to install.</summary>
internal sealed class RenderingException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>
/// EGL on Mesa's surfaceless platform, which renders without a screen, with or without a GPU. Loaded when the first
/// picture is drawn and kept for the life of the process, since the display belongs to the process.
/// </summary>
internal sealed unsafe class EglLibrary
{
    private const string Remedy =
        "install Debian's libegl1 and libgl1-mesa-dri (apt-get install libegl1 libgl1-mesa-dri)";

    private const string Name = "libEGL.so.1";
    private const int SurfacelessPlatform = 0x31DD, OpenGlApi = 0x30A2, None = 0x3038;
    private const int RenderableType = 0x3040, OpenGlBit = 8, SurfaceType = 0x3033, PbufferBit = 1;
    private static readonly Lock Gate = new();
    private static EglLibrary? _loaded;

    private readonly delegate* unmanaged<int, uint> _bindApi;
    private readonly delegate* unmanaged<nint, nint, nint, int*, nint> _createContext;
    private readonly delegate* unmanaged<nint, nint, nint, nint, uint> _makeCurrent;
    private readonly delegate* unmanaged<nint, nint, uint> _destroyContext;
    private readonly delegate* unmanaged<int> _error;
    private readonly nint _display, _config;

    private EglLibrary(nint handle, string name)
    {
        _bindApi = (delegate* unmanaged<int, uint>)Export("eglBindAPI");
        _createContext = (delegate* unmanaged<nint, nint, nint, int*, nint>)Export("eglCreateContext");
        _makeCurrent = (delegate* unmanaged<nint, nint, nint, nint, uint>)Export("eglMakeCurrent");
        _destroyContext = (delegate* unmanaged<nint, nint, uint>)Export("eglDestroyContext");
        _error = (delegate* unmanaged<int>)Export("eglGetError");
        var initialize = (delegate* unmanaged<nint, int*, int*, uint>)Export("eglInitialize");
        var chooseConfig = (delegate* unmanaged<nint, int*, nint*, int, int*, uint>)Export("eglChooseConfig");
        var procAddress = (delegate* unmanaged<byte*, nint>)Export("eglGetProcAddress");

        // open a display without a screen
        fixed (byte* function = "eglGetPlatformDisplayEXT"u8)
        {
            var platformDisplay = (delegate* unmanaged<int, nint, int*, nint>)procAddress(function);
            if (platformDisplay != null) _display = platformDisplay(SurfacelessPlatform, 0, null);
        }
        if (_display == 0 || initialize(_display, null, null) == 0) throw Refused("it has no display without a screen");

        int* wanted = stackalloc int[] { RenderableType, OpenGlBit, SurfaceType, PbufferBit, None };
        nint config;
        int count;
        if (chooseConfig(_display, wanted, &config, 1, &count) == 0 || count == 0) throw Refused("it has no OpenGL");
        _config = config;

        nint Export(string function) => NativeLibrary.TryGetExport(handle, function, out nint address) ? address
            : throw new RenderingException($"pictures need EGL, and {name} is not it (it has no {function}); {Remedy}");
    }

    /// <summary>Loads the library and opens the display, once.</summary>
    /// <exception cref="RenderingException">There is no EGL, or it cannot draw without a screen.</exception>
    public static EglLibrary Load()
    {
        lock (Gate) return _loaded ??= Load(Name);
    }

    /// <summary>Loads a library of another name, anew at each call.</summary>
    internal static EglLibrary Load(string name) => NativeLibrary.TryLoad(name, out nint handle)
        ? new EglLibrary(handle, name)
        : throw new RenderingException($"pictures need EGL, and there is no {name} here; {Remedy}");

    /// <summary>Creates an OpenGL context, not yet current in any thread.</summary>
    /// <exception cref="RenderingException">EGL reports an error.</exception>
    public nint CreateContext()
    {
        _bindApi(OpenGlApi);
        nint context = _createContext(_display, _config, 0, null);
        if (context == 0) throw Refused("it makes no OpenGL context");
        NativeObjects.Count(1);
        return context;
    }

    /// <summary>Makes a context current in the calling thread; 0 releases its current one.</summary>
    /// <exception cref="RenderingException">EGL reports an error: the context is current in another thread.</exception>
    public void MakeCurrent(nint context)
    {
        _bindApi(OpenGlApi);
        if (_makeCurrent(_display, 0, 0, context) == 0) throw Refused("its context can't be used without a surface");
    }

    public void Destroy(nint context)
    {
        if (_destroyContext(_display, context) != 0) NativeObjects.Count(-1);
    }

    private RenderingException Refused(string problem) =>
        new($"EGL can't draw here: {problem} (EGL error 0x{_error():X}); {Remedy}");
}
