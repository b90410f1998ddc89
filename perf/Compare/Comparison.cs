using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Naf.Checks.Benchmarks;
using Naf.Gpu;
using Naf.Gpu.Devices;
using Naf.Torch;

namespace Naf.Perf;

/// <summary>The full comparison on a machine: every benchmark on the CPU and on every GPU, against its peers.</summary>
internal sealed class Comparison
{
    private const string Usage = """
        usage: perf/compare [--out DIR] [--name NAME] [--only PART] [--device D] [--rounds N] [--seconds S]
                            [--from FILE.json]
        Writes NAME.json, NAME.md and NAME.html into DIR [perf/results]. PART is of a name such as
        "update on cpu (learners 1, minibatch 64)", "rollouts …", "fit …", "advantage …", "simulator against C" or
        "environments". --rounds [9] turns of --seconds [0.4] for each implementation. --from makes table and page of
        a JSON file again, without measuring. PYTHON names the Python with JAX or PyTorch. TORCH=cuda takes
        TorchSharp's build for NVIDIA GPUs, where the package feed has it.
        """;

    private readonly Dictionary<string, string> _options = new()
    {
        ["out"] = Path.Combine(Repository(), "perf", "results"), ["name"] = "", ["only"] = "", ["device"] = "",
        ["rounds"] = "9", ["seconds"] = "0.4", ["from"] = "",
    };

    private readonly List<Entry> _entries = [];
    private readonly List<string> _notMeasured = [];
    private readonly int _rounds;
    private readonly double _seconds;

