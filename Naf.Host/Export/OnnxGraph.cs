using System.Runtime.InteropServices;
using Naf.Kernels.Network;

namespace Naf.Host.Export;

/// <summary>
/// Builds a graph. A node is named as its output, and each name is added once, so that networks may share layers.
/// </summary>
internal sealed class OnnxGraph(string name)
{
    private const int Float32 = 1, Bool = 9, FloatAttribute = 1, IntAttribute = 2, IntsAttribute = 7;

    private readonly HashSet<string> _names = [];

    public GraphProto Proto { get; } = new(name);

    /// <summary>Adds an input [batch, size].</summary>
    public string Input(string name, int size, string description)
    {
        Proto.Input.Add(Matrix(name, size, description));
        return name;
    }

    /// <summary>Declares a node's output [batch, size] as one of the graph's.</summary>
    public void Output(string name, int size, string description) =>
        Proto.Output.Add(Matrix(name, size, description));

    public string Constant(NamedTensor tensor)
    {
        byte[] bytes = MemoryMarshal.AsBytes(tensor.Values.AsSpan()).ToArray();
        if (_names.Add(tensor.Name))
            Proto.Initializer.Add(new TensorProto(tensor.Name, Float32, tensor.Shape, bytes));
        return tensor.Name;
    }

    public string Constant(string name, float value) => Constant(new NamedTensor(name, [value], 1));

    public string Constant(string name, bool[] values)
    {
        Proto.Initializer.Add(
            new TensorProto(name, Bool, [values.Length], [.. values.Select(value => value ? (byte)1 : (byte)0)]));
        return name;
    }

    /// <summary>Adds a node with one output.</summary>
    /// <returns>The output's name.</returns>
    public string Node(string output, string operation, params string[] inputs) =>
        Node(output, operation, inputs, []);

    /// <summary>Σ v² over the columns.</summary>
    public string SumOfSquares(string output, string input) => Node(output, "ReduceSumSquare", [input],
        [new AttributeProto("axes", IntsAttribute, Ints: [1]), new AttributeProto("keepdims", IntAttribute, I: 1)]);

    /// <summary>[a | b], columns of both.</summary>
    public string Concatenation(string output, string a, string b) =>
        Node(output, "Concat", [a, b], [new AttributeProto("axis", IntAttribute, I: 1)]);

    /// <summary>The outputs of a network.</summary>
    /// <param name="late">Joins the units of the first layer; null for none.</param>
    public string Network(ImmutableArray<NetworkLayer> layers, string input, string? late = null)
    {
        string h = input;
        foreach (NetworkLayer layer in layers)
        {
            foreach (NamedTensor tensor in layer.Tensors) Constant(tensor);
            h = Node(layer.Name, "Gemm", [h, Of(NetworkLayer.WeightName), Of(NetworkLayer.BiasName)],
                [new AttributeProto("transB", IntAttribute, I: 1)]);
            if (layer.Norm is not null)
                h = Node(Of("norm"), "LayerNormalization",
                    [h, Of(NetworkLayer.ScaleName), Of(NetworkLayer.ShiftName)],
                    [
                        new AttributeProto("axis", IntAttribute, I: -1),
                        new AttributeProto("epsilon", FloatAttribute, F: MlpShape.NormEpsilon),
                    ]);
            if (layer == layers[^1]) return h;
            h = Node(Of("relu"), "Relu", h);
            if (layer == layers[0] && late is not null) h = Concatenation(Of("late"), h, late);

            string Of(string part) => $"{layer.Name}.{part}";
        }
        return h;
    }

    private string Node(string output, string operation, string[] inputs, AttributeProto[] attributes)
    {
        if (_names.Add(output)) Proto.Node.Add(new NodeProto(operation, inputs, [output], output, attributes));
        return output;
    }

    private static ValueInfoProto Matrix(string name, int size, string description) => new(name,
        new TypeProto(new TensorTypeProto(
            Float32, new TensorShapeProto([new DimensionProto(DimParam: "batch"), new DimensionProto(size)]))),
        description);
}
