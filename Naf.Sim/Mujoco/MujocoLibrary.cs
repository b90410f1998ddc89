using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Naf.Sim.Mujoco.Layouts;

namespace Naf.Sim.Mujoco;

/// <summary>
/// The loaded MuJoCo library: its functions as pointers, its version and that version's layout. Once it is loaded,
/// warnings and errors of the whole process go to <see cref="MujocoWarnings"/> and <see cref="ErrorGuard"/>.
/// </summary>
internal sealed unsafe partial class MujocoLibrary
{
    private const int MessageSize = 2000;
    private static readonly Lock Gate = new();

    // MuJoCo keeps the last loaded model in a global variable
    private static readonly Lock Loading = new();
    private static MujocoLibrary? _loaded;
    private readonly delegate* unmanaged<byte*, nint, byte*, int, nint> _loadXml;
    private readonly nint _makeData;
    private readonly nint _handle;

    private MujocoLibrary(nint handle, string path)
    {
        _handle = handle;
        Path = path;
        Version = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)Export("mj_versionString"))()) ?? "";
        Layout = MujocoLayout.Find(Version);

        _loadXml = (delegate* unmanaged<byte*, nint, byte*, int, nint>)Export("mj_loadXML");
        DeleteModel = (delegate* unmanaged<nint, void>)Export("mj_deleteModel");
        DeleteData = (delegate* unmanaged<nint, void>)Export("mj_deleteData");
        IdToName = (delegate* unmanaged<nint, int, int, nint>)Export("mj_id2name");
        NameToId = (delegate* unmanaged<nint, int, byte*, int>)Export("mj_name2id");
        CopyModel = (delegate* unmanaged<nint, nint, nint>)Export("mj_copyModel");
        IntegratePos = (delegate* unmanaged<nint, double*, double*, double, void>)Export("mj_integratePos");
        DifferentiatePos = (delegate* unmanaged<nint, double*, double, double*, double*, void>)Export(
            "mj_differentiatePos");
        _makeData = Export("mj_makeData");
        ResetData = Export("mj_resetData");
        Step = Export("mj_step");
        FwdPosition = Export("mj_fwdPosition");
        Forward = Export("mj_forward");
        SetConst = Export("mj_setConst");

        // exported variables that hold function pointers
        *(nint*)Export("mju_user_warning") = MujocoWarnings.Handler;
        *(nint*)Export("mju_user_error") = ErrorGuard.Handler;
    }

    /// <summary>
    /// mj_versionString, such as "2.2.2". Trajectories differ in their last bits between versions, so record it with
    /// every result.
    /// </summary>
    public string Version { get; }

    /// <summary>What the loader was given: a path, or a library name.</summary>
    public string Path { get; }

    internal MujocoLayout Layout { get; }

    // called directly: these neither step nor allocate on MuJoCo's stack
    internal readonly delegate* unmanaged<nint, void> DeleteModel, DeleteData;
    internal readonly delegate* unmanaged<nint, nint, nint> CopyModel;
    internal readonly delegate* unmanaged<nint, int, int, nint> IdToName;
    internal readonly delegate* unmanaged<nint, int, byte*, int> NameToId;
    internal readonly delegate* unmanaged<nint, double*, double*, double, void> IntegratePos;
    internal readonly delegate* unmanaged<nint, double*, double, double*, double*, void> DifferentiatePos;

    // called through ErrorGuard.Invoke
    internal readonly nint ResetData, Step, FwdPosition, Forward, SetConst;

    /// <summary>Finds, loads and checks the library once; later calls return the same instance.</summary>
    /// <exception cref="MujocoException">Not found, of an unknown version, or not laid out as its version.</exception>
    public static MujocoLibrary Load()
    {
        lock (Gate)
        {
            if (_loaded != null) return _loaded;
            (nint handle, string path) = MujocoFinder.Find(Environment.GetEnvironmentVariable("MUJOCO_PATH"));
            var library = new MujocoLibrary(handle, path);
            LayoutCheck.Run(library, library.Layout);
            return _loaded = library;
        }
    }

    /// <summary>mj_loadXML.</summary>
    /// <param name="path">The MJCF or URDF file; included files are searched beside it.</param>
    /// <param name="title">Name of the model in the message.</param>
    /// <returns>An mjModel to be freed by mj_deleteModel.</returns>
    /// <exception cref="MujocoException">MuJoCo's message, usually with element and line.</exception>
    internal nint LoadModel(string path, string title)
    {
        byte* message = stackalloc byte[MessageSize];
        message[0] = 0;
        nint model;
        lock (Loading)
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0')) model = _loadXml(name, 0, message, MessageSize);
        }
        if (model != 0) return model;
        string words = Marshal.PtrToStringUTF8((nint)message)!.ReplaceLineEndings(" ").Trim();
        throw new MujocoException($"MuJoCo can't load {title}: {(words.Length > 0 ? words : "it gave no reason")}"
            + Remedy(words));
    }

    // a word that MuJoCo does not know may be of a newer release, or the file a part of a model
    private string Remedy(string words)
    {
        if (words.Contains("'mujocoinclude'")) return "; it is a part of models: name one that includes it";
        if (Misplaced().IsMatch(words))
            return "; put it where it belongs, or, if the file is a part of models, name one that includes it";
        if (Version == MujocoLayout.All[^1].Version) return "";
        if (words.Contains("stateless actuators must come before"))
            return "; reorder them, or set MUJOCO_PATH to the folder of MuJoCo 2.3.1 or newer";
        return words.Contains("invalid keyword") || words.Contains("Schema violation: unrecognized")
            ? $"; correct the model, or set MUJOCO_PATH to the folder of a MuJoCo newer than {Version} that knows it"
            : "";
    }

    // elements that every release knows, in bodies
    [GeneratedRegex("unrecognized element +Element '(body|geom|joint|freejoint|site|camera|light|inertial)'")]
    private static partial Regex Misplaced();

    /// <summary>Loads a model given as text, by a temporary file: in-memory files differ between releases.</summary>
    internal nint LoadModelText(string xml)
    {
        string file = System.IO.Path.Combine(
            System.IO.Path.GetTempPath(), $"naf-model-{Environment.ProcessId}-{Guid.NewGuid():N}.xml");
        try
        {
            File.WriteAllText(file, xml);
            return LoadModel(file, "the model given as text");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MujocoException($"the folder for temporary files can't be written: {e.Message.TrimEnd('.')}; "
                + "free space there, or set TMPDIR to another folder", e);
        }
        finally
        {
            if (File.Exists(file)) File.Delete(file);
        }
    }

    /// <returns>An mjData to be freed by mj_deleteData.</returns>
    internal nint MakeData(nint model) => ErrorGuard.Invoke(_makeData, model) is var data and not 0 ? data
        : throw new MujocoException(
            "MuJoCo could not allocate an mjData; the model's <size> asks for more memory than there is");

    /// <summary>The address of a function or variable.</summary>
    /// <exception cref="MujocoException">The library does not export it.</exception>
    internal nint Export(string name) => NativeLibrary.TryGetExport(_handle, name, out nint address) ? address
        : throw new MujocoException(
            $"the library found has no {name}: it is not MuJoCo, or older "
            + $"than {MujocoLayout.All[0].Version}; {MujocoFinder.Remedy}");
}
