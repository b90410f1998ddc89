using System.Net;
using Naf.Host.Common;
using Naf.Host.Files;
using Naf.Host.Pictures;

namespace Naf.Host.Reports;

/// <summary>
/// A report as one HTML page that loads nothing, with the same text as Markdown and its tables as CSV files beside it.
/// </summary>
internal sealed class ReportPage(string title)
{
    // by which a page that may be replaced is known
    private const string Generator = "<meta name=\"generator\" content=\"naf\" />";

    private const string Style = """
        :root { color-scheme: light dark; --text: #1b1b1b; --back: #fff; --line: #ccc; --faint: #f3f4f6; }
        @media (prefers-color-scheme: dark) {
          :root { --text: #e6e6e6; --back: #16181c; --line: #444; --faint: #22262c; }
          figure svg { filter: invert(0.9) hue-rotate(180deg); }
        }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
          max-width: 70rem; margin: 0 auto; padding: 1rem; }
        h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
        .table { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; font-size: 0.9rem; }
        caption { text-align: left; padding-bottom: 0.4rem; font-weight: 600; }
        th, td { padding: 0.25rem 0.7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap;
          font-variant-numeric: tabular-nums; }
        th:first-child, td.text { text-align: left; } thead th { background: var(--faint); vertical-align: bottom; }
        tbody th { font-weight: 400; }
        figure { margin: 1.5rem 0; max-width: 48rem; } figure div > svg { width: 100%; height: auto; }
        figure img { max-width: 100%; }
        .legend { list-style: none; padding: 0; margin: 0.2rem 0 0.6rem; font-size: 0.9rem; }
        figcaption { font-size: 0.9rem; } pre { overflow-x: auto; background: var(--faint); padding: 0.7rem; }
        .note { border-left: 4px solid #d55e00; padding: 0.2rem 0.8rem; background: var(--faint); }
        nav ul { columns: 3 12rem; padding-left: 1.2rem; }
        @media print { :root { --text: #000; --back: #fff; --faint: #fff; } figure svg { filter: none; }
          figure, tr { break-inside: avoid; } .table { overflow: visible; } nav { display: none; }
          table { font-size: 0.65rem; } }
        """;

    private readonly StringBuilder _html = new(), _markdown = new();
    private readonly List<string> _sections = [];
    private readonly List<ReportTable> _tables = [];
    private int _figures;

    /// <summary>Begins a section.</summary>
    public void Section(string heading)
    {
        _html.Append($"<h2 id=\"s{_sections.Count}\">{Encode(heading)}</h2>\n");
        _markdown.Append($"## {heading}\n\n");
        _sections.Add(heading);
    }

    public void Paragraph(string text)
    {
        _html.Append($"<p>{Encode(text)}</p>\n");
        _markdown.Append($"{text}\n\n");
    }

    /// <summary>A sentence that a reader must not overlook.</summary>
    public void Note(string text)
    {
        _html.Append($"<p class=\"note\">{Encode(text)}</p>\n");
        _markdown.Append($"> {text}\n\n");
    }

    public void Add(ReportTable table)
    {
        _html.Append(table.Html);
        _markdown.Append($"{table.Caption}:\n\n{table.Markdown}\n");
        Attach(table);
    }

    /// <summary>A table that is too long for the page: it is written as CSV alone.</summary>
    public void Attach(ReportTable table) => _tables.Add(table);

    /// <summary>A chart; <paramref name="caption"/> tells a reader who does not see it what it shows.</summary>
    public void Figure(string chart, string caption)
    {
        // the plots number their clipping regions from 1, and the page has one space of names
        string unique = $"f{++_figures}-";
        chart = chart.Replace("id=\"", $"id=\"{unique}").Replace("url(#", $"url(#{unique}");
        _html.Append($"<figure><div role=\"img\" aria-label=\"{Encode(caption)}\">{chart}</div>"
            + $"<figcaption>{Encode(caption)}</figcaption></figure>\n");
        _markdown.Append($"{caption}\n\n");
    }

    /// <summary>A picture, as part of the page, or why there is none.</summary>
    public void Add(RunPicture picture)
    {
        if (picture.Png is not { } png)
        {
            Paragraph(picture.Caption);
            return;
        }
        _html.Append($"<figure><img alt=\"{Encode(picture.Caption)}\" "
            + $"src=\"data:image/png;base64,{Convert.ToBase64String(png)}\" />"
            + $"<figcaption>{Encode(picture.Caption)}</figcaption></figure>\n");
        _markdown.Append($"{picture.Caption}\n\n");
    }

    public void Commands(IEnumerable<string> lines)
    {
        string text = string.Join('\n', lines);
        _html.Append($"<pre tabindex=\"0\">{Encode(text)}</pre>\n");
        _markdown.Append($"```\n{text}\n```\n\n");
    }

    /// <summary>Writes NAME.html, NAME.md and a NAME-TABLE.csv for each table; those of before are removed.</summary>
    /// <returns>The paths of the files, the page first.</returns>
    /// <exception cref="UserException">A file can't be written, or is not of a report.</exception>
    public IReadOnlyList<string> Write(string folder, string name)
    {
        (string Name, string Text)[] files =
        [
            ($"{name}.html", Html()), ($"{name}.md", $"# {title}\n\n{_markdown.ToString().TrimEnd()}\n"),
            .. _tables.Select(table => ($"{name}-{table.Name}.csv", table.Csv)),
        ];
        OutputFile.MakeFolder(folder);
        string page = Path.Combine(folder, files[0].Name);
        if (files.FirstOrDefault(file => File.Exists(Path.Combine(folder, file.Name))) is { Name: { } there }
            && !(File.Exists(page) && File.ReadAllText(page).Contains(Generator, StringComparison.Ordinal)))
            throw new UserException(
                $"{Path.Combine(folder, there)} is there already and is not of a report; choose another folder");
        foreach (string before in Directory.GetFiles(folder, $"{name}-*.csv")) File.Delete(before);
        foreach ((string file, string text) in files)
            OutputFile.Write(Path.Combine(folder, file), stream => stream.Write(Encoding.UTF8.GetBytes(text)));
        return [.. files.Select(file => Path.Combine(folder, file.Name))];
    }

    /// <param name="head">What the page's head has besides.</param>
    public string Html(string head = "") => $"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        {Generator}
        <title>{Encode(title)}</title>
        <style>
        {Style}
        </style>{head}</head><body><main>
        <h1>{Encode(title)}</h1>
        <nav aria-label="Sections"><ul>
        {string.Join('\n', _sections.Select((heading, i) => $"<li><a href=\"#s{i}\">{Encode(heading)}</a></li>"))}
        </ul></nav>
        {_html}</main></body></html>

        """;

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
