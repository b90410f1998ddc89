using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Naf.Gpu;

/// <summary>The parameters of a kernel, read from its source: <c>KERNEL(threads) void name(GLOBAL const float* x, int n)</c>.</summary>
/// <param name="Name">The kernel's name.</param>
/// <param name="Parameters">Whether each is a buffer, its type and its name, in order.</param>
public sealed partial record KernelSignature(string Name, ImmutableArray<(bool IsBuffer, Type Type, string Name)> Parameters)
{
    /// <summary>Threads of a group, where the source gives a number or a constant that is one; otherwise 0.</summary>
    public int Threads { get; init; }

    /// <summary>The kernels of a source.</summary>
    /// <exception cref="ArgumentException">A parameter's type is not one that a launch can pass.</exception>
    public static IEnumerable<KernelSignature> ReadAll(string source)
    {
        foreach (Match kernel in KernelPattern().Matches(Comments().Replace(source, "")))
        {
            string[] parameters = kernel.Groups["parameters"].Value
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            yield return new KernelSignature(kernel.Groups["name"].Value, [.. parameters.Select(Parameter)])
            {
                Threads = Number(source, kernel.Groups["threads"].Value),
            };
        }
    }

    /// <summary>Holds the arguments of a launch against the parameters.</summary>
    /// <exception cref="ArgumentException">Their number, a type or a buffer's device is wrong; the message says which.</exception>
    public void Check(GpuDevice device, ReadOnlySpan<KernelArgument> arguments)
    {
        if (arguments.Length != Parameters.Length)
            throw new ArgumentException($"kernel {Name} takes {Parameters.Length} arguments and was given {arguments.Length}");
        for (int i = 0; i < arguments.Length; i++)
        {
            (bool isBuffer, Type type, string name) = Parameters[i];
            KernelArgument argument = arguments[i];
            if (argument.Buffer is not null != isBuffer || argument.Type != type)
                throw new ArgumentException(
                    $"argument {i} ({name}) of kernel {Name} is a {argument}; give a {(isBuffer ? $"buffer of {type.Name}" : type.Name)}");
            if (argument.Buffer is { } buffer && buffer.Device != device)
                throw new ArgumentException(
                    $"buffer {name} of kernel {Name} is on {buffer.Device.Info.Name} but the launch is on {device.Info.Name}; allocate it there");
        }
    }

    private static int Number(string source, string text)
    {
        Match constant = Regex.Match(source, $@"^#define {text} (\d+)\s*$", RegexOptions.Multiline);
        return int.TryParse(constant.Success ? constant.Groups[1].Value : text, out int number) ? number : 0;
    }

    private static (bool, Type, string) Parameter(string text)
    {
        Match m = ParameterPattern().Match(text);
        Type? type = m.Groups["type"].Value switch
        {
            "float" => typeof(float),
            "double" => typeof(double),
            "int" => typeof(int),
            "uint" => typeof(uint),
            "long" => typeof(long),
            "ulong" => typeof(ulong),
            _ => null,
        };
        if (type is null) throw new ArgumentException($"the kernel parameter '{text}' has a type that a launch cannot pass");
        return (m.Groups["pointer"].Success, type, m.Groups["name"].Value);
    }

    [GeneratedRegex(@"KERNEL\((?<threads>\w+)\)\s+void\s+(?<name>\w+)\s*\((?<parameters>[^)]*)\)")]
    private static partial Regex KernelPattern();

    [GeneratedRegex(@"^(GLOBAL\s+)?(const\s+)?(?<type>\w+)\s*(?<pointer>\*)?\s*(RESTRICT\s+)?(?<name>\w+)$")]
    private static partial Regex ParameterPattern();

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments();
}
