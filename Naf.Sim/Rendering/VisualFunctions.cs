using System.Runtime.InteropServices;
using Naf.Sim.Mujoco;

namespace Naf.Sim.Rendering;

/// <summary>
/// MuJoCo's rendering functions, loaded when the first picture is drawn, and the struct offsets that they need. Scene,
/// context and camera are zeroed buffers, larger than in any release; only their leading fields are used, which are the
/// same in all releases. Offsets that differ between releases are measured on the loaded library with a model of
/// distinctive values: the colours of two sites and the frustum are searched for in the scene, and an odd frame size in
/// the model.
/// </summary>
internal sealed unsafe class VisualFunctions
{
    /// <summary>Bytes of an mjvScene (at most 11,584 in 2.2.2 to 3.12.0), mjrContext (61,512), others (144).</summary>
    public const int SceneSize = 128 << 10, ContextSize = 256 << 10, SmallSize = 1024;

    private const int FrameWidth = 1237, FrameHeight = 459, ModelHead = 4096;
    private static readonly float[] First = [0.125f, 0.25f, 0.375f, 1], Second = [0.625f, 0.75f, 0.875f, 1];
    private static readonly Lock Gate = new();
    private static VisualFunctions? _loaded;

    private VisualFunctions(MujocoLibrary library)
    {
        DefaultFreeCamera = (delegate* unmanaged<nint, nint, void>)library.Export("mjv_defaultFreeCamera");
        DefaultOption = (delegate* unmanaged<nint, void>)library.Export("mjv_defaultOption");
        DefaultPerturbation = (delegate* unmanaged<nint, void>)library.Export("mjv_defaultPerturb");
        DefaultScene = (delegate* unmanaged<nint, void>)library.Export("mjv_defaultScene");
        FreeScene = (delegate* unmanaged<nint, void>)library.Export("mjv_freeScene");
        UpdateScene = (delegate* unmanaged<nint, nint, nint, nint, nint, int, nint, void>)library.Export(
            "mjv_updateScene");
        InitGeom = (delegate* unmanaged<nint, int, double*, double*, double*, float*, void>)library.Export(
            "mjv_initGeom");
        CameraInModel = (delegate* unmanaged<double*, double*, double*, nint, void>)library.Export("mjv_cameraInModel");
        FrustumHeight = (delegate* unmanaged<nint, double>)library.Export("mjv_frustumHeight");
        DefaultContext = (delegate* unmanaged<nint, void>)library.Export("mjr_defaultContext");
        FreeContext = (delegate* unmanaged<nint, void>)library.Export("mjr_freeContext");
        MaxViewport = (delegate* unmanaged<nint, Viewport>)library.Export("mjr_maxViewport");
        Render = (delegate* unmanaged<Viewport, nint, nint, void>)library.Export("mjr_render");
        ReadPixels = (delegate* unmanaged<byte*, float*, Viewport, nint, void>)library.Export("mjr_readPixels");
        MakeScene = library.Export("mjv_makeScene");
        MakeContext = library.Export("mjr_makeContext");
        SetBuffer = library.Export("mjr_setBuffer");
    }

    /// <summary>mjrRect: a part of the frame, in pixels.</summary>
    public readonly record struct Viewport(int Left, int Bottom, int Width, int Height);

    // called directly: none of these raises an error once a context exists
    public readonly delegate* unmanaged<nint, nint, void> DefaultFreeCamera;
    public readonly delegate* unmanaged<nint, void> DefaultOption, DefaultPerturbation, DefaultScene, FreeScene,
        DefaultContext, FreeContext;
    public readonly delegate* unmanaged<nint, nint, nint, nint, nint, int, nint, void> UpdateScene;
    public readonly delegate* unmanaged<nint, int, double*, double*, double*, float*, void> InitGeom;
    public readonly delegate* unmanaged<double*, double*, double*, nint, void> CameraInModel;
    public readonly delegate* unmanaged<nint, double> FrustumHeight;
    public readonly delegate* unmanaged<nint, Viewport> MaxViewport;
    public readonly delegate* unmanaged<Viewport, nint, nint, void> Render;
    public readonly delegate* unmanaged<byte*, float*, Viewport, nint, void> ReadPixels;

