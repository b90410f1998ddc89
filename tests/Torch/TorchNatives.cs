using System.Buffers.Binary;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Naf.Torch;

/// <summary>
/// Loads libtorch and TorchSharp's native library before TorchSharp searches for them. The latter requires
/// GLIBCXX_3.4.32, but uses no symbol of it that Debian 12 lacks: if it does not load, a copy is loaded in which that
/// requirement is weak.
/// </summary>
internal static class TorchNatives
{
    private const string Needed = "GLIBCXX_3.4.32";
    private static readonly Lazy<string> Once = new(LoadAll);

    /// <summary>Loads the libraries on the first call.</summary>
    /// <returns>libtorch's version.</returns>
    /// <exception cref="DllNotFoundException">They cannot be loaded; the message says why.</exception>
    public static string Load() => Once.Value;

    private static string LoadAll()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw new DllNotFoundException("libtorch is referenced for Linux on x64 alone; run this there");
        string application = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");
        string libtorch = typeof(TorchNatives).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == "TorchNatives")?.Value ?? application;
        NativeLibrary.Load(Path.Combine(libtorch, "libtorch.so"));
        string library = Path.Combine(application, "libLibTorchSharp.so");
        if (!NativeLibrary.TryLoad(library, out _)) LoadWithWeakNeed(library);
        // now the loader finds the libraries by name
        return torch.__version__;
    }

    private static void LoadWithWeakNeed(string library)
    {
        byte[] elf = File.ReadAllBytes(library);
        WeakenNeed(elf);
        string copy = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.so");
        File.WriteAllBytes(copy, elf);
        try
        {
            NativeLibrary.Load(copy);
        }
        finally
        {
            File.Delete(copy);
        }
    }

    // sets VER_FLG_WEAK in the Vernaux entry of GLIBCXX_3.4.32 (section .gnu.version_r of a 64-bit ELF file)
    private static void WeakenNeed(byte[] elf)
    {
        const int sectionSize = 64, versionNeeds = 0x6ffffffe, weak = 2;
        int sections = (int)Long(0x28), count = Short(0x3c);
        for (int s = 0; s < count; s++)
        {
            int section = sections + s * sectionSize;
            if (Int(section + 4) != versionNeeds) continue;
            int names = (int)Long(sections + Int(section + 40) * sectionSize + 24);
            for (int need = (int)Long(section + 24), next = 1; next != 0; need += next)
            {
                next = Int(need + 12);
                for (int entry = need + Int(need + 8), step = 1; step != 0; entry += step)
                {
                    step = Int(entry + 12);
                    if (elf.AsSpan(names + Int(entry + 8)).StartsWith(Encoding.ASCII.GetBytes(Needed + '\0')))
                        BinaryPrimitives.WriteInt16LittleEndian(elf.AsSpan(entry + 4), weak);
                }
            }
        }

        short Short(int at) => BinaryPrimitives.ReadInt16LittleEndian(elf.AsSpan(at));
        int Int(int at) => BinaryPrimitives.ReadInt32LittleEndian(elf.AsSpan(at));
        long Long(int at) => BinaryPrimitives.ReadInt64LittleEndian(elf.AsSpan(at));
    }
}
