namespace Naf.Sim.Mujoco.Layouts;

/// <summary>
/// One release's row of <see cref="LayoutTable"/>: offsets of the fields in use of mjModel and mjData. The structs
/// change in almost every release, so the row is selected by mj_versionString and checked against the loaded library
/// (<see cref="LayoutCheck"/>).
/// </summary>
internal sealed class MujocoLayout(string version, Dictionary<string, int> values)
{
    /// <summary>The release, such as "2.2.2".</summary>
    public string Version => version;

    /// <summary>Width of mjModel's sizes (nq, nv...) in bytes: 4 before 3.5.0, 8 since then.</summary>
    public int SizeWidth => values["sizeof.mjModel.nq"];

    public int WarningKinds => values["enum.mjNWARNING"];

    public int Model(string field) => values["mjModel." + field];

    public int Data(string field) => values["mjData." + field];

    /// <summary>Value of an enumerator, such as mjOBJ_SITE.</summary>
    public int Enum(string name) => values["enum." + name];

    /// <summary>All releases with a row, oldest first.</summary>
    public static IReadOnlyList<MujocoLayout> All { get; } = Parse(LayoutTable.Text);

    /// <exception cref="MujocoException">The release has no row.</exception>
    public static MujocoLayout Find(string version) =>
        All.FirstOrDefault(l => l.Version == version) ?? throw new MujocoException(
            $"MuJoCo {version} is not known here; known are {string.Join(", ", All.Select(l => l.Version))}. Install "
            + "one of these, or add a row: run Naf.Sim/Mujoco/Layouts/make-layout.sh on the release's include folder, "
            + "put what it prints into LayoutTable.cs, and build again.");

    /// <summary>Reads a table: the first line names the columns, each further line is a release.</summary>
    internal static IReadOnlyList<MujocoLayout> Parse(string table)
    {
        string[] lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string[] names = lines[0].Split(',');
        return [.. lines.Skip(1).Select(Row)];

        MujocoLayout Row(string line)
        {
            string[] cells = line.Split(',');
            if (cells.Length != names.Length)
                throw new FormatException(
                    $"the layout row of {cells[0]} has {cells.Length} cells but the table has {names.Length} columns; "
                    + "print the row again");
            return new MujocoLayout(cells[0], Enumerable.Range(1, names.Length - 1)
                .ToDictionary(i => names[i], i => int.Parse(cells[i], CultureInfo.InvariantCulture)));
        }
    }
}
