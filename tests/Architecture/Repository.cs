using System.Runtime.CompilerServices;

namespace Naf.Tests;

/// <summary>The repository that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    private static string Find([CallerFilePath] string thisFile = "")
    {
        for (string? folder = Path.GetDirectoryName(thisFile); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Naf.Gpu.slnx"))) return folder;
        throw new DirectoryNotFoundException($"no Naf.Gpu.slnx above {thisFile}: run the tests where they were built");
    }
}
