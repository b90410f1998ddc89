using System.Security.Cryptography;
using Naf.Host.Common;
using Naf.Sim.Control;

namespace Naf.Host.Trajectories;

/// <summary>
/// Reads a log of transitions. As CSV it has the columns of <see cref="TrajectoryFile"/> that it needs:
/// observation.NAME, action.NAME, reward and, if episodes terminate, terminated (0 or 1). A row is a step; x′ is the
/// observation of the next row, and an episode's last row has an observation and no action. With columns
/// next_observation.NAME each row is a step of its own. As safetensors it has the tensors observation
/// [n, observations], action [n, actions], reward [n], next_observation [n, observations] and, if episodes terminate,
/// terminated [n].
/// </summary>
internal static class TransitionFile
{
    private const double Slack = 1e-6; // of an action's range, for single precision

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="UserException">
    /// It is missing, malformed or of another task; the message names row and column.
    /// </exception>
    public static Transitions Read(string path, IControlTask task)
    {
        if (Directory.Exists(path)) throw new UserException($"{path} is a folder; name a file of transitions");
        if (!File.Exists(path)) throw new UserException($"there is no file {path}; name a log of transitions");
        (ITransitionColumns columns, byte[] content) = Open(path, task.Name);
        var read = new Transitions(path, Convert.ToHexStringLower(SHA256.HashData(content)));
        string[] x = [.. TrajectoryFile.Observations(task)], u = [.. TrajectoryFile.Actions(task)];
        string[] next = [.. x.Select(name => $"next_{name}")];
        // the rows of tensors need not be consecutive
        bool complete = columns is TensorColumns || columns.Has(next[0]), terminates = columns.Has("terminated");
        columns.Require([.. x, .. u, "reward", .. complete ? next : []]);
        for (int row = 0; row < columns.Rows; row++)
        {
            // the last state of an episode
            if (!complete && u.All(name => columns.Cell(row, name) is null)) continue;
            if (!complete && row + 1 == columns.Rows)
                throw new UserException($"{columns.Place(row, x[0])}: no observation follows this step; end an episode "
                    + "with a row that has its last observation and no action");
            if (!complete && columns.Has("step") && columns.Cell(row, "step") + 1 != columns.Cell(row + 1, "step"))
                throw new UserException($"{columns.Place(row + 1, "step")}: it does not follow the row before; end an "
                    + "episode with a row that has its last observation and no action");
            read.Rows.Add(new Transition(
                Numbers(row, x), Actions(row), Number(row, "reward"),
                complete ? Numbers(row, next) : Numbers(row + 1, x), terminates && Flag(row)));
        }
        return read.Rows.Count > 0 ? read
            : throw new UserException($"{path} has no step: none of its rows has an action");

        float[] Numbers(int row, string[] names) => [.. names.Select(name => Number(row, name))];

        float Number(int row, string name) => (float)Exact(row, name);

        double Exact(int row, string name)
        {
            double number = columns.Cell(row, name)
                ?? throw new UserException($"{columns.Place(row, name)}: expected a number, and there is none");
            return float.IsFinite((float)number) ? number
                : throw new UserException($"{columns.Place(row, name)}: {number} is not finite in single precision");
        }

        float[] Actions(int row)
        {
            var actions = new float[u.Length];
            for (int i = 0; i < u.Length; i++)
            {
                (double low, double high) = task.ActionRange(i);
                double number = Exact(row, u[i]), unit = 2 * (number - low) / (high - low) - 1;
                if (Math.Abs(unit) > 1 + Slack)
                    throw new UserException(string.Create(CultureInfo.InvariantCulture, $"{columns.Place(row, u[i])}: "
                        + $"the action {number} is not within {low} to {high}"));
                actions[i] = (float)Math.Clamp(unit, -1, 1);
            }
            return actions;
        }

        bool Flag(int row) => columns.Cell(row, "terminated") switch
        {
            null or 0 => false,
            1 => true,
            var number => throw new UserException(
                $"{columns.Place(row, "terminated")}: expected 0 or 1, not {number}"),
        };
    }

    private static (ITransitionColumns Columns, byte[] Content) Open(string path, string task)
    {
        try
        {
            byte[] content = File.ReadAllBytes(path);
            return (Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".csv" => new CsvColumns(new TrajectoryTable(path, Lines(content)), task),
                ".safetensors" => new TensorColumns(path, content),
                _ => throw new UserException($"{path}: expected a name that ends in .csv or .safetensors"),
            }, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"{path} can't be read: {e.Message.TrimEnd('.')}; allow reading it, or name another file", e);
        }
        catch (OutOfMemoryException e)
        {
            throw new UserException($"{path} is too large to be read at once; name a shorter file", e);
        }
    }

    private static string[] Lines(byte[] content)
    {
        using var reader = new StreamReader(new MemoryStream(content));
        List<string> lines = [];
        while (reader.ReadLine() is { } line) lines.Add(line);
        return [.. lines];
    }

    private sealed class CsvColumns(TrajectoryTable table, string task) : ITransitionColumns
    {
        private readonly Dictionary<string, int> _found = [];

        public int Rows => table.Rows;

        public bool Has(string name) => Column(name) >= 0;

        public void Require(IEnumerable<string> names) => table.Required(names, task);

        public double? Cell(int row, string name) => table.Cell(row, Column(name));

        public string Place(int row, string name) => table.Place(row, Column(name));

        private int Column(string name) =>
            _found.TryGetValue(name, out int column) ? column : _found[name] = table.Find(name);
    }
}

/// <summary>The numbers of a log, by row and column name.</summary>
internal interface ITransitionColumns
{
    int Rows { get; }

    bool Has(string name);

    /// <exception cref="UserException">A column is missing.</exception>
    void Require(IEnumerable<string> names);

    /// <summary>A finite number; null where there is none.</summary>
    /// <exception cref="UserException">It is not a finite number.</exception>
    double? Cell(int row, string name);

    /// <summary>A number's place, for messages.</summary>
    string Place(int row, string name);
}
