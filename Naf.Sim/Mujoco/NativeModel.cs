namespace Naf.Sim.Mujoco;

/// <summary>Making of native mjModel and mjData, with MuJoCo's own words where it refuses.</summary>
internal static unsafe class NativeModel
{
    private const int MessageSize = 2000;

    // MuJoCo keeps the model last read in a global
    private static readonly Lock Loading = new();

    /// <summary>mj_loadXML.</summary>
    /// <param name="path">The MJCF or URDF file; what it includes is looked for beside it.</param>
    /// <param name="title">What the message calls the model.</param>
    /// <returns>An mjModel to be freed by mj_deleteModel.</returns>
    /// <exception cref="MujocoException">MuJoCo's message, mostly with element and line.</exception>
    public static nint LoadFile(MujocoLibrary library, string path, string title)
    {
        byte* message = stackalloc byte[MessageSize];
        message[0] = 0;
        nint model;
        lock (Loading)
        {
            fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0')) model = library.LoadXml(name, 0, message, MessageSize);
        }
        if (model != 0) return model;

        var text = new ReadOnlySpan<byte>(message, MessageSize);
        string words = Encoding.UTF8.GetString(text[..Math.Max(0, text.IndexOf((byte)0))]).ReplaceLineEndings(" ").Trim();
        throw new MujocoException($"MuJoCo can't load {title}: {(words.Length > 0 ? words : "it gave no reason")}");
    }

    /// <summary>The same for a model in memory, through a temporary file (MuJoCo's in-memory files differ between releases).</summary>
    public static nint LoadText(MujocoLibrary library, string xml)
    {
        string path = Path.Combine(Path.GetTempPath(), $"naf-model-{Environment.ProcessId}-{Guid.NewGuid():N}.xml");
        try
        {
            File.WriteAllText(path, xml);
            return LoadFile(library, path, "the model given as text");
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static nint MakeData(MujocoLibrary library, nint model)
    {
        nint data = ErrorGuard.Invoke(library.MakeData, model);
        return data != 0
            ? data
            : throw new MujocoException("MuJoCo could not allocate an mjData; the model's <size> asks for more memory than there is");
    }
}
