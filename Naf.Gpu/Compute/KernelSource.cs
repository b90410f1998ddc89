using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace Naf.Gpu;

/// <summary>
/// The text of some kernels in the dialect that CUDA and OpenCL share (<c>Dialect.gpu.c</c>): constants, the dialect, the file with what it includes.
/// </summary>
public sealed class KernelSource
{
    private const string Dialect = "Dialect.gpu.c";

    private KernelSource(string name, string text)
    {
        (Name, Text) = (name, text);
        Kernels = [.. KernelSignature.ReadAll(text)];
    }

    /// <summary>The file's name.</summary>
    public string Name { get; }

    /// <summary>What the compiler gets.</summary>
    public string Text { get; }

    /// <summary>The kernels that it holds.</summary>
    public ImmutableArray<KernelSignature> Kernels { get; }

    /// <summary>Reads a file that is embedded in an assembly.</summary>
    /// <param name="file">Its name; <c>#include "Other.gpu.c"</c> on a line of its own takes in another embedded file, once.</param>
    /// <param name="constants">Names that are defined before anything else; numbers as int or float, or text as it is.</param>
    /// <param name="generated">Files that are included by name but made at run time.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static KernelSource Load(
        Assembly assembly, string file, IEnumerable<KeyValuePair<string, object>> constants, IReadOnlyDictionary<string, string>? generated = null)
    {
        var text = new StringBuilder();
        foreach ((string name, object value) in constants.OrderBy(c => c.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"#define {name} {Literal(value)}\n");
        Append(text, typeof(KernelSource).Assembly, Dialect, null, []);
        Append(text, assembly, file, generated, []);
        return new KernelSource(file, text.ToString());
    }

    /// <summary>A table of numbers as a line of the dialect, for generated files.</summary>
    public static string Table(string name, IEnumerable<int> values)
    {
        int[] all = [.. values];
        return string.Create(CultureInfo.InvariantCulture, $"CONSTANT int {name}[{all.Length}] = {{ {string.Join(", ", all)} }};\n");
    }

    private static string Literal(object value) => value switch
    {
        // nine digits bring a float32 back exactly
        float f => f.ToString("e8", CultureInfo.InvariantCulture) + "f",
        bool b => b ? "1" : "0",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static void Append(
        StringBuilder text, Assembly assembly, string file, IReadOnlyDictionary<string, string>? generated, HashSet<string> done)
    {
        if (!done.Add(file)) return;
        text.Append(CultureInfo.InvariantCulture, $"#line 1 \"{file}\"\n");
        int number = 0;
        foreach (string line in Read(assembly, file, generated).Split('\n'))
        {
            number++;
            if (line.StartsWith("#include \"", StringComparison.Ordinal))
            {
                Append(text, assembly, line.Split('"')[1], generated, done);
                text.Append(CultureInfo.InvariantCulture, $"#line {number + 1} \"{file}\"\n");
            }
            else
                text.Append(line).Append('\n');
        }
    }

    private static string Read(Assembly assembly, string file, IReadOnlyDictionary<string, string>? generated)
    {
        if (generated is not null && generated.TryGetValue(file, out string? made)) return made;
        using Stream stream = assembly.GetManifestResourceStream(file)
            ?? throw new FileNotFoundException($"no kernel file {file} is embedded in {assembly.GetName().Name}");
        return new StreamReader(stream).ReadToEnd();
    }
}
