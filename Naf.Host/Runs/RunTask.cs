using System.Security.Cryptography;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Sim;
using Naf.Sim.Control;
using Naf.Sim.Tasks;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Host.Runs;

/// <summary>
/// The simulated task of a run: copies of the task file, the model and its assets in the run's folder, with their
/// checksums in config.yaml, so that the run needs nothing outside it.
/// </summary>
internal static class RunTask
{
    private const string Folder = "task";

    /// <summary>A task's name in config.yaml: that of a built-in or a suite's task, or a full path.</summary>
    public static string StoredName(string task) => TaskLibrary.Has(task) ? task : Path.GetFullPath(task);

    /// <summary>Copies the files of a task into a new folder of the run, and checks that the copy is equal.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="simulation"><see cref="SimulationChecksum"/> of the task.</param>
    /// <returns>The copies' paths in the run and their SHA-256, the task file's first.</returns>
    /// <exception cref="UserException">The copy cannot be loaded or differs.</exception>
    public static ImmutableArray<(string Name, string Sha256)> Keep(ControlTask task, string run, string simulation)
    {
        var files = new TaskFiles(task.File);
        (string Name, byte[] Content)[] copies = [.. files.Files];
        string name = Enumerable.Range(1, int.MaxValue).Select(n => n == 1 ? Folder : $"{Folder}-{n}")
            .First(name => !Directory.Exists(Path.Combine(run, name)));
        try
        {
            foreach (string folder in files.Folders) Directory.CreateDirectory(Path.Combine(run, name, folder));
            foreach ((string file, byte[] content) in copies)
            {
                string path = Path.Combine(run, name, file);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                AtomicFile.Write(path, content);
            }
        }
        catch
        {
            Remove();
            throw;
        }
        string problem;
        try
        {
            using ControlTask copy = ControlTask.Load(Path.Combine(run, name, copies[0].Name));
            if (SimulationChecksum.Of(copy) == simulation)
                return [.. copies.Select(file => ($"{name}/{file.Name}", Sha256(file.Content)))];
            problem = "its copy gives other observations or rewards";
        }
        catch (Exception e) when (IsBroken(e))
        {
            problem = e.Message;
        }
        Remove();
        throw new UserException($"{task.File.Path} can't be copied into the run: {problem}; give the files that its "
            + "model needs by paths relative to the model");

        void Remove()
        {
            if (Path.Combine(run, name) is var copy && Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
        }
    }

    /// <summary>Loads the run's task from its own files, or another task that fits the run.</summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="other">A task to take on purpose; null: the run's.</param>
    /// <param name="warn">Receives a sentence if the task outside has changed since.</param>
    /// <exception cref="UserException">The run's copy was changed, or the other task does not fit.</exception>
    public static ControlTask Load(string run, RunConfig config, string? other, Action<string> warn)
    {
        if (other is not null)
            return DisposeScope.Open(opened =>
            {
                ControlTask task = opened.Add(ControlTask.Load(other));
                CheckFit(run, config, task, other);
                return task;
            });
        foreach ((string name, string sha256) in config.Files)
            if (Path.Combine(run, name) is var path
                && !(File.Exists(path) && Sha256(File.ReadAllBytes(path)) == sha256))
                throw new UserException("the run's copy of its task was changed: "
                    + $"{path} is {(File.Exists(path) ? "not what it was" : "missing")}; bring it back, or take a "
                    + "task on purpose")
                {
                    Option = "--task FILE",
                };
        if (Changed(config) is { Length: > 0 } changed)
            warn($"the task {config.Task} has changed since the run was begun ({string.Join(", ", changed)}); the run "
                + "keeps to its own copy");
        return LoadOwn(run, config);
    }

    private static ControlTask LoadOwn(string run, RunConfig config)
    {
        if (!config.Files.IsEmpty) return ControlTask.Load(Path.Combine(run, config.Files[0].Name));
        try
        {
            return ControlTask.Load(config.Task);
        }
        catch (FileNotFoundException e) when (Path.IsPathRooted(config.Task))
        {
            throw new UserException($"the run's task {config.Task} is not there, and the run, of an earlier naf, has "
                + "no copy of it; bring it back, or name it where it is now", e)
            {
                Option = "--task FILE",
            };
        }
    }

    // names of the files that differ outside; a task that is no longer there has not changed
    private static string[] Changed(RunConfig config)
    {
        if (config.Files.IsEmpty) return [];
        Dictionary<string, string> kept = config.Files.ToDictionary(file => InTask(file.Name), file => file.Sha256);
        try
        {
            Dictionary<string, string> now = TaskFiles.Of(TaskLibrary.Resolve(config.Task)).Files
                .ToDictionary(file => file.Name, file => Sha256(file.Content));
            return [.. kept.Keys.Union(now.Keys)
                .Where(name => kept.GetValueOrDefault(name) != now.GetValueOrDefault(name))];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (IsBroken(e))
        {
            return [InTask(config.Files[0].Name)];
        }

        static string InTask(string name) => name[(name.IndexOf('/') + 1)..];
    }

    // the policy's numbers mean what the run's task says; without that task only the sizes can be compared
    private static void CheckFit(string run, RunConfig config, ControlTask task, string name)
    {
        try
        {
            using ControlTask own = LoadOwn(run, config);
            Check("observation", own.ObservationNames, task.ObservationNames);
            Check("action", own.ActionNames, task.ActionNames);
        }
        catch (Exception e) when (IsBroken(e) || e is UserException { Option: not null })
        {
            return;
        }

        void Check(string what, IReadOnlyList<string> run, IReadOnlyList<string> given)
        {
            for (int i = 0; i < Math.Max(run.Count, given.Count); i++)
                if (Show(run, i) is var before && Show(given, i) is var now && before != now)
                    throw new UserException($"{name} does not fit the run: its {what} {i + 1} is {now} and the run's "
                        + $"{before}; name a task with the run's observations and actions in their order");
        }

        static string Show(IReadOnlyList<string> names, int i) =>
            i >= names.Count ? "missing" : $"'{names[i]}'";
    }

    /// <summary>Whether an exception means that a task's files can't be used.</summary>
    public static bool IsBroken(Exception e) =>
        e is TaskFormatException or MujocoException or IOException or UnauthorizedAccessException;

    private static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
