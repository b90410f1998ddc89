using System.Net;
using Naf.Host.Files;

namespace Naf.Host.Reports;

/// <summary>A table of a report: as HTML for the page, as Markdown, and as CSV.</summary>
/// <param name="Name">A file's name without its ending.</param>
/// <param name="Caption">What it shows, in a sentence.</param>
/// <param name="Rows">Cells of each row, as many as there are columns; "" where there is nothing to say.</param>
internal sealed record ReportTable(
    string Name, string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    // wide tables scroll on their own, by keyboard too
    public string Html =>
        $"<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"{WebUtility.HtmlEncode(Caption)}\">\n"
        + $"<table><caption>{WebUtility.HtmlEncode(Caption)}</caption>\n<thead><tr>"
        + string.Concat(Columns.Select(column => $"<th scope=\"col\">{WebUtility.HtmlEncode(column)}</th>"))
        + "</tr></thead>\n<tbody>\n"
        + string.Concat(Rows.Select(row => $"<tr><th scope=\"row\">{WebUtility.HtmlEncode(row[0])}</th>"
            + string.Concat(row.Skip(1).Select(Cell)) + "</tr>\n"))
        + "</tbody></table></div>\n";

    public string Markdown =>
        Line(Columns) + $"|{string.Concat(Columns.Select(_ => "---|"))}\n" + string.Concat(Rows.Select(Line));

    public string Csv =>
        string.Concat(Rows.Prepend(Columns).Select(row => CsvFile.Line([.. row])));

    private static string Cell(string text) =>
        $"<td{(text.Length > 0 && char.IsLetter(text[0]) ? " class=\"text\"" : "")}>{WebUtility.HtmlEncode(text)}</td>";

    private static string Line(IReadOnlyList<string> cells) =>
        $"| {string.Join(" | ", cells.Select(cell => cell.Replace("|", "\\|")))} |\n";
}
