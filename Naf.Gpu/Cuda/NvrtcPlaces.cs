namespace Naf.Gpu;

/// <summary>Where NVRTC may be: the loader's places, the CUDA toolkit's and those of Python's packages.</summary>
internal static class NvrtcPlaces
{
    private static readonly string[] Plain = OperatingSystem.IsWindows()
        ? ["nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"]
        : ["libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so"];

    private static readonly string[] WindowsParts = ["bin", "bin/x64"];
    private static readonly string[] LinuxParts = ["lib64", "lib", "targets/x86_64-linux/lib", "targets/sbsa-linux/lib"];

    /// <summary>Names and paths to try, best first.</summary>
    /// <param name="folder">Where to look first; may be null.</param>
    public static IEnumerable<string> Candidates(string? folder)
    {
        if (folder is not null)
            foreach (string file in In(folder)) yield return file;
        foreach (string name in Plain) yield return name;
        foreach (string place in ToolkitFolders().Concat(PythonFolders()).Distinct())
            foreach (string file in In(place)) yield return file;
    }

    // the library in a folder, newest first
    private static IEnumerable<string> In(string folder) =>
        Listed(folder, OperatingSystem.IsWindows() ? "nvrtc64_*.dll" : "libnvrtc.so*", Directory.GetFiles)
            .Where(f => !f.Contains(".alt.", StringComparison.Ordinal)).OrderByDescending(f => f, StringComparer.Ordinal);

    private static IEnumerable<string> ToolkitFolders()
    {
        string?[] named = [Variable("CUDA_PATH"), Variable("CUDA_HOME"), Variable("CONDA_PREFIX")];
        IEnumerable<string> usual = OperatingSystem.IsWindows()
            ? Listed(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "NVIDIA GPU Computing Toolkit", "CUDA"), "v*")
            : [.. Listed("/usr/local", "cuda*"), "/opt/cuda"];
        return from root in named.OfType<string>().Concat(usual.OrderDescending(StringComparer.Ordinal))
               from part in OperatingSystem.IsWindows() ? WindowsParts : LinuxParts
               select Path.Combine(root, part);
    }

    // nvidia/cuda_nvrtc/lib (CUDA 12) and nvidia/cu13/lib in the package folders of the pythons at hand
    private static IEnumerable<string> PythonFolders()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        IEnumerable<string> onPath = (Variable("PATH") ?? "").Split(Path.PathSeparator)
            .Where(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "python.exe" : "python3")))
            .Select(folder => OperatingSystem.IsWindows() ? folder : Path.GetDirectoryName(folder) ?? folder);
        string?[] roots = [Variable("VIRTUAL_ENV"), Variable("CONDA_PREFIX"), .. onPath, Path.Combine(home, ".local"), "/usr/local", "/usr"];
        return from root in roots.OfType<string>()
               from python in OperatingSystem.IsWindows() ? [Path.Combine(root, "Lib")] : Listed(Path.Combine(root, "lib"), "python3*")
               from packages in (string[])["site-packages", "dist-packages"]
               from part in Listed(Path.Combine(python, packages, "nvidia"), "cu*")
               where Path.GetFileName(part) == "cuda_nvrtc" || Path.GetFileName(part).Length == "cu13".Length
               select Path.Combine(part, OperatingSystem.IsWindows() ? "bin" : "lib");
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string[] Listed(string folder, string pattern) => Listed(folder, pattern, Directory.GetDirectories);

    private static string[] Listed(string folder, string pattern, Func<string, string, string[]> list)
    {
        try
        {
            return Directory.Exists(folder) ? list(folder, pattern) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