    // called through ErrorGuard.Invoke
    public readonly nint MakeScene, MakeContext, SetBuffer;

    /// <summary>Bytes from one mjvGeom of a scene to the next.</summary>
    public int GeomSize { get; private set; }

    /// <summary>Offset of rgba in an mjvGeom, which follows size [3], pos [3] and mat [9] of float.</summary>
    public int ColourAt { get; private set; }

    /// <summary>
    /// Offsets in an mjvScene of the frustum of the left eye's and the right eye's camera: bottom, top and near, float.
    /// </summary>
    public (int Left, int Right) FrustumAt { get; private set; }

    /// <summary>Offset of vis.global.offwidth in mjModel; offheight follows it.</summary>
    public int FrameAt { get; private set; }

    /// <summary>Loads the functions and measures the layout, once.</summary>
    /// <exception cref="RenderingException">The struct layout of this MuJoCo is unknown.</exception>
    /// <exception cref="MujocoException">The library has no renderer.</exception>
    public static VisualFunctions Load(MujocoLibrary library)
    {
        lock (Gate)
        {
            if (_loaded != null) return _loaded;
            var functions = new VisualFunctions(library);
            functions.Measure();
            return _loaded = functions;
        }
    }

    /// <summary>Allocates a zeroed buffer, to be freed by <see cref="Free"/>.</summary>
    public static nint Allocate(int size)
    {
        nint buffer = (nint)NativeMemory.AllocZeroed((nuint)size);
        NativeObjects.Count(1);
        return buffer;
    }

    /// <summary>Frees a buffer; ignores 0.</summary>
    public static void Free(nint buffer)
    {
        if (buffer == 0) return;
        NativeMemory.Free((void*)buffer);
        NativeObjects.Count(-1);
    }

    private void Measure()
    {
        using MujocoModel model = MujocoModel.LoadXml(string.Create(CultureInfo.InvariantCulture, $"""
            <mujoco>
              <visual><global offwidth="{FrameWidth}" offheight="{FrameHeight}"/></visual>
              <worldbody>
                <site rgba="{string.Join(' ', First)}"/>
                <site rgba="{string.Join(' ', Second)}"/>
              </worldbody>
            </mujoco>
            """));
        using var data = new MujocoData(model);
        data.Positions();
        using var scene = new VisualScene(this, model, capacity: 16);
        scene.Update(data);
        var geoms = new ReadOnlySpan<byte>((void*)scene.Geoms, scene.Count == 2 ? 2048 : 0);
        ColourAt = geoms.IndexOf(MemoryMarshal.AsBytes<float>(First));
        GeomSize = geoms.IndexOf(MemoryMarshal.AsBytes<float>(Second)) - ColourAt;
        int[] frustums = [.. Enumerable.Range(0, SceneSize / sizeof(float) - 2).Select(i => i * sizeof(float)).Where(
            at => (float*)(scene.Native + at) is var f && f[1] > 0 && f[0] == -f[1] && f[2] > 0
                && Math.Abs((f[1] - f[0]) / f[2] / FrustumHeight(scene.Native) - 1) < 1e-5)];
        if (frustums.Length == 2) FrustumAt = (frustums[0], frustums[1]);
        while (FrameAt < ModelHead && !(ProbedMemory.TryRead(model.Native + FrameAt, out (int, int) pair)
            && pair == (FrameWidth, FrameHeight)))
            FrameAt += sizeof(int);
        if (ColourAt < 0 || GeomSize <= 0 || FrustumAt.Left == 0 || FrameAt == ModelHead)
            throw new RenderingException($"pictures can't be drawn with MuJoCo {model.Library.Version}: its scene is "
                + "not laid out as in the releases from 2.2.2 to 3.12.0; use one of these");
    }
}
