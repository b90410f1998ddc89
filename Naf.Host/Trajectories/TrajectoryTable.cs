using Naf.Host.Common;

namespace Naf.Host.Trajectories;

/// <summary>The cells of a trajectory file, by column name; errors state the position in the file.</summary>
internal sealed class TrajectoryTable
{
    private readonly string _path;
    private readonly string[] _header;
    private readonly List<string[]> _rows = [];

    /// <summary>Splits the lines of a file; blank lines at the end are ignored.</summary>
    /// <exception cref="UserException">
    /// It is empty, has no rows, duplicate columns or rows of unequal length.
    /// </exception>
    public TrajectoryTable(string path, string[] lines)
    {
        _path = path;
        int count = Array.FindLastIndex(lines, line => !string.IsNullOrWhiteSpace(line)) + 1;
        if (count == 0) throw new UserException($"{path} is empty; a trajectory begins with a line of column names");
        if (count == 1) throw new UserException($"{path} has no row below its line of column names");
        if (!lines[0].Contains(',') && lines[0].AsSpan().IndexOfAny(";\t") >= 0)
            throw new UserException(
                $"{path} line 1: the names of its columns are not separated by commas; save it as CSV with commas");
        _header = Cells(lines[0]);
        if (_header.Where(name => name.Length > 0).GroupBy(name => name)
            .FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new UserException($"{path} line 1: {twice.Count()} columns are named {twice.Key}; leave one");

        for (int i = 1; i < count; i++)
        {
            string[] cells = Cells(lines[i]);
            _rows.Add(cells.Length == _header.Length ? cells
                : throw new UserException(
                    $"{path} line {i + 1}: it has {cells.Length} columns, and the first line names {_header.Length}"));
        }
    }

    public int Rows => _rows.Count;

    /// <summary>A cell's place in the file, for messages.</summary>
    public string Place(int row, int column) => $"{_path} line {row + 2}, column {_header[column]}";

    /// <summary>The cells of a line, without quotation marks around them.</summary>
    public static string[] Cells(string line) =>
        [.. line.Split(',', StringSplitOptions.TrimEntries)
            .Select(cell => cell is ['"', .. var inner, '"'] ? inner : cell)];

    /// <exception cref="UserException">A column is missing.</exception>
    public int[] Required(IEnumerable<string> names, string task) => [.. names.Select(name =>
        Find(name) is var c and >= 0 ? c : throw new UserException(
            $"{_path} line 1: there is no column {name}, which a trajectory of {task} has; "
            + "it may be of another task"))];

    /// <summary>Index of a column; -1 if there is none of that name.</summary>
    public int Find(string name) => Array.IndexOf(_header, name);

    /// <exception cref="UserException">A cell is empty or not a finite number.</exception>
    public double[] Full(int row, int[] columns) => [.. columns.Select(c => Cell(row, c)
        ?? throw new UserException(
            $"{Place(row, c)}: expected a number, and there is none"))];

    /// <summary>The number in a cell; null where it is empty.</summary>
    /// <exception cref="UserException">It is not a finite number.</exception>
    public double? Cell(int row, int column)
    {
        string cell = _rows[row][column];
        if (cell.Length == 0) return null;
        return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double n)
            && double.IsFinite(n) ? n
            : throw new UserException(
                $"{Place(row, column)}: expected a finite number, not '{cell}'");
    }
}
