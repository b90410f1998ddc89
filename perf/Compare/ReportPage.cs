using System.Net;

namespace Naf.Perf;

/// <summary>A report as a static page: one bar per implementation, with the range of its rounds.</summary>
internal static class ReportPage
{
    private const string Style = """
        body { font: 15px/1.45 system-ui, sans-serif; color: #1b1f24; max-width: 62rem; margin: 2rem auto;
            padding: 0 1rem; }
        h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
        h2 { font-size: 1.15rem; margin: 2rem 0 .6rem; border-bottom: 1px solid #d0d7de; }
        p, ul { margin: .3rem 0; color: #424a53; } li { margin: .1rem 0; }
        section > div { break-inside: avoid; margin: 0 0 1.1rem; }
        h3 { font-size: .95rem; font-weight: 600; margin: 0 0 .25rem; } h3 span { font-weight: 400; color: #57606a; }
        .row { display: grid; grid-template-columns: 17.5rem 1fr 5rem 4.5rem; gap: .6rem; align-items: center;
            height: 1.55rem; }
        .row > * { white-space: nowrap; } .number { text-align: right; font-variant-numeric: tabular-nums; }
        .bar { position: relative; height: 1rem; background: #f3f4f6; }
        .bar b, .bar i { position: absolute; display: block; print-color-adjust: exact;
            -webkit-print-color-adjust: exact; }
        .bar b { height: 100%; background: #8c959f; } .ours .bar b { background: #0969da; } .ours { font-weight: 600; }
        .bar i { top: calc(50% - 1px); height: 2px; background: #1b1f24; }
        @media (max-width: 45rem) {
            .row { grid-template-columns: 1fr 5rem 4rem; height: auto; } .bar { grid-column: 1 / -1; grid-row: 2; }
        }
        @media print {
            body { margin: 0; max-width: none; font-size: 11px; } .bar { background: none; border: 1px solid #d0d7de; }
        }
        """;

    public static string[] Of(Report report) =>
    [
        "<!doctype html>", "<html lang=\"en\"><head><meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        $"<title>Naf.Gpu and its peers: {Escape(report.Name)}</title>", $"<style>\n{Style}\n</style></head><body>",
        "<h1>Naf.Gpu and its peers</h1>", $"<p>{Escape(string.Join(" · ", report.Hardware))}</p>",
        $"<p>{Escape($"{report.Platform}; {report.Torch}; commit {report.Commit}, {report.Date}")}</p>",
        "<p>Longer is faster. Bars are medians of rounds taken in turns, "
            + "the dark line runs from the slowest round to the fastest; ",
        "the last column is Naf.Gpu's median over the row's. "
            + "Results were held against each other before anything was timed.</p>",
        .. report.Entries.GroupBy(e => e.Work).SelectMany(work => (string[])
        [
            $"<section><h2>{char.ToUpperInvariant(work.Key[0])}{Escape($"{work.Key[1..]}, {work.First().Unit}")}</h2>",
            .. work.SelectMany(Bars), "</section>",
        ]),
        .. report.NotMeasured.Take(1).Select(_ => "<h2>Not measured</h2><ul>"),
        .. report.NotMeasured.Select(what => $"<li>{Escape(what)}</li>"),
        .. report.NotMeasured.Take(1).Select(_ => "</ul>"),
        "</body></html>",
    ];

    private static string[] Bars(Entry entry)
    {
        double longest = entry.Rates.Max(r => r.Highest);
        return
        [
            $"<div><h3>{Escape(entry.Case)} <span>{Escape(entry.Device)}</span></h3>",
            .. entry.Rates.Select((rate, i) =>
                $"<div class=\"row{(i == 0 ? " ours" : "")}\"><span>{Escape(rate.Name)}</span>"
                + $"<span class=\"bar\"><b style=\"width:{Percent(rate.Median)}\"></b>"
                + $"<i style=\"left:{Percent(rate.Lowest)};width:{Percent(rate.Highest - rate.Lowest)}\"></i></span>"
                + $"<span class=\"number\">{Rate.Text(rate.Median)}</span>"
                + $"<span class=\"number\">{(i == 0 ? "" : $"{entry.Over(rate):0.00} ×")}</span></div>"),
            "</div>",
        ];

        string Percent(double rate) => $"{100 * rate / longest:0.0}%";
    }

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
