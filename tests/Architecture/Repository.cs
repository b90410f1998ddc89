using System.Runtime.CompilerServices;

namespace Naf.Tests;

/// <summary>The repository from which these tests were built.</summary>
internal static class Repository
{
    /// <summary>The projects of the product, one per folder.</summary>
    public static readonly string[] Product =
        ["Naf.Gpu", "Naf.Kernels", "Naf.Checks", "Naf.Sim", "Naf.Host", "Naf.Cli"];

    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = Find();

    /// <summary>C# sources below the given folders, as paths in the repository, without build outputs.</summary>
    public static IEnumerable<string> Sources(params string[] folders) =>
        from folder in folders
        from path in Directory.GetFiles(Path.Combine(Root, folder), "*.cs", SearchOption.AllDirectories)
        let file = Path.GetRelativePath(Root, path).Replace('\\', '/')
        where !file.Split('/').Any(part => part is "bin" or "obj" || part[0] == '.')
        select file;

    private static string Find([CallerFilePath] string thisFile = "")
    {
        for (string? folder = Path.GetDirectoryName(
            thisFile); folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "Naf.Gpu.slnx"))) return folder;
        throw new DirectoryNotFoundException($"no Naf.Gpu.slnx above {thisFile}: run the tests where they were built");
    }
}
