using Naf.Host.Common;
using Naf.Host.Files;

namespace Naf.Host.Export;

/// <summary>Writes a policy in one of the formats, each of which is also the ending of its files.</summary>
internal static class PolicyExport
{
    private const string Onnx = "onnx", Safetensors = "safetensors", Csv = "csv";

    public static readonly ImmutableArray<string> Formats = [Onnx, Safetensors, Csv];

    /// <summary>The files of an export: the policy's, and in ONNX that of Q, policy.q.onnx for policy.onnx.</summary>
    public static (string Policy, string? Q) Files(string format, string path) =>
        (path, format == Onnx ? Path.ChangeExtension(path, $".q{Path.GetExtension(path)}") : null);

    /// <summary>Checks, before any work is done, that the files can be written.</summary>
    /// <exception cref="UserException">They can't be, or another kind of table is there.</exception>
    public static void CheckPlace(string format, string path)
    {
        OutputFile.Check(path);
        if (Files(format, path).Q is { } q) OutputFile.Check(q);
        if (format == Csv && File.Exists(path) && !CsvExport.IsExport(path))
            throw new UserException($"{path} is there already and holds no policy; name another file");
    }

    /// <summary>Writes the files.</summary>
    /// <exception cref="UserException">A file can't be written.</exception>
    public static void Write(string format, string path, ExportedPolicy policy)
    {
        (_, string? q) = Files(format, path);
        OutputFile.Write(path, file =>
        {
            if (format == Onnx) OnnxExport.Write(file, policy, OnnxExport.PolicyOf(policy));
            else if (format == Safetensors) SafetensorsExport.Write(file, policy);
            else CsvExport.Write(file, policy);
        });
        if (q is not null) OutputFile.Write(q, file => OnnxExport.Write(file, policy, OnnxExport.QOf(policy)));
    }
}
