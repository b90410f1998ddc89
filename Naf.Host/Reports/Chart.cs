using System.Net;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Naf.Host.Reports;

/// <summary>A point of a curve with the band around it.</summary>
internal readonly record struct CurvePoint(double X, double Middle, double Low, double High);

/// <summary>A curve of a chart.</summary>
internal sealed record Curve(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>A level that a chart marks, such as the paper's best score.</summary>
internal sealed record Level(string Name, double Value);

/// <summary>
/// Charts as elements of a page, drawn by OxyPlot. Colours are for the colour-blind (Okabe and Ito 2008); a line style
/// for each besides tells curves apart in grey.
/// </summary>
internal static class Chart
{
    private const int Width = 720, Height = 400;

    private static readonly OxyColor[] Colours =
    [
        OxyColor.FromRgb(0, 114, 178), OxyColor.FromRgb(213, 94, 0), OxyColor.FromRgb(0, 158, 115),
        OxyColor.FromRgb(204, 121, 167), OxyColor.FromRgb(86, 180, 233), OxyColor.FromRgb(230, 159, 0),
        OxyColor.FromRgb(80, 80, 80),
    ];

    private static readonly LineStyle[] Styles =
        [LineStyle.Solid, LineStyle.Dash, LineStyle.Dot, LineStyle.DashDot, LineStyle.LongDash];

    /// <summary>Curves over a common axis.</summary>
    public static string Curves(string xTitle, string yTitle, IReadOnlyList<Curve> curves, params Level[] levels)
    {
        PlotModel plot = NewPlot(xTitle, yTitle);
        foreach ((int i, Curve curve) in curves.Index())
        {
            OxyColor colour = Colours[i % Colours.Length];
            var band = new AreaSeries
            {
                Fill = OxyColor.FromAColor(38, colour), Color = OxyColors.Transparent,
                Color2 = OxyColors.Transparent,
            };
            var line = new LineSeries
            {
                Color = colour, LineStyle = Styles[i % Styles.Length], StrokeThickness = 2,
            };
            foreach (CurvePoint p in curve.Points)
            {
                band.Points.Add(new DataPoint(p.X, p.Low));
                band.Points2.Add(new DataPoint(p.X, p.High));
                line.Points.Add(new DataPoint(p.X, p.Middle));
            }
            plot.Series.Add(band);
            plot.Series.Add(line);
        }
        foreach ((int i, Level level) in levels.Index())
            plot.Annotations.Add(new OxyPlot.Annotations.LineAnnotation
            {
                Type = OxyPlot.Annotations.LineAnnotationType.Horizontal, Y = level.Value, Text = level.Name,
                Color = OxyColors.Gray, LineStyle = LineStyle.Dot, TextColor = OxyColors.Black,
                // names of levels that are near each other stand side by side
                TextHorizontalAlignment = HorizontalAlignment.Right, TextLinePosition = 0.98 - 0.4 * (i % 2),
            });
        // a level outside the curves is to be seen as well
        double[] ys = [.. levels.Select(l => l.Value), .. curves.SelectMany(c => c.Points)
            .SelectMany(p => new[] { p.Low, p.High })];
        if (ys.Length > 0)
        {
            double margin = 0.05 * Math.Max(ys.Max() - ys.Min(), 1e-9);
            (plot.Axes[1].Minimum, plot.Axes[1].Maximum) = (ys.Min() - margin, ys.Max() + margin);
        }
        return Svg(plot, Height) + Legend(curves);
    }

    /// <summary>Estimates with their intervals, one below the other.</summary>
    public static string Intervals(string xTitle, IReadOnlyList<(string Name, Estimate Estimate)> rows)
    {
        PlotModel plot = NewPlot(xTitle, "");
        plot.Axes.RemoveAt(1);
        var names = new CategoryAxis { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0 };
        names.Labels.AddRange(rows.Select(row => row.Name));
        plot.Axes.Add(names);
        foreach ((int i, (_, Estimate e)) in rows.Index())
        {
            var interval = new LineSeries { Color = Colours[0], StrokeThickness = 8 };
            interval.Points.AddRange([new DataPoint(e.Low, i), new DataPoint(e.High, i)]);
            plot.Series.Add(interval);
            var middle = new ScatterSeries { MarkerType = MarkerType.Diamond, MarkerSize = 6, MarkerFill = Colours[1] };
            middle.Points.Add(new ScatterPoint(e.Value, i));
            plot.Series.Add(middle);
        }
        return Svg(plot, 90 + 36 * rows.Count);
    }

    private static PlotModel NewPlot(string xTitle, string yTitle)
    {
        var plot = new PlotModel
        {
            DefaultFont = "system-ui, sans-serif", DefaultFontSize = 13, Padding = new OxyThickness(24, 8, 16, 8),
        };
        OxyColor grid = OxyColor.FromAColor(60, OxyColors.Gray);
        foreach ((AxisPosition position, string title) in
            ((AxisPosition, string)[])[(AxisPosition.Bottom, xTitle), (AxisPosition.Left, yTitle)])
            plot.Axes.Add(new LinearAxis
            {
                Position = position, Title = title, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = grid,
                MinorTickSize = 0, AxisTitleDistance = 14,
            });
        return plot;
    }

    // as text of the page: the plot can't know how wide a reader's font is
    private static string Legend(IReadOnlyList<Curve> curves) =>
        $"<ul class=\"legend\">{string.Concat(curves.Select((curve, i) =>
        {
            OxyColor c = Colours[i % Colours.Length];
            string dashes = string.Join(' ', (Styles[i % Styles.Length].GetDashArray() ?? []).Select(d => 2 * d));
            return $"<li><svg width=\"40\" height=\"10\"><line x1=\"0\" y1=\"5\" x2=\"40\" y2=\"5\" stroke-width=\"2\" "
                + $"stroke=\"rgb({c.R},{c.G},{c.B})\" stroke-dasharray=\"{dashes}\" /></svg> "
                + $"{WebUtility.HtmlEncode(curve.Name)}</li>";
        }))}</ul>";

    // an element of a page; its size is the page's, so that only the ratio remains
    private static string Svg(PlotModel plot, int height)
    {
        string svg = new SvgExporter { Width = Width, Height = height, IsDocument = false }.ExportToString(plot);
        string element = svg[svg.IndexOf("<svg", StringComparison.Ordinal)..];
        return element.Replace($"<svg width=\"{Width}\" height=\"{height}\"", $"<svg viewBox=\"0 0 {Width} {height}\"");
    }
}
