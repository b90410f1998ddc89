using System.Globalization;
using System.Text;
using Naf.Sim;

namespace Naf.Host;

/// <summary>
/// A trajectory as CSV: a header line, then a row for each state, with the action taken in it and its reward (empty in the last row). Reading a
/// number gives the bits that were written.
/// </summary>
internal static class TrajectoryFile
{
    /// <summary>Writes a file, in place of an older one.</summary>
    /// <exception cref="UserException">It can't be written.</exception>
    public static void Write(string path, ControlTask task, Trajectory trajectory)
    {
        var text = new StringBuilder().AppendJoin(',', new TrajectoryColumns(task).All).Append('\n');
        for (int step = 0; step < trajectory.Rows.Count; step++)
        {
            TrajectoryRow row = trajectory.Rows[step];
            IEnumerable<double?> numbers = [.. row.Qpos, .. row.Qvel, .. row.Constants];
            IEnumerable<double?> action = row.Action.Length > 0 ? row.Action.Select(u => (double?)u) : new double?[task.ActionSize];
            text.Append(CultureInfo.InvariantCulture, $"{step},{Number(step * task.ControlStep)},");
            text.AppendJoin(',', numbers.Concat(action).Append(row.Reward).Select(Number)).Append('\n');
        }
        OutputFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Reads a file; of its columns, positions and constants must be there.</summary>
    /// <exception cref="UserException">There is no such file, or it is malformed: file, line and column.</exception>
    public static Trajectory Read(string path, ControlTask task)
    {
        if (!File.Exists(path)) throw new UserException($"there is no trajectory {path}; naf evaluate TASK --trajectory {path} writes one");
        string[] lines = Lines(path);
        if (lines.Length == 0) throw new UserException($"{path} is empty; a trajectory begins with a line of column names");
        string[] header = lines[0].Split(',');
        var columns = new TrajectoryColumns(task);
        int[] positions = Required(columns.Positions), constants = Required(columns.Constants);
        int[] velocities = Optional(columns.Velocities), actions = Optional(columns.Actions), reward = Optional(["reward"]);

        var trajectory = new Trajectory();
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].Length == 0 && i == lines.Length - 1) break;
            string[] cells = lines[i].Split(',');
            if (cells.Length != header.Length)
                throw new UserException($"{path} line {i + 1}: it has {cells.Length} columns, and the first line names {header.Length}");
            double?[] numbers = [.. cells.Select((cell, c) => Cell(cell, i + 1, header[c]))];
            trajectory.Add(new TrajectoryRow(
                Full(numbers, positions, i + 1), Some(numbers, velocities), Full(numbers, constants, i + 1), Some(numbers, actions),
                reward.Length > 0 ? numbers[reward[0]] : null));
        }
        return trajectory.Rows.Count > 0 ? trajectory : throw new UserException($"{path} has no row below its line of column names");

        int[] Required(string[] names) => [.. names.Select(name => Array.IndexOf(header, name) is var c and >= 0 ? c : throw new UserException(
            $"{path} line 1: there is no column {name}, which a trajectory of {task.Name} has; it may be of another task"))];

        int[] Optional(string[] names) => [.. names.Select(name => Array.IndexOf(header, name)).Where(c => c >= 0)];

        double? Cell(string cell, int line, string column) => cell.Length == 0 ? null
            : double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double n) && double.IsFinite(n) ? n
            : throw new UserException($"{path} line {line}, column {column}: expected a finite number, not '{cell}'");

        double[] Full(double?[] numbers, int[] of, int line) => [.. of.Select(c => numbers[c]
            ?? throw new UserException($"{path} line {line}, column {header[c]}: expected a number, and there is none"))];

        static double[] Some(double?[] numbers, int[] of) => of.All(c => numbers[c] is not null) ? [.. of.Select(c => numbers[c]!.Value)] : [];
    }

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{path} can't be read: {e.Message}", e);
        }
    }

    private static string Number(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
