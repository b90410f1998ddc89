using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>A folder of its own for task files that a test writes; removed with it.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("naf-tasks-").FullName;

    public static string BuiltIn(string file) => File.ReadAllText(Path.Combine(TaskLibrary.Folder, file));

    public string Write(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A copy of a built-in task with its model; the path of the task file.</summary>
    public string Copy(string task)
    {
        string text = BuiltIn($"{task}.yaml");
        string model = text.Split('\n').First(line => line.StartsWith("model: ", StringComparison.Ordinal))["model: ".Length..];
        Write(model, BuiltIn(model));
        return Write($"{task}.yaml", text);
    }

    /// <summary>A copy of a built-in task in which one piece of text is replaced.</summary>
    public string Changed(string task, string old, string replacement)
    {
        Copy(task);
        return Change($"{task}.yaml", old, replacement);
    }

    /// <summary>Replaces a piece of text in a model that was copied.</summary>
    public void ChangeModel(string model, string old, string replacement) => Change($"{model}.xml", old, replacement);

    public void Dispose() => Directory.Delete(Folder, true);

    private string Change(string file, string old, string replacement)
    {
        string text = File.ReadAllText(Path.Combine(Folder, file));
        if (!text.Contains(old)) throw new ArgumentException($"{file} does not contain {old}");
        return Write(file, text.Replace(old, replacement));
    }
}
