using System.Text.Encodings.Web;
using Naf.Checks.Benchmarks;

namespace Naf.Perf;

/// <summary>The comparison on one machine, as stored in its JSON file; table and page derive from it alone.</summary>
/// <param name="Hardware">A description of each device, the CPU first.</param>
/// <param name="Entries">One entry per benchmark.</param>
/// <param name="NotMeasured">Missing measurements, each with its reason.</param>
public sealed record Report(
    string Name, string Date, string Commit, string Command, string Platform, string Torch,
    IReadOnlyList<string> Hardware, IReadOnlyList<Entry> Entries, IReadOnlyList<string> NotMeasured)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a report from its JSON file.</summary>
    public static Report Read(string path) => JsonSerializer.Deserialize<Report>(File.ReadAllText(path), Json)!;

    /// <summary>Writes NAME.json, NAME.md and NAME.html.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{Name}.json"), JsonSerializer.Serialize(this, Json) + "\n");
        File.WriteAllLines(Path.Combine(folder, $"{Name}.md"), Table());
        File.WriteAllLines(Path.Combine(folder, $"{Name}.html"), ReportPage.Of(this));
    }

    private string[] Table() =>
    [
        $"# {Name}", "", .. Hardware.Select(device => $"- {device}"),
        $"- {Platform}; {Torch}; commit {Commit}, {Date}, `{Command}`", "",
        "Medians of rounds taken in turns, with the slowest and the fastest round; "
            + "results were held against each other first.",
        .. Entries.GroupBy(e => e.Work).SelectMany(work => (string[])
        [
            "", $"## {work.Key}", "",
            $"| where | what | implementation | {work.First().Unit} | slowest to fastest | Naf.Gpu over it |",
            "|---|---|---|--:|--:|--:|",
            .. from entry in work
               from rate in entry.Rates
               select $"| {entry.Device} | {entry.Case} | {rate.Name} | {Rate.Text(rate.Median)} "
                   + $"| {Rate.Text(rate.Lowest)} to {Rate.Text(rate.Highest)} | {entry.Over(rate):0.00} |",
        ]),
        .. NotMeasured.Take(1).SelectMany(_ => (string[])["", "## Not measured", ""]),
        .. NotMeasured.Select(what => $"- {what}"),
    ];
}

/// <summary>One benchmark, run alternately by the engine and its peers.</summary>
/// <param name="Work">Name of the benchmark, such as "update".</param>
/// <param name="Case">The sizes as text.</param>
/// <param name="Device">The device, with the number of threads.</param>
/// <param name="Unit">Unit of the rates; more is better.</param>
/// <param name="Error">Largest relative difference of the results, checked before timing.</param>
/// <param name="Rates">Rates, the engine's first.</param>
public sealed record Entry(string Work, string Case, string Device, string Unit, double Error,
    IReadOnlyList<Rate> Rates)
{
    /// <summary>The engine's median rate over another's.</summary>
    public double Over(Rate peer) => Rates[0].Median / peer.Median;
}

/// <summary>Speed of one implementation.</summary>
/// <param name="Rounds">The rate of each round.</param>
public sealed record Rate(string Name, IReadOnlyList<double> Rounds)
{
    /// <summary>Median of the rounds; the higher of two middle ones.</summary>
    public double Median => BenchmarkRounds.Median(Rounds);

    /// <summary>The slowest round.</summary>
    public double Lowest => Rounds.Min();

    /// <summary>The fastest round.</summary>
    public double Highest => Rounds.Max();

    /// <summary>A rate with three digits, such as 1.28 M.</summary>
    public static string Text(double rate)
    {
        (double scaled, string suffix) = rate switch
        {
            >= 1e9 => (rate / 1e9, " G"), >= 1e6 => (rate / 1e6, " M"), >= 1e4 => (rate / 1e3, " k"), _ => (rate, ""),
        };
        return scaled.ToString(scaled >= 100 ? "0" : scaled >= 10 ? "0.0" : "0.00") + suffix;
    }
}
