using System.Security.Cryptography;
using System.Text;

namespace Naf.Gpu;

/// <summary>
/// Compiled kernels on disk, keyed by source, options, device and driver: <c>$NAF_KERNEL_CACHE</c> (a folder, or <c>off</c>), else
/// <c>naf-gpu/kernels</c> in the user's cache folder. A file that is damaged or cannot be written costs a compilation, nothing else.
/// </summary>
public sealed class CompileCache
{
    private const int DigestSize = 32;
    private readonly string? _folder;

    /// <param name="folder">Where to keep files; null for the folder that the environment names.</param>
    public CompileCache(string? folder = null)
    {
        string? asked = folder ?? Environment.GetEnvironmentVariable("NAF_KERNEL_CACHE");
        _folder = asked switch
        {
            "off" => null,
            { Length: > 0 } => asked,
            _ => UserCache() is { } cache ? Path.Combine(cache, "naf-gpu", "kernels") : null,
        };
    }

    /// <summary>How often a compilation was saved and made by this object.</summary>
    public (int Hits, int Misses) Uses { get; private set; }

    /// <summary>Loads the kept binary for these keys, or what <paramref name="compile"/> makes, which is kept.</summary>
    /// <param name="load">Loads a binary; a kept one that it refuses as <see cref="KernelCompileException"/> is made again.</param>
    public T GetOrCompile<T>(IEnumerable<string> keys, Func<byte[]> compile, Func<byte[], T> load)
    {
        string? path = _folder is null ? null : Path.Combine(_folder, $"{Key(keys)}.bin");
        if (path is not null && TryRead(path) is { } kept)
            try
            {
                T loaded = load(kept);
                Uses = (Uses.Hits + 1, Uses.Misses);
                return loaded;
            }
            catch (KernelCompileException)
            {
                // compiled below
            }
        Uses = (Uses.Hits, Uses.Misses + 1);
        byte[] binary = compile();
        if (path is not null) TryWrite(path, binary);
        return load(binary);
    }

    private static string Key(IEnumerable<string> keys)
    {
        // each key with its length, so that no two lists of keys look alike
        var all = new StringBuilder();
        foreach (string key in keys) all.Append(key.Length).Append(':').Append(key);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(all.ToString())));
    }

    private static byte[]? TryRead(string path)
    {
        try
        {
            byte[] file = File.Exists(path) ? File.ReadAllBytes(path) : [];
            if (file.Length <= DigestSize) return null;
            ReadOnlySpan<byte> binary = file.AsSpan(DigestSize);
            return SHA256.HashData(binary).AsSpan().SequenceEqual(file.AsSpan(0, DigestSize)) ? binary.ToArray() : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void TryWrite(string path, byte[] binary)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            string temporary = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllBytes(temporary, [.. SHA256.HashData(binary), .. binary]);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // the kernel is compiled again next time
        }
    }

    private static string? UserCache()
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (!string.IsNullOrEmpty(cache)) return cache;
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0 ? Path.Combine(home, ".cache") : null;
    }
}
