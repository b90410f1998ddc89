namespace Naf.Sim.Tasks;

/// <summary>
/// The tasks of a public benchmark: task files that are installed with the program, over the models of a package that
/// the user has.
/// </summary>
/// <param name="Title">The package's name.</param>
/// <param name="Name">Folder of the task files.</param>
/// <param name="Models">Where the package has its models.</param>
/// <param name="Sign">A model that no other suite has, by which its folder is recognised.</param>
internal sealed record TaskSuite(string Title, string Name, string Models, string Sign)
{
    /// <summary>The environment variable for the folder of models.</summary>
    public const string Variable = "NAF_MODELS";

    /// <summary>The suites.</summary>
    public static ImmutableArray<TaskSuite> All { get; } =
    [
        new("Gymnasium", "Gymnasium", "gymnasium/envs/mujoco/assets", "half_cheetah.xml"),
        new("dm_control", "DmControl", "dm_control/suite", "ball_in_cup.xml"),
    ];

    /// <summary>Names of its tasks, sorted.</summary>
    public IEnumerable<string> Names => Directory.Exists(Folder)
        ? Directory.GetFiles(Folder, "*.yaml").Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal)
        : [];

    private string Folder => Path.Combine(AppContext.BaseDirectory, "Tasks", "Suites", Name);

    /// <summary>The suite of a task; null if it has a model of its own.</summary>
    /// <param name="path">The task's file.</param>
    public static TaskSuite? Of(string path) =>
        All.FirstOrDefault(suite => Path.GetDirectoryName(Path.GetFullPath(path)) == suite.Folder);

    /// <summary>The file of a task; null if no suite has it.</summary>
    public static string? Find(string task) =>
        All.FirstOrDefault(suite => suite.Names.Contains(task))?.PathOf(task);

    /// <summary>The file of one of its tasks.</summary>
    public string PathOf(string task) => Path.Combine(Folder, $"{task}.yaml");

    /// <summary>The folder of its models.</summary>
    /// <param name="models">
    /// That folder, or one that packages are installed in; null for what <see cref="Variable"/> says.
    /// </param>
    /// <param name="task">The task that needs it, and its model, for messages.</param>
    /// <exception cref="FileNotFoundException">It was not given, or has no such model.</exception>
    public string FolderOf(string? models, string task, string model)
    {
        string? given = models ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(given))
            throw new FileNotFoundException($"{task} needs the model {model} of {Title}, which naf does not contain: "
                + $"name the folder that has it by --models DIR or the environment variable {Variable}");
        string shown = models is null ? $"{Variable}, {given}," : given;
        string folder = new[] { given, Path.Combine(given, Models) }
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, Sign))) ?? throw new FileNotFoundException(
                $"{shown} has no models of {Title}, which {task} needs: there is no {Sign} in it, nor in its {Models}; "
                + "name the folder of these models, or the one that the package is installed in");
        return File.Exists(Path.Combine(folder, model)) ? Path.GetFullPath(folder) : throw new FileNotFoundException(
            $"{folder} has no {model}, which {task} needs; take it from another release of {Title}");
    }
}
