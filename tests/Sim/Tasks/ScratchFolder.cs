using Naf.Sim.Tasks;

namespace Naf.Tests;

/// <summary>A temporary folder for task files.</summary>
internal sealed class ScratchFolder : TemporaryFolder
{
    public static string BuiltIn(string file) => File.ReadAllText(System.IO.Path.Combine(TaskLibrary.Folder, file));

    /// <summary>The line of a built-in file, from 1, in which a text begins.</summary>
    public static int LineOf(string file, string text)
    {
        string all = BuiltIn(file);
        return 1 + all.AsSpan(0, all.IndexOf(text, StringComparison.Ordinal)).Count('\n');
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>Copies a built-in task with its model; returns the path of the task file.</summary>
    public string Copy(string task)
    {
        string text = BuiltIn($"{task}.yaml");
        string model = text.Split('\n')
            .First(line => line.StartsWith("model: ", StringComparison.Ordinal))["model: ".Length..];
        Write(model, BuiltIn(model));
        return Write($"{task}.yaml", text);
    }

    /// <summary>Copies a built-in task and replaces one piece of text in it.</summary>
    public string Changed(string task, string old, string replacement)
    {
        Copy(task);
        return Change($"{task}.yaml", old, replacement);
    }

    /// <summary>Replaces a piece of text in a copied model.</summary>
    public void ChangeModel(string model, string old, string replacement) => Change($"{model}.xml", old, replacement);

    private string Change(string file, string old, string replacement)
    {
        string text = File.ReadAllText(this[file]);
        if (!text.Contains(old)) throw new ArgumentException($"{file} does not contain {old}");
        return Write(file, text.Replace(old, replacement));
    }
}
