using System.Text;

namespace Naf.Perf;

/// <summary>A report as Markdown: a table for each work.</summary>
internal static class ReportTable
{
    public static string Of(Report report)
    {
        var text = new StringBuilder();
        text.AppendLine($"# {report.Name}").AppendLine();
        foreach (string device in report.Hardware) text.AppendLine($"- {device}");
        text.AppendLine($"- {report.Platform}; {report.Torch}; commit {report.Commit}, {report.Date}, `{report.Command}`");
        text.AppendLine()
            .AppendLine("Medians of rounds taken in turns, with the slowest and the fastest round; results were held against each other first.");
        foreach (IGrouping<string, Entry> work in report.Entries.GroupBy(e => e.Work))
        {
            text.AppendLine().AppendLine($"## {work.Key}").AppendLine();
            text.AppendLine($"| where | what | implementation | {work.First().Unit} | slowest to fastest | Naf.Gpu over it |")
                .AppendLine("|---|---|---|--:|--:|--:|");
            foreach (Entry entry in work)
                foreach (Rate rate in entry.Rates)
                    text.AppendLine($"| {entry.Device} | {entry.Case} | {rate.Name} | {Rate.Text(rate.Median)} "
                        + $"| {Rate.Text(rate.Lowest)} to {Rate.Text(rate.Highest)} | {entry.Over(rate):0.00} |");
        }
        if (report.NotMeasured.Count > 0) text.AppendLine().AppendLine("## Not measured").AppendLine();
        foreach (string what in report.NotMeasured) text.AppendLine($"- {what}");
        return text.ToString();
    }
}
