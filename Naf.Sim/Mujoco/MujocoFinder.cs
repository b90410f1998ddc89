using System.Runtime.InteropServices;

namespace Naf.Sim.Mujoco;

/// <summary>Finds MuJoCo's library: by MUJOCO_PATH (the file or a folder), else by name on the loader's path.</summary>
internal static class MujocoFinder
{
    public const string Remedy =
        "install Debian's (apt-get install libmujoco2.2.2), or unpack an official release and set MUJOCO_PATH to its "
        + "folder or library file";

    private static readonly (string[] Names, string[] Patterns) Files =
        OperatingSystem.IsWindows() ? (["mujoco.dll"], ["mujoco.dll"])
        : OperatingSystem.IsMacOS() ? (["libmujoco.dylib", "mujoco.framework/mujoco"], ["libmujoco*.dylib"])
        : (["libmujoco.so.2.2.2", "libmujoco.so"], ["libmujoco.so", "libmujoco.so.*"]);

    /// <summary>
    /// Loads the library at <paramref name="mujocoPath"/>; if that is null or empty, the first that the loader finds.
    /// </summary>
    /// <returns>The loader's handle, and the path or name that was loaded.</returns>
    /// <exception cref="MujocoException">No library was found, or it cannot be loaded.</exception>
    public static (nint Handle, string Path) Find(string? mujocoPath)
    {
        if (!string.IsNullOrWhiteSpace(mujocoPath))
        {
            string file = Locate(mujocoPath);
            try
            {
                return (NativeLibrary.Load(Path.GetFullPath(file)), file);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new MujocoException($"MUJOCO_PATH leads to {file}, which can't be loaded: {e.Message}", e);
            }
        }
        foreach (string name in Files.Names)
            if (NativeLibrary.TryLoad(name, out nint handle)) return (handle, name);
        throw new MujocoException(
            $"MuJoCo was not found (no {string.Join(" or ", Files.Names)} on the loader's path): {Remedy}");
    }

    private static string Locate(string path)
    {
        if (File.Exists(path)) return path;
        if (!Directory.Exists(path))
            throw new MujocoException(
                $"MUJOCO_PATH is {path}, but there is no such file or folder; {Remedy}, or unset it to use the "
                + "system's library");

        // an official release keeps the library in lib/ (bin/ on Windows), a Python package beside its modules
        foreach (string folder in new[] { path, Path.Combine(path, "lib"), Path.Combine(path, "bin") })
            foreach (string pattern in Files.Patterns)
                if (Directory.Exists(folder)
                    && Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).FirstOrDefault() is { } file)
                    return file;
        throw new MujocoException(
            $"MUJOCO_PATH is the folder {path}, but neither it nor its lib/ or bin/ holds "
            + $"{string.Join(" or ", Files.Patterns)}; {Remedy}");
    }
}
