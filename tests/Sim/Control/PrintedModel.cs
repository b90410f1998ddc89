using System.Runtime.InteropServices;
using Naf.Sim.Control;

namespace Naf.Tests;

/// <summary>
/// A task's model as printed by MuJoCo (mj_printFormattedModel): every field of every object by name, including those
/// that the simulator here does not use.
/// </summary>
internal sealed class PrintedModel
{
    private readonly Dictionary<string, double[]> _fields = [];
    private readonly Dictionary<string, List<string>> _names = [];

    public PrintedModel(string taskName)
    {
        using ControlTask task = ControlTask.Load(taskName);
        using var folder = new TemporaryFolder();
        var print = Marshal.GetDelegateForFunctionPointer<Print>(task.Model.Library.Export("mj_printFormattedModel"));
        print(task.Model.Native, folder["model.txt"], "%.17g");
        string prefix = "";
        foreach (string line in File.ReadLines(folder["model.txt"]))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 2 && words[1].EndsWith(':'))
            {
                prefix = $"{words[0]} {words[1].TrimEnd(':')} ";
                _names.TryAdd(words[0], []);
                _names[words[0]].Add("");
            }
            else if (words is ["name", var name] && prefix.Length > 0)
                _names[prefix.Split(' ')[0]][^1] = name;
            else if (words.Length > 1 && words.Skip(1)
                .All(w => double.TryParse(w, CultureInfo.InvariantCulture, out _)))
                _fields[prefix + words[0]] = [
                    .. words.Skip(1).Select(w => double.Parse(w, CultureInfo.InvariantCulture))];
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void Print(nint model, [MarshalAs(UnmanagedType.LPUTF8Str)] string path,
    [MarshalAs(UnmanagedType.LPUTF8Str)] string format);

    /// <summary>Names of the objects of a kind (BODY, JOINT, GEOM, ACTUATOR...), in model order.</summary>
    public List<string> Names(string kind) => _names[kind];

    /// <summary>A field of the header, such as timestep.</summary>
    public double[] Option(string field) => _fields[field];

    public double[] Of(string kind, int id, string field) => _fields[$"{kind} {id} {field}"];

    public double[] Of(string kind, string name, string field) => Of(kind, _names[kind].IndexOf(name), field);
}
