using ProtoBuf;

namespace Naf.Host.Export;

// the messages of ONNX that a policy needs, with the names and field numbers of onnx.proto

[ProtoContract(SkipConstructor = true)]
internal sealed record ModelProto(
    [property: ProtoMember(1)] long IrVersion, [property: ProtoMember(2)] string ProducerName,
    [property: ProtoMember(3)] string ProducerVersion, [property: ProtoMember(7)] GraphProto Graph,
    [property: ProtoMember(8)] OperatorSetIdProto[] OpsetImport,
    [property: ProtoMember(14)] StringStringEntryProto[] MetadataProps);

[ProtoContract(SkipConstructor = true)]
internal sealed record OperatorSetIdProto(
    [property: ProtoMember(1)] string Domain, [property: ProtoMember(2)] long Version);

[ProtoContract(SkipConstructor = true)]
internal sealed record StringStringEntryProto(
    [property: ProtoMember(1)] string Key, [property: ProtoMember(2)] string Value);

[ProtoContract(SkipConstructor = true)]
internal sealed record GraphProto([property: ProtoMember(2)] string Name)
{
    [ProtoMember(1)]
    public List<NodeProto> Node { get; } = [];

    [ProtoMember(5)]
    public List<TensorProto> Initializer { get; } = [];

    [ProtoMember(11)]
    public List<ValueInfoProto> Input { get; } = [];

    [ProtoMember(12)]
    public List<ValueInfoProto> Output { get; } = [];
}

[ProtoContract(SkipConstructor = true)]
internal sealed record NodeProto(
    [property: ProtoMember(4)] string OpType, [property: ProtoMember(1)] string[] Input,
    [property: ProtoMember(2)] string[] Output, [property: ProtoMember(3)] string Name,
    [property: ProtoMember(5)] AttributeProto[] Attribute);

/// <param name="Type">1: F is set, 2: I, 7: Ints.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record AttributeProto(
    [property: ProtoMember(1)] string Name, [property: ProtoMember(20)] int Type,
    [property: ProtoMember(2)] float? F = null, [property: ProtoMember(3)] long? I = null,
    [property: ProtoMember(8)] long[]? Ints = null);

/// <param name="DataType">1: float32, 9: bool.</param>
/// <param name="RawData">[dims], little-endian.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record TensorProto(
    [property: ProtoMember(8)] string Name, [property: ProtoMember(2)] int DataType,
    [property: ProtoMember(1)] long[] Dims, [property: ProtoMember(9)] byte[] RawData);

[ProtoContract(SkipConstructor = true)]
internal sealed record ValueInfoProto(
    [property: ProtoMember(1)] string Name, [property: ProtoMember(2)] TypeProto Type,
    [property: ProtoMember(3)] string DocString);

[ProtoContract(SkipConstructor = true)]
internal sealed record TypeProto([property: ProtoMember(1)] TensorTypeProto TensorType);

[ProtoContract(SkipConstructor = true)]
internal sealed record TensorTypeProto(
    [property: ProtoMember(1)] int ElemType, [property: ProtoMember(2)] TensorShapeProto Shape);

[ProtoContract(SkipConstructor = true)]
internal sealed record TensorShapeProto([property: ProtoMember(1)] DimensionProto[] Dim);

/// <param name="DimParam">The name of a size that each call may choose.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record DimensionProto(
    [property: ProtoMember(1)] long? DimValue = null, [property: ProtoMember(2)] string? DimParam = null);
