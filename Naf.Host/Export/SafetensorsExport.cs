using Naf.Kernels.Checkpoints;

namespace Naf.Host.Export;

/// <summary>A safetensors file, with the metadata beside the checksum of <see cref="CheckpointSection"/>.</summary>
internal static class SafetensorsExport
{
    public static void Write(Stream file, ExportedPolicy policy)
    {
        var writer = new CheckpointWriter();
        foreach ((string key, string value) in policy.Metadata) writer.Add(key, value);
        foreach (NamedTensor tensor in policy.Tensors) writer.Add<float>(tensor.Name, tensor.Shape, tensor.Values);
        writer.WriteTo(file);
    }
}
