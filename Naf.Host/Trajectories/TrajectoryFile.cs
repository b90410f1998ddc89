using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Sim.Control;

namespace Naf.Host.Trajectories;

/// <summary>
/// A trajectory as CSV: a header line, then a row for each state, with the action taken in it and its reward (empty in the last row). Reading a
/// number gives the bits that were written.
/// </summary>
internal static class TrajectoryFile
{
    /// <summary>Refuses a place where no trajectory can be written, or where something else would be lost.</summary>
    /// <exception cref="UserException">The name does not end in .csv, no file can be there, or one is there that is no trajectory.</exception>
    public static void CheckPlace(string path)
    {
        OutputFile.Check(path);
        if (!Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
            throw new UserException($"{path}: expected a name that ends in .csv, as a trajectory is");
        string? header = File.Exists(OutputFile.TargetOf(path)) ? Lines(path).FirstOrDefault() : null;
        if (header is not null && !TrajectoryTable.Cells(header).Any(TrajectoryColumns.IsPosition))
            throw new UserException($"{path} is there already and is no trajectory; name another file");
    }

    /// <summary>Writes a file, in place of an older trajectory.</summary>
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

    /// <summary>Reads a file; of its columns, positions and constants must be there, and those that no trajectory has are left alone.</summary>
    /// <exception cref="UserException">There is no such file, or it is malformed: file, line and column.</exception>
    public static Trajectory Read(string path, ControlTask task)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name a trajectory's file");
        if (!File.Exists(path)) throw new UserException($"there is no trajectory {path}; naf evaluate TASK --trajectory {path} writes one");
        var table = new TrajectoryTable(path, Lines(path));
        var columns = new TrajectoryColumns(task);
        int[] positions = table.Required(columns.Positions, task.Name), constants = table.Required(columns.Constants, task.Name);
        int[] velocities = table.Optional(columns.Velocities), actions = table.Optional(columns.Actions), reward = table.Optional(["reward"]);

        var trajectory = new Trajectory();
        for (int row = 0; row < table.Rows; row++)
        {
            double[] rewarded = table.Some(row, reward);
            trajectory.Add(new TrajectoryRow(
                table.Full(row, positions), table.Some(row, velocities), table.Full(row, constants), table.Some(row, actions),
                rewarded.Length > 0 ? rewarded[0] : null));
        }
        return trajectory;
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
