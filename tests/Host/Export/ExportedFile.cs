using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace Naf.Tests;

/// <summary>Reads exported files without the product: ONNX Runtime, and the layout of safetensors by hand.</summary>
internal static class ExportedFile
{
    /// <summary>An output of a graph for inputs [samples, size].</summary>
    public static float[] Run(string path, string output, int samples, params (string Name, float[] Values)[] inputs)
    {
        using var session = new InferenceSession(path);
        using var options = new RunOptions();
        Dictionary<string, OrtValue> values = inputs.ToDictionary(i => i.Name, i =>
            OrtValue.CreateTensorValueFromMemory(i.Values, [samples, i.Values.Length / samples]));
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, values, [output]);
        foreach (OrtValue value in values.Values) value.Dispose();
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public static Dictionary<string, string> OnnxMetadata(string path)
    {
        using var session = new InferenceSession(path);
        return new(session.ModelMetadata.CustomMetadataMap);
    }

    /// <summary>The tensors of a safetensors file, and its metadata.</summary>
    public static (Dictionary<string, Tensor> Tensors, Dictionary<string, string> Metadata) Safetensors(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int begin = 8 + (int)BitConverter.ToInt64(file);
        var header = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(file.AsSpan(8, begin - 8))!;
        header.Remove("__metadata__", out JsonElement metadata);
        return (header.ToDictionary(entry => entry.Key, entry =>
        {
            Assert.That(entry.Value.Text("dtype"), Is.EqualTo("F32"));
            long[] at = Numbers(entry.Value, "data_offsets");
            var values = new float[(at[1] - at[0]) / sizeof(float)];
            Buffer.BlockCopy(file, begin + (int)at[0], values, 0, (int)(at[1] - at[0]));
            return tensor(values).reshape(Numbers(entry.Value, "shape"));
        }), metadata.Deserialize<Dictionary<string, string>>()!);

        static long[] Numbers(JsonElement entry, string key) =>
            [.. entry.GetProperty(key).EnumerateArray().Select(n => n.GetInt64())];
    }

    /// <summary>The outputs of a network of a safetensors file, as docs/export.md has them.</summary>
    /// <param name="x">[samples, observations].</param>
    /// <param name="u">[samples, actions], for the critic.</param>
    public static Tensor Network(Dictionary<string, Tensor> t, string name, Tensor x, Tensor? u = null)
    {
        Tensor h = x * t["input_scale"];
        for (int l = 0; ; l++)
        {
            string layer = t.ContainsKey($"{name}.{l}.weight") ? $"{name}.{l}" : $"trunk.{l}";
            h = nn.functional.linear(h, t[$"{layer}.weight"], t[$"{layer}.bias"]);
            if (!t.ContainsKey($"{name}.{l + 1}.weight") && !t.ContainsKey($"trunk.{l + 1}.weight")) return h;
            if (t.TryGetValue($"{layer}.norm.weight", out Tensor? scale))
                h = nn.functional.layer_norm(h, [h.shape[1]], scale, t[$"{layer}.norm.bias"], 1e-5);
            h = nn.functional.relu(h);
            if (l == 0 && u is not null) h = cat([h, u], 1);
        }
    }

    /// <summary>Metadata and the values of each tensor of a CSV file.</summary>
    public static (Dictionary<string, float[]> Tensors, Dictionary<string, string> Metadata) Csv(string path)
    {
        ILookup<bool, string> lines = File.ReadLines(path).ToLookup(line => line.StartsWith('#'));
        Assert.That(lines[false].First(), Is.EqualTo("tensor,row,column,value"));
        return (lines[false].Skip(1).Select(line => line.Split(',')).GroupBy(row => row[0])
                .ToDictionary(rows => rows.Key, rows => rows.Select(row => float.Parse(row[3])).ToArray()),
            lines[true].Select(line => line[2..].Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]));
    }
}