    private Comparison(string[] arguments)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string key = arguments[i].TrimStart('-');
            if (!_options.ContainsKey(key) || i + 1 == arguments.Length) throw new ArgumentException(Usage);
            _options[key] = arguments[i + 1];
        }
        bool valid = int.TryParse(_options["rounds"], out _rounds)
            & double.TryParse(_options["seconds"], out _seconds);
        if (!valid || _rounds < 1 || !(_seconds > 0)) throw new ArgumentException(Usage);
    }

    /// <summary>Measures and writes the reports; returns 1 if something that should be measured was not.</summary>
    public static int Run(string[] arguments)
    {
        if (arguments.Contains("--help"))
        {
            Console.WriteLine(Usage);
            return 0;
        }
        try
        {
            var comparison = new Comparison(arguments);
            if (comparison._options["from"] is not { Length: > 0 } file) return comparison.Measure(arguments);
            Report.Read(file).Write(comparison._options["out"]);
            return 0;
        }
        catch (Exception e) when (e is ArgumentException or IOException or JsonException)
        {
            Console.Error.WriteLine(e.Message);
            return 2;
        }
    }

    private int Measure(string[] arguments)
    {
        bool failed = false;
        string one = _options["device"];
        DeviceInfo[] devices = [.. DeviceList.All()
            .Where(d => d.Usable && (one.Length > 0 ? d.Name == one : d.Kind == "cpu" || d.IsGpu))];
        if (devices.Length == 0)
            throw new ArgumentException($"there is no usable device {one}; 'naf devices' lists them");
        var report = new Report(
            Name(devices), $"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ}", Commit(),
            $"perf/compare {string.Join(' ', arguments)}".TrimEnd(),
            $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
            $"libtorch {TorchNatives.Load()}",
            [.. devices.Select(d => $"{d.Name}: {d.Description}, {d.Units} units, {d.Instructions}")], _entries,
            _notMeasured);
        foreach (DeviceInfo device in devices)
            foreach (PeerSuite suite in Suites(device))
                Try($"{suite.Work} on {device.Name} ({suite.Case})", () => [Compare(suite, device)]);
        if (devices.Any(d => d.Kind == "cpu"))
        {
            Try("simulator against C", () => [SimulatorPeers.AgainstC(Repository(), _rounds, Math.Max(1, _seconds))]);
            Try("environments", () => SimulatorPeers.Environments(5 * _seconds));
        }
        report.Write(_options["out"]);
        Console.WriteLine($"{Path.Combine(_options["out"], report.Name)}.json, .md and .html");
        return failed ? 1 : 0;

        void Try(string what, Func<IEnumerable<Entry>> measure)
        {
            if (!what.Contains(_options["only"], StringComparison.OrdinalIgnoreCase)) return;
            try
            {
                foreach (Entry entry in measure())
                {
                    _entries.Add(entry);
                    Console.WriteLine($"{entry.Work}, {entry.Case}, {entry.Device}: "
                        + string.Join("; ", entry.Rates.Select(
                            r => $"{r.Name} {Rate.Text(r.Median)} {entry.Unit} ({entry.Over(r):0.00})")));
                }
            }
            catch (Exception e) when (e is not (OutOfMemoryException or OperationCanceledException or IOException))
            {
                failed = true;
                NotMeasured($"{what}: {e.Message}");
            }
            // save after each measurement, in case the process ends early
            report.Write(_options["out"]);
        }
    }

    private static PeerSuite[] Suites(DeviceInfo device) => device.IsGpu
        ?
        [
            .. new[] { 1, 32, 128 }.Select(p => new UpdateSuite { Learners = p, Device = device.Name }),
            .. new[] { 4096, 65536 }.Select(r => new RolloutSuite { Rollouts = r, Device = device.Name }),
            .. new[] { 1, 32 }.Select(p => new FitSuite { Learners = p, Device = device.Name }),
            new AdvantageSuite { Device = device.Name },
        ]
        :
        [
            new UpdateSuite(), new UpdateSuite { Batch = 256 }, new UpdateSuite { Learners = 8 },
            new UpdateSuite { Learners = 8, Threads = Environment.ProcessorCount }, new RolloutSuite(), new FitSuite(),
            new AdvantageSuite(),
        ];

    private Entry Compare(PeerSuite suite, DeviceInfo device)
    {
        try
        {
            suite.SetUp();
            List<Rate> rates = InTurns([("Naf.Gpu", suite.Naf), .. suite.Peers], suite.Engine!.Units);
            foreach ((string name, string module, string[] script) in suite.PythonPeers)
                if (Python(name, module, script) is { } rate) rates.Add(rate);
            string threads = device.Kind == "cpu" ? $", {suite.Threads} thread{(suite.Threads == 1 ? "" : "s")}" : "";
            return new Entry(suite.Work, suite.Case, device.Name + threads, suite.Unit, suite.Error, rates);
        }
        finally
        {
            suite.CleanUp();
        }
    }

    // in turns, so that a change in the machine's speed affects all of them
    private List<Rate> InTurns((string Name, Action Once)[] implementations, double units)
    {
        List<double>[] rates = [.. implementations.Select(_ => new List<double>())];
        for (int turn = 0; turn < _rounds * rates.Length; turn++)
        {
            // rotate the order from round to round
            int i = (turn + turn / rates.Length) % rates.Length;
            rates[i].Add(units * BenchmarkRounds.Time(implementations[i].Once, () => { }, _seconds, 1)[0]);
        }
        return [.. implementations.Select((implementation, i) => new Rate(implementation.Name, rates[i]))];
    }

    // a missing Python peer is not a failure
    private Rate? Python(string name, string module, string[] script)
    {
        string python = Environment.GetEnvironmentVariable("PYTHON") ?? "python3";
        try
        {
            ChildProcess.Run(python, "-c", $"import {module}");
        }
        catch (InvalidOperationException e)
        {
            NotMeasured($"{name}: {e.Message} ({python}; PYTHON=… names another)");
            return null;
        }
        try
        {
            string file = Path.Combine(Repository(), "perf", "peers", script[0]);
            string output = ChildProcess.Run(
                python, [file, .. script[1..], "--seconds", $"{_rounds * _seconds}", "--rounds", $"{_rounds}"]);
            return new Rate(name, [.. JsonDocument.Parse(output).RootElement.GetProperty("rounds").EnumerateArray()
                .Select(r => r.GetDouble())]);
        }
        catch (Exception e) when (e is InvalidOperationException or JsonException)
        {
            NotMeasured($"{name}, {string.Join(' ', script)}: {e.Message}");
            return null;
        }
    }

    private void NotMeasured(string what)
    {
        if (_notMeasured.Contains(what)) return;
        _notMeasured.Add(what);
        Console.Error.WriteLine(what);
    }

    private string Name(DeviceInfo[] devices)
    {
        if (_options["name"].Length > 0) return _options["name"];
        string words = devices.LastOrDefault(d => d.IsGpu)?.Description ?? devices[0].Description;
        string slug = new([.. words.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        return "compare-" + string.Join('-', slug.Split('-', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string Commit()
    {
        try
        {
            string changes = ChildProcess.Run(
                "git", "-C", Repository(), "status", "--porcelain", "--untracked-files=no");
            return ChildProcess.Run("git", "-C", Repository(), "rev-parse", "--short", "HEAD").Trim()
                + (changes.Length > 0 ? "-changed" : "");
        }
        catch (InvalidOperationException)
        {
            return "unknown";
        }
    }

    private static string Repository([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(thisFile, "..", "..", ".."));
}
