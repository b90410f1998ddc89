using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Kernels.Observation;
using Naf.Sim.Control;

namespace Naf.Host.Trajectories;

/// <summary>
/// A trajectory as CSV: a header line, then a row for each state, with the action taken in it and its reward (empty in
/// the last row). Columns are step, of a simulation time, qpos.JOINT (of a free joint .x to .qz), qvel.JOINT (.x to
/// .rz) and constant.NAME (or .x to .z), observation.NAME, action.ACTUATOR, reward and terminated. Numbers round-trip
/// exactly.
/// </summary>
internal static class TrajectoryFile
{
    /// <summary>Checks that a trajectory can be written to a path without overwriting another kind of file.</summary>
    /// <inheritdoc cref="OutputFile.CheckCsv" path="/exception"/>
    public static void CheckPlace(string path) => OutputFile.CheckCsv(
        path, "trajectory", first => TrajectoryTable.Cells(first).Any(name =>
            name.StartsWith("qpos.", StringComparison.Ordinal)
            || name.StartsWith("observation.", StringComparison.Ordinal)));

    /// <summary>Writes a file, replacing an older trajectory.</summary>
    /// <exception cref="UserException">The file can't be written.</exception>
    public static void Write(string path, IControlTask task, Trajectory trajectory)
    {
        var simulated = task as ControlTask;
        string[] names = ["step", .. simulated is null ? (IEnumerable<string>)[] :
            ["time", .. Positions(simulated), .. Velocities(simulated), .. Constants(simulated)],
            .. Observations(task), .. Actions(task), "reward", "terminated"];
        var text = new StringBuilder().AppendJoin(',', names).Append('\n');
        for (int step = 0; step < trajectory.Rows.Count; step++)
        {
            TrajectoryRow row = trajectory.Rows[step];
            IEnumerable<double?> action = row.Action.Length > 0
                ? row.Action.Select((u, i) => (double?)InRange(task.ActionRange(i), u)) : new double?[task.ActionSize];
            double? terminated = row.Reward is null ? null : row.Terminated ? 1 : 0;
            IEnumerable<double?> numbers = [step, .. simulated is null ? (IEnumerable<double?>)[]
                : [step * simulated.ControlStep, .. row.Qpos, .. row.Qvel, .. row.Constants],
                .. row.Observation, .. action, row.Reward, terminated];
            text.AppendJoin(',', numbers.Select(Number)).Append('\n');
        }
        OutputFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <summary>Reads what an image needs: positions and constants, which are required, and rewards.</summary>
    /// <exception cref="UserException">The file is missing or malformed; the message names line and column.</exception>
    public static Trajectory Read(string path, ControlTask task)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name a trajectory's file");
        if (!File.Exists(path))
            throw new UserException($"there is no trajectory {path}; naf evaluate TASK --trajectory {path} writes one");
        var table = new TrajectoryTable(path, Lines(path));
        int[] positions = table.Required(Positions(task), task.Name);
        int[] constants = table.Required(Constants(task), task.Name);
        int reward = table.Find("reward");
        var trajectory = new Trajectory();
        for (int row = 0; row < table.Rows; row++)
            trajectory.Rows.Add(new TrajectoryRow(table.Full(row, positions), [], table.Full(row, constants), [],
                reward < 0 ? null : table.Cell(row, reward)));
        return trajectory;
    }

    private static IEnumerable<string> Positions(ControlTask task) =>
        OfJoints(task, "qpos", joint => joint.PositionParts);

    private static IEnumerable<string> Velocities(ControlTask task) =>
        OfJoints(task, "qvel", joint => joint.VelocityParts);

    private static IEnumerable<string> OfJoints(
        ControlTask task, string what, Func<TreeJoint, ImmutableArray<string>> parts) =>
        task.Definition.Observation.Tree.Joints.SelectMany(joint => joint.HasQuaternion
            ? parts(joint).Select(part => $"{Named(what, joint.Name)}.{part}") : [Named(what, joint.Name)]);

    private static IEnumerable<string> Constants(ControlTask task) =>
        task.Definition.Reset.Constants.SelectMany(constant => constant.Draw.Size == 1
            ? [Named("constant", constant.Name)]
            : "xyz"[..constant.Draw.Size].Select(axis => $"{Named("constant", constant.Name)}.{axis}"));

    /// <summary>[observations], the columns of x.</summary>
    public static IEnumerable<string> Observations(IControlTask task) =>
        task.ObservationNames.Select(name => Named("observation", name));

    /// <summary>[actions], the columns of u.</summary>
    public static IEnumerable<string> Actions(IControlTask task) =>
        task.ActionNames.Select(name => Named("action", name));

    // u in [−1, 1] to the unit of the log
    private static double InRange((double Low, double High) range, double u) =>
        range is (-1, 1) ? u : Math.Clamp(range.Low + (u + 1) / 2 * (range.High - range.Low), range.Low, range.High);

    // a comma or a quotation mark would need quoting
    private static string Named(string what, string name) =>
        $"{what}.{name}".Replace(',', '_').Replace('"', '_').ReplaceLineEndings("_");

    private static string[] Lines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{path} can't be read: {e.Message.TrimEnd('.')}; allow reading it, or name another file", e);
        }
    }

    private static string Number(double? number) => number?.ToString("R", CultureInfo.InvariantCulture) ?? "";
}
