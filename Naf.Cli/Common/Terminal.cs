using Naf.Host.Common;
using Spectre.Console;

namespace Naf.Cli.Common;

/// <summary>A command's output: results to <paramref name="Out"/>, the rest to <paramref name="Error"/>.</summary>
/// <param name="Interactive">Whether both are shown to a person; only then is progress shown.</param>
internal sealed record Terminal(TextWriter Out, TextWriter Error, bool Interactive)
{
    /// <summary>The process's standard streams, in UTF-8.</summary>
    public static Terminal OfProcess()
    {
        Console.OutputEncoding = Encoding.UTF8;
        return new Terminal(
            new Output(Console.Out, isLost: false), new Output(Console.Error, isLost: true),
            !Console.IsOutputRedirected && !Console.IsErrorRedirected);
    }

    /// <summary>Writes one sentence on something that went wrong or may surprise.</summary>
    public void Warn(string sentence) =>
        // it may quote a file or a program, whose control characters would change what the terminal shows
        Error.WriteLine($"naf: {string.Concat(sentence.Select(c => c == '\n' ? ' ' : char.IsControl(c) ? '?' : c))}");

    /// <summary>Writes a line on what has ended into a log; a terminal shows a bar instead.</summary>
    public void Log(string line)
    {
        if (!Interactive) Error.WriteLine(line);
    }

    /// <summary>Writes aligned columns: text to the left, numbers (all but the first row) to the right.</summary>
    public void WriteTable(IReadOnlyList<string[]> rows)
    {
        int columns = rows[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => rows.Max(r => r[c].Length))];
        bool[] numbers = [.. Enumerable.Range(0, columns)
            .Select(c => rows.Count > 1 && rows.Skip(1).All(r => double.TryParse(r[c], out _)))];
        foreach (string[] row in rows)
            Out.WriteLine(string.Join("  ",
                row.Select((cell, c) => numbers[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))).TrimEnd());
    }

    /// <summary>
    /// Writes a table; where it is wider than the terminal, the columns <paramref name="broken"/> have each word on a
    /// line of its own. Where no person reads it, aligned columns.
    /// </summary>
    public void WriteTable(IReadOnlyList<string[]> rows, string[] broken)
    {
        if (!Interactive)
        {
            WriteTable(rows);
            return;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Out) });
        int width = 1 + Enumerable.Range(0, rows[0].Length).Sum(c => rows.Max(row => row[c].Length) + 2);
        bool narrow = width > console.Profile.Width;
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string name in rows[0])
            table.AddColumn(new TableColumn(Text(name, name)).Padding(0, 0, narrow ? 0 : 1, 0).NoWrap());
        foreach (string[] row in rows.Skip(1)) table.AddRow([.. row.Select((cell, c) => Text(cell, rows[0][c]))]);
        console.Write(table);

        string Text(string cell, string column) => Markup.Escape(
            narrow && broken.Contains(column) ? cell.Replace(' ', '\n') : cell);
    }

    // a closed or full stream: of results, that is an error; messages are lost, and the exit code remains
    private sealed class Output(TextWriter writer, bool isLost) : TextWriter
    {
        public override Encoding Encoding => writer.Encoding;

        public override void Write(char value) => Write(new ReadOnlySpan<char>(in value));

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(string? value) => Write(value.AsSpan());

        public override void WriteLine(string? value) => Write(value + NewLine);

        public override void Write(ReadOnlySpan<char> text)
        {
            try
            {
                writer.Write(text);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (isLost) return;
                throw new UserException(
                    $"standard output can't be written: {e.Message.TrimEnd('.')}; send it to another place", e);
            }
        }
    }
}
