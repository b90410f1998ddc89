using System.Buffers.Binary;
using Naf.Host.Common;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Trajectories;

/// <summary>
/// The tensors of a safetensors file as columns: observation, action and next_observation of [rows, size] have the
/// columns that the task names, in its order; the others are of [rows].
/// </summary>
internal sealed class TensorColumns : ITransitionColumns
{
    private static readonly string[] Matrices = ["observation", "action", "next_observation"];

    private readonly string _path;
    private readonly byte[] _content;
    private readonly Dictionary<string, CheckpointSection> _tensors = [];
    private readonly Dictionary<string, (CheckpointSection Tensor, int Column, string Name)> _columns = [];
    private readonly long _data;

    /// <exception cref="UserException">The file is not in the format, or its tensors differ in their rows.</exception>
    public TensorColumns(string path, byte[] content)
    {
        (_path, _content) = (path, content);
        long length = content.Length < sizeof(long) ? -1 : BinaryPrimitives.ReadInt64LittleEndian(content);
        _data = sizeof(long) + length;
        if (length < 2 || _data > content.Length) throw Malformed("its header is cut off");
        try
        {
            foreach ((string name, JsonElement entry) in JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(
                content.AsSpan(sizeof(long), (int)length)) ?? [])
                if (name != CheckpointSection.Metadata)
                    _tensors[name] = CheckpointSection.Of(entry) is { DataOffsets: [>= 0, var last] } tensor
                        && last <= content.Length - _data ? tensor : throw Malformed(
                            $"its tensor {name} is not of F64, F32, I64, U64, I32 or BOOL, or is cut off");
        }
        catch (JsonException e)
        {
            throw Malformed("its header is not JSON", e);
        }
        Rows = _tensors.GetValueOrDefault("observation")?.Shape is [<= int.MaxValue and var rows, _]
            ? (int)rows : throw Malformed("it has no tensor observation of [rows, size]");
    }

    public int Rows { get; }

    public bool Has(string name) => _tensors.ContainsKey(TensorOf(name));

    public void Require(IEnumerable<string> names)
    {
        foreach (IGrouping<string, string> columns in names.GroupBy(TensorOf))
        {
            string[] wanted = [.. columns];
            long[] shape = Matrices.Contains(columns.Key) ? [Rows, wanted.Length] : [Rows];
            if (!_tensors.TryGetValue(columns.Key, out CheckpointSection? tensor))
                throw Malformed($"it has no tensor {columns.Key}");
            if (!tensor.Shape.AsSpan().SequenceEqual(shape))
                throw Malformed(
                    $"its tensor {columns.Key} is {tensor}, and the task needs [{string.Join(", ", shape)}]");
            for (int i = 0; i < wanted.Length; i++) _columns[wanted[i]] = (tensor, i, columns.Key);
        }
    }

    public double? Cell(int row, string name)
    {
        (CheckpointSection tensor, int column, _) = Column(name);
        long width = tensor.Shape.Length == 2 ? tensor.Shape[1] : 1, size = CheckpointSection.Bytes(tensor.Dtype, []);
        ReadOnlySpan<byte> at = _content.AsSpan((int)(_data + tensor.DataOffsets[0] + (row * width + column) * size));
        double number = tensor.Dtype switch
        {
            "F64" => BinaryPrimitives.ReadDoubleLittleEndian(at),
            "F32" => BinaryPrimitives.ReadSingleLittleEndian(at),
            "I64" => BinaryPrimitives.ReadInt64LittleEndian(at),
            "U64" => BinaryPrimitives.ReadUInt64LittleEndian(at),
            "I32" => BinaryPrimitives.ReadInt32LittleEndian(at),
            _ => at[0],
        };
        return double.IsFinite(number) ? number : throw new UserException(
            $"{Place(row, name)}: expected a finite number, not {number.ToString(CultureInfo.InvariantCulture)}");
    }

    public string Place(int row, string name)
    {
        (CheckpointSection tensor, int column, string found) = Column(name);
        return $"{_path}, tensor {found}, row {row}" + (tensor.Shape.Length == 2 ? $", column {column}" : "");
    }

    private (CheckpointSection Tensor, int Column, string Name) Column(string name)
    {
        if (_columns.TryGetValue(name, out var column)) return column;
        Require([name]); // one that may be missing
        return _columns[name];
    }

    private static string TensorOf(string column) => column.Split('.')[0];

    private UserException Malformed(string problem, Exception? cause = null) => new(
        $"{_path}: {problem}; write safetensors with observation, action, reward and next_observation", cause);
}
