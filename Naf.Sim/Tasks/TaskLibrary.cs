using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks;

/// <summary>The built-in tasks, and the lookup of a task file by name or path.</summary>
internal static class TaskLibrary
{
    /// <summary>Prefix of the name of a task whose environment a program provides.</summary>
    public const string OwnEnvironment = "environment:";

    /// <summary>The folder of the built-in tasks, beside the program.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Tasks", "BuiltIn");

    /// <summary>Names of the built-in tasks, sorted.</summary>
    public static IReadOnlyList<string> Names => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, "*.yaml").Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal)]
        : throw new DirectoryNotFoundException(
            $"the built-in tasks are missing: there is no folder {Folder}; build or install the program again");

    /// <summary>The built-in tasks with their headings.</summary>
    public static IReadOnlyList<TaskFile> Files => [.. Names.Select(name => TaskFile.Read(PathOf(name)))];

    /// <summary>Whether a name is that of a built-in task or of a suite's.</summary>
    public static bool Has(string name) => Names.Contains(name) || TaskSuite.Find(name) is not null;

    /// <summary>Whether a text is a path: it has a folder, .yaml or .yml.</summary>
    public static bool IsPath(string nameOrPath) => nameOrPath.Contains('/') || nameOrPath.Contains('\\')
        || Path.GetExtension(nameOrPath) is ".yaml" or ".yml";

    /// <summary>Path of a task file, given a name or a path (with a folder, .yaml or .yml).</summary>
    /// <exception cref="FileNotFoundException">
    /// No such task, a folder or a model; the message has the nearest name.
    /// </exception>
    public static string Resolve(string nameOrPath)
    {
        bool isPath = IsPath(nameOrPath);
        if (isPath && File.Exists(nameOrPath) && !IsModel(nameOrPath)) return nameOrPath;
        if (!isPath && Names.Contains(nameOrPath)) return PathOf(nameOrPath);
        if (!isPath && TaskSuite.Find(nameOrPath) is { } ofSuite) return ofSuite;
        throw new FileNotFoundException(Problem(nameOrPath, isPath), nameOrPath);
    }

    private static string Problem(string nameOrPath, bool isPath)
    {
        if (nameOrPath.StartsWith(OwnEnvironment, StringComparison.Ordinal))
            return $"{nameOrPath} is no simulated task; only naf train --resume and naf evaluate take it, with --env "
                + "COMMAND, or, if it is an environment of a C# program, that program (docs/library.md)";
        if (IsModel(nameOrPath))
            return $"{nameOrPath} is a model, not a task: name a task file (.yaml) that has it as its 'model' "
                + "(docs/tasks.md has a minimal one)";
        if (Directory.Exists(nameOrPath)) return $"{nameOrPath} is a folder: name the task's .yaml file in it";
        return isPath
            ? $"there is no task file {nameOrPath}; naf tasks lists the built-in ones"
            : $"there is no built-in task '{nameOrPath}' (a task of your own is named by the path of its .yaml file); "
                + Hint(nameOrPath);
    }

    // tasks of the suites that a short name may mean, such as hopper, or the nearest name
    private static string Hint(string name)
    {
        string[] ofSuites = [.. TaskSuite.All.SelectMany(suite => suite.Names)], meant =
            [.. ofSuites.Where(task => task.StartsWith($"{name}-", StringComparison.OrdinalIgnoreCase))];
        return meant.Length > 0 ? $"did you mean {string.Join(" or ", meant)}?"
            : NearestName.Near(name, [.. Names, .. ofSuites]) is { } near ? $"did you mean '{near}'?"
            : NearestName.Hint(name, Names);
    }

    private static bool IsModel(string path) =>
        Path.GetExtension(path).ToLowerInvariant() is ".xml" or ".mjcf" or ".mjb" or ".urdf";

    private static string PathOf(string name) => Path.Combine(Folder, $"{name}.yaml");
}
