using ProtoBuf;

namespace Naf.Host.TensorBoard;

// the messages of TensorBoard that a run needs, with the names and field numbers of event.proto, summary.proto,
// histogram.proto, hparams/plugin_data.proto, hparams/api.proto and google/protobuf/struct.proto

[ProtoContract(SkipConstructor = true)]
internal sealed record Event(
    [property: ProtoMember(1)] double WallTime, [property: ProtoMember(2)] long Step,
    [property: ProtoMember(3)] string? FileVersion = null, [property: ProtoMember(5)] Summary? Summary = null,
    [property: ProtoMember(7)] SessionLog? SessionLog = null);

/// <param name="Status">1: a process starts to write, and replaces every later step.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record SessionLog([property: ProtoMember(1)] int Status);

[ProtoContract(SkipConstructor = true)]
internal sealed record Summary([property: ProtoMember(1)] SummaryValue[] Value);

[ProtoContract(SkipConstructor = true)]
internal sealed record SummaryValue(
    [property: ProtoMember(1)] string Tag, [property: ProtoMember(2)] float? SimpleValue = null,
    [property: ProtoMember(4)] SummaryImage? Image = null, [property: ProtoMember(5)] HistogramProto? Histo = null,
    [property: ProtoMember(9)] SummaryMetadata? Metadata = null);

/// <param name="Colorspace">3: RGB.</param>
/// <param name="EncodedImageString">A PNG file.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record SummaryImage(
    [property: ProtoMember(1)] int Height, [property: ProtoMember(2)] int Width,
    [property: ProtoMember(3)] int Colorspace, [property: ProtoMember(4)] byte[] EncodedImageString);

/// <param name="BucketLimit">[buckets], the upper end of each, ascending.</param>
/// <param name="Bucket">[buckets], the number of values in each.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record HistogramProto(
    [property: ProtoMember(1)] double Min, [property: ProtoMember(2)] double Max,
    [property: ProtoMember(3)] double Num, [property: ProtoMember(4)] double Sum,
    [property: ProtoMember(5)] double SumSquares,
    [property: ProtoMember(6, IsPacked = true)] double[] BucketLimit,
    [property: ProtoMember(7, IsPacked = true)] double[] Bucket);

[ProtoContract(SkipConstructor = true)]
internal sealed record SummaryMetadata([property: ProtoMember(1)] PluginData PluginData);

[ProtoContract(SkipConstructor = true)]
internal sealed record PluginData(
    [property: ProtoMember(1)] string PluginName, [property: ProtoMember(2)] HParamsPluginData Content);

[ProtoContract(SkipConstructor = true)]
internal sealed record HParamsPluginData(
    [property: ProtoMember(2)] Experiment? Experiment = null,
    [property: ProtoMember(3)] SessionStartInfo? SessionStartInfo = null);

[ProtoContract(SkipConstructor = true)]
internal sealed record Experiment(
    [property: ProtoMember(4)] HParamInfo[] HparamInfos, [property: ProtoMember(5)] MetricInfo[] MetricInfos);

/// <param name="Type">1: a text, 2: true or false, 3: a number.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record HParamInfo(
    [property: ProtoMember(1)] string Name, [property: ProtoMember(3)] string Description,
    [property: ProtoMember(4)] int Type);

[ProtoContract(SkipConstructor = true)]
internal sealed record MetricInfo([property: ProtoMember(1)] MetricName Name);

[ProtoContract(SkipConstructor = true)]
internal sealed record MetricName([property: ProtoMember(2)] string Tag);

/// <param name="GroupName">Sessions of one group are repetitions with other seeds.</param>
[ProtoContract(SkipConstructor = true)]
internal sealed record SessionStartInfo(
    [property: ProtoMember(1)] Dictionary<string, HParamValue> Hparams,
    [property: ProtoMember(4)] string GroupName, [property: ProtoMember(5)] double StartTimeSecs);

[ProtoContract(SkipConstructor = true)]
internal sealed record HParamValue(
    [property: ProtoMember(2)] double? NumberValue = null, [property: ProtoMember(3)] string? StringValue = null,
    [property: ProtoMember(4)] bool? BoolValue = null);
