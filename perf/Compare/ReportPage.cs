using System.Net;
using System.Text;

namespace Naf.Perf;

/// <summary>A report as one static page: a bar for each implementation, with the range of its rounds.</summary>
internal static class ReportPage
{
    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .3rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; border-bottom: 1px solid #d0d7de; }
        p, ul { margin: .3rem 0; color: #424a53; } li { margin: .1rem 0; }
        section > div { break-inside: avoid; margin: 0 0 1.1rem; }
        h3 { font-size: .95rem; font-weight: 600; margin: 0 0 .25rem; } h3 span { font-weight: 400; color: #57606a; }
        .row { display: grid; grid-template-columns: 17.5rem 1fr 5rem 4.5rem; gap: .6rem; align-items: center; height: 1.55rem; }
        .row > * { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
        .bar { position: relative; height: 1rem; background: #f3f4f6; }
        .bar b, .bar i { position: absolute; display: block; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        .bar b { height: 100%; background: #8c959f; } .ours .bar b { background: #0969da; } .ours { font-weight: 600; }
        .bar i { top: calc(50% - 1px); height: 2px; background: #1b1f24; }
        @media (max-width: 45rem) { .row { grid-template-columns: 1fr 5rem 4rem; height: auto; } .bar { grid-column: 1 / -1; grid-row: 2; } }
        @media print { body { margin: 0; max-width: none; font-size: 11px; } .bar { background: none; border: 1px solid #d0d7de; } }
        """;

    public static string Of(Report report)
    {
        var text = new StringBuilder();
        text.AppendLine("<!doctype html>").AppendLine("<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .AppendLine("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .AppendLine($"<title>Naf.Gpu and its peers: {Escape(report.Name)}</title>").AppendLine($"<style>\n{Style}\n</style></head><body>");
        text.AppendLine("<h1>Naf.Gpu and its peers</h1>").AppendLine($"<p>{Escape(string.Join(" · ", report.Hardware))}</p>");
        text.AppendLine($"<p>{Escape($"{report.Platform}; {report.Torch}; commit {report.Commit}, {report.Date}")}</p>");
        text.AppendLine("<p>Longer is faster. Bars are medians of rounds taken in turns, the dark line runs from the slowest round to the fastest; ")
            .AppendLine("the last column is Naf.Gpu's median over the row's. Results were held against each other before anything was timed.</p>");
        foreach (IGrouping<string, Entry> work in report.Entries.GroupBy(e => e.Work))
        {
            text.AppendLine($"<section><h2>{Escape(char.ToUpperInvariant(work.Key[0]) + work.Key[1..])}, {Escape(work.First().Unit)}</h2>");
            foreach (Entry entry in work) Add(text, entry);
            text.AppendLine("</section>");
        }
        if (report.NotMeasured.Count > 0)
        {
            text.AppendLine("<h2>Not measured</h2><ul>");
            foreach (string what in report.NotMeasured) text.AppendLine($"<li>{Escape(what)}</li>");
            text.AppendLine("</ul>");
        }
        return text.AppendLine("</body></html>").ToString();
    }

    private static void Add(StringBuilder text, Entry entry)
    {
        double longest = entry.Rates.Max(r => r.Highest);
        text.AppendLine($"<div><h3>{Escape(entry.Case)} <span>{Escape(entry.Device)}</span></h3>");
        foreach (Rate rate in entry.Rates)
        {
            bool ours = ReferenceEquals(rate, entry.Rates[0]);
            text.AppendLine($"<div class=\"row{(ours ? " ours" : "")}\"><span>{Escape(rate.Name)}</span>"
                + $"<span class=\"bar\"><b style=\"width:{Percent(rate.Median)}\"></b>"
                + $"<i style=\"left:{Percent(rate.Lowest)};width:{Percent(rate.Highest - rate.Lowest)}\"></i></span>"
                + $"<span class=\"number\">{Rate.Text(rate.Median)}</span>"
                + $"<span class=\"number\">{(ours ? "" : $"{entry.Over(rate):0.00} ×")}</span></div>");
        }
        text.AppendLine("</div>");

        string Percent(double rate) => $"{100 * rate / longest:0.0}%";
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
