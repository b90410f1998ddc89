using System.Text.RegularExpressions;
using Naf.Host.Files;
using Naf.Host.Reports;

namespace Naf.Tests;

/// <summary>The scores in README.md and docs/results/README.md are those of the CSV files beside them.</summary>
internal sealed class DocumentedResultsTests
{
    private const string Number = @"\*{0,2}(−?[\d.]+)", Spread = Number + @" \(" + Number + " … " + Number;

    private static readonly string Results = Path.Combine(Repository.Root, "docs", "results");

    private static string[] Lines => File.ReadAllLines(Path.Combine(Results, "README.md"));

    [Test]
    public void Table_of_results_is_that_of_its_files()
    {
        string[][] rows =
            [.. Lines.Where(line => Regex.IsMatch(line, @"^\| \[[\w-]+\]\(naf-[\w-]+\.csv\)")).Select(Cells)];
        Assert.That(rows, Has.Length.EqualTo(12));
        foreach (string[] row in rows)
        {
            string task = Regex.Match(row[0], @"naf-([\w-]+)\.csv").Groups[1].Value;
            LearnerResult[] learners = OfCommand(row[1], "naf", task);
            AssertShown(row[3], learners.Select(l => l.Best), row[0]);
            double?[] last = [.. learners.Select(l => l.Last).Order()];
            Match shown = Regex.Match(row[4], Number + @" \(" + Number + @"\)");
            AssertRounded(row[4], shown.Groups[1].Value, last[last.Length / 2], row[0]);
            AssertRounded(row[4], shown.Groups[2].Value, last[0], row[0]);
        }
    }

    [Test]
    public void Readme_has_the_scores_of_the_files()
    {
        string[][] rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "README.md"))
            .Where(line => Regex.IsMatch(line, @"^\| [\w-]+(, DDPG)? \| `\./naf train ")).Select(Cells)];
        Assert.That(rows, Has.Length.GreaterThan(12));
        foreach (string[] row in rows)
            AssertShown(row[2], OfCommand(row[1], row[0].EndsWith("DDPG", StringComparison.Ordinal) ? "ddpg" : "naf",
                row[0].Split(',')[0]).Select(l => l.Best), row[0]);
    }

    [Test]
    public void Naf_beside_ddpg_is_that_of_the_files()
    {
        string task = "";
        int compared = 0, lastSeed = 4;
        foreach (string[] row in Lines
            .SkipWhile(line => !line.StartsWith("| task | episode | NAF", StringComparison.Ordinal))
            .Skip(2).TakeWhile(line => line.StartsWith('|')).Select(Cells))
        {
            if (row[0].Length > 0)
                (task, lastSeed) = (row[0].Split(',')[0], row[0].Contains("0 to 2", StringComparison.Ordinal) ? 2 : 4);
            if (!int.TryParse(row[1].Replace(",", ""), out int episode)) continue;
            AssertShown(row[2], Read("naf", task, episode, lastSeed).Select(l => l.Best), $"{task} {episode}");
            AssertShown(row[3], Read("ddpg", task, episode, lastSeed).Select(l => l.Best), $"{task} {episode}");
            compared++;
        }
        Assert.That(compared, Is.GreaterThan(25));
    }

    private static string[] Cells(string line) => [.. line.Trim()[1..^1].Split('|').Select(cell => cell.Trim())];

    private static LearnerResult[] OfCommand(string command, string algorithm, string task)
    {
        Match match = Regex.Match(command, @"naf train ([\w-]+) .*--episodes (\d+) --seeds 0\.\.(\d)");
        Assert.That(match.Groups[1].Value, Is.EqualTo(task), command);
        Assert.That(command.Contains("ddpg", StringComparison.Ordinal), Is.EqualTo(algorithm == "ddpg"), command);
        int episodes = int.Parse(match.Groups[2].Value);
        LearnerResult[] read = Read(algorithm, task, episodes, int.Parse(match.Groups[3].Value));
        Assert.That(read.Select(l => l.Tests[^1].Episode), Is.All.EqualTo(episodes), command);
        return read;
    }

    private static LearnerResult[] Read(string algorithm, string task, int episodes, int lastSeed)
    {
        LearnerResult[] read = [.. CsvRows.Read(Path.Combine(Results, $"{algorithm}-{task}.csv"))
            .GroupBy(row => ulong.Parse(row["seed"])).Where(seed => seed.Key <= (ulong)lastSeed)
            .Select(seed => new LearnerResult(seed.Key, [.. seed
                .Select(row => new TestResult(int.Parse(row["episode"]), double.Parse(row["test_score"]), null))
                .Where(test => test.Episode <= episodes)], null, null, null, null, 0))];
        Assert.That(read, Has.Length.EqualTo(lastSeed + 1), $"{algorithm} {task}");
        return read;
    }

    // the first median (lowest … highest) of a cell
    private static void AssertShown(string cell, IEnumerable<double?> scores, string what)
    {
        Match shown = Regex.Match(cell, Spread);
        Assert.That(shown.Success, $"{what}: {cell}");
        double?[] sorted = [.. scores.Order()];
        AssertRounded(cell, shown.Groups[1].Value, sorted[sorted.Length / 2], what);
        AssertRounded(cell, shown.Groups[2].Value, sorted[0], what);
        AssertRounded(cell, shown.Groups[3].Value, sorted[^1], what);
    }

    private static void AssertRounded(string cell, string shown, double? score, string what)
    {
        int decimals = shown.Contains('.') ? shown.Length - shown.IndexOf('.') - 1 : 0;
        Assert.That(double.Parse(shown.Replace('−', '-'), CultureInfo.InvariantCulture),
            Is.EqualTo(score).Within(0.5001 * Math.Pow(10, -decimals)), $"{what}: {cell}");
    }
}
