using System.Net;
using System.Text.RegularExpressions;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks;

/// <summary>
/// The files of a task, to be copied: the task file, its model, and all that the model includes and loads. The copies
/// lie as the files do, below the folder that holds all of them, so that relative paths stay valid; absolute paths are
/// made relative.
/// </summary>
internal sealed partial class TaskFiles
{
    // text that replaces a part of a file
    private sealed record Edit(string File, int Start, int Length, string Text);

    // an element of MJCF with its attributes; At: where the value is in the file
    private sealed record Element(string File, string Name, IReadOnlyList<(string Key, string Value, Capture At)> All)
    {
        public string? this[string key] => All.FirstOrDefault(a => a.Key == key).Value;
    }

    private readonly List<string> _paths = [];
    private readonly HashSet<string> _folders = [];
    private readonly HashSet<string> _models = [];
    private readonly List<Edit> _edits = [];
    private readonly string _task, _top;

    /// <summary>Finds the files of a task; that of a suite's lies beside its model.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public TaskFiles(TaskFile task)
    {
        string folder = task.ModelFolder, path = Path.Combine(folder, Path.GetFileName(task.Path));
        _task = task.Path;
        _paths.Add(path);
        string model = Take([folder], task.ModelText).Single();
        if (Path.IsPathRooted(task.ModelText))
            _edits.Add(new Edit(path, task.ModelAt.Start, task.ModelAt.Length,
                $"'{Relative(folder, model).Replace("'", "''")}'"));
        AddModel(model);
        _top = _paths.Select(file => Path.GetDirectoryName(file)!).Concat(_folders).Aggregate(Common);
    }

    /// <summary>Finds the files of a task.</summary>
    /// <exception cref="TaskFormatException">The task file is malformed.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TaskFiles Of(string path) => new(TaskFile.Read(path));

    /// <summary>
    /// Each file's path below the folder of the copies, with slashes, and its content; the task's first.
    /// </summary>
    public IEnumerable<(string Name, byte[] Content)> Files =>
        _paths.Select(path => (Relative(_top, path), ContentOf(path)));

    /// <summary>Folders that paths such as ../meshes pass through; the copies need them too.</summary>
    public IEnumerable<string> Folders => _folders.Select(folder => Relative(_top, folder));

    private void AddModel(string model)
    {
        if (!_models.Add(model)) return;
        string main = Path.GetDirectoryName(model)!, meshes = "", textures = "";
        bool strips = false;
        List<Element> elements = [];
        Expand(model, []);

        // the last of several compiler elements wins
        foreach (Element compiler in elements.Where(e => e.Name == "compiler"))
        {
            meshes = compiler["meshdir"] ?? compiler["assetdir"] ?? meshes;
            textures = compiler["texturedir"] ?? compiler["assetdir"] ?? textures;
            strips = compiler["strippath"] is { } strip ? strip == "true" : strips;
            foreach ((_, string value, Capture at) in compiler.All
                .Where(a => a.Key is "meshdir" or "texturedir" or "assetdir"))
            {
                string folder = Path.Combine(main, value);
                if (!Path.IsPathRooted(value) || !Directory.Exists(folder)) continue;
                _folders.Add(Path.GetFullPath(folder));
                Replace(compiler.File, at, main, folder);
            }
        }
        foreach (Element element in elements.Where(e => e.Name != "include"))
            foreach ((_, string value, Capture at) in element.All.Where(IsFile))
            {
                string file = strips ? value[(value.LastIndexOfAny(['/', '\\']) + 1)..] : value;
                string assets = element.Name == "texture" ? textures : meshes, folder = Path.Combine(main, assets);
                string beside = Path.GetDirectoryName(element.File)!;
                string[] found = Take([folder, main, Path.Combine(beside, assets), beside], file);
                if (Path.IsPathRooted(file) && found.Length > 0) Replace(element.File, at, folder, file);
                if (element.Name == "model") Array.ForEach(found, AddModel);
            }

        // the elements of a file, with those of its includes in their place
        void Expand(string file, HashSet<string> seen)
        {
            if (!seen.Add(file)) return;
            foreach (Element element in Elements(file))
            {
                elements.Add(element);
                if (element.Name != "include") continue;
                foreach ((_, string value, Capture at) in element.All.Where(IsFile))
                {
                    string[] found = Take([main, Path.GetDirectoryName(file)!], value);
                    if (Path.IsPathRooted(value) && found.Length > 0) Replace(file, at, main, value);
                    foreach (string part in found) Expand(part, seen);
                }
            }
        }

        // file of all kinds, fileright and the other sides of a texture
        static bool IsFile((string Key, string Value, Capture At) attribute) =>
            attribute.Key.StartsWith("file", StringComparison.Ordinal) && attribute.Value.Length > 0;
    }

    // adds a file wherever MuJoCo looks for it: releases differ, and the first that is there is loaded
    private string[] Take(IEnumerable<string> folders, string value)
    {
        string[] found = [.. folders.Select(folder => Path.Combine(folder, value)).Where(File.Exists).Distinct()];
        foreach (string path in found)
            for (int at = path.IndexOf("/..", StringComparison.Ordinal); at > 0;
                at = path.IndexOf("/..", at + 1, StringComparison.Ordinal))
                _folders.Add(Path.GetFullPath(path[..at]));
        found = [.. found.Select(Path.GetFullPath).Distinct()];
        _paths.AddRange(found.Except(_paths));
        return found;
    }

    private void Replace(string file, Capture at, string from, string to)
    {
        if (!_edits.Exists(e => e.File == file && e.Start == at.Index))
            _edits.Add(new Edit(file, at.Index, at.Length, WebUtility.HtmlEncode(Relative(from, to))));
    }

    private byte[] ContentOf(string path)
    {
        Edit[] edits = [.. _edits.Where(e => e.File == path).OrderByDescending(e => e.Start)];
        string source = path == _paths[0] ? _task : path;
        return edits.Length == 0 ? File.ReadAllBytes(source) : Encoding.UTF8.GetBytes(edits.Aggregate(
            File.ReadAllText(source), (text, e) => text[..e.Start] + e.Text + text[(e.Start + e.Length)..]));
    }

    private static string Relative(string from, string to)
    {
        string relative = Path.GetRelativePath(from, to);
        return !Path.IsPathRooted(relative) ? relative.Replace('\\', '/') : throw new IOException(
            $"{to} is on another drive than {from}; move the files of a task to one, so that a run can keep them");
    }

    // the folder that holds both
    private static string Common(string a, string b)
    {
        while (Path.GetRelativePath(a, b) is var way && (way.StartsWith("..", StringComparison.Ordinal)
            || Path.IsPathRooted(way)))
            a = Path.GetDirectoryName(a) ?? throw new IOException(
                $"{b} is on another drive; move the files of a task to one, so that a run can keep them");
        return a;
    }

    private static IEnumerable<Element> Elements(string file) =>
        from Match match in Tag().Matches(File.ReadAllText(file))
        where match.Groups["name"].Success
        select new Element(file, match.Groups["name"].Value.ToLowerInvariant(),
            [.. match.Groups["key"].Captures.Zip(match.Groups["value"].Captures,
                (key, value) => (key.Value, WebUtility.HtmlDecode(value.Value), value))]);

    // MuJoCo reads XML that .NET refuses, such as -- in comments
    [GeneratedRegex("""
        <!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>
        |<(?<name>[\w:.-]+)(\s+(?<key>[\w:.-]+)\s*=\s*("(?<value>[^"]*)"|'(?<value>[^']*)'))*
        """, RegexOptions.Singleline | RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Tag();
}
