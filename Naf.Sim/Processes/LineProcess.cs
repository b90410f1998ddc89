using System.ComponentModel;

namespace Naf.Sim.Processes;

/// <summary>
/// A process with which lines of UTF-8 are exchanged: a command of the shell, over its standard input and output, or
/// the program that started this process, over this one's. The standard error of a command is this process's. Each
/// side finds the end of its input when the other ends, however that is.
/// </summary>
internal sealed class LineProcess
{
    private const int LongestLine = 1 << 24; // bytes

    // signals to a group of processes, as by Ctrl-C, reach the children too, whose last step must still be answered
    private const string Shell = "trap '' INT HUP TERM; exec /bin/sh -c \"$0\"";

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    private readonly Process? _process;
    private readonly Stream _input, _output;
    private readonly SemaphoreSlim _asked = new(0), _answered = new(0);
    private byte[] _read = new byte[4096];
    private int _filled;
    private string? _request, _answer, _problem;
    private bool _lost;
    private volatile bool _closing;

    private LineProcess(Process? process, Stream input, Stream output)
    {
        (_process, _input, _output) = (process, input, output);

        // reads and writes on pipes can't be given up; a thread of its own can be left waiting
        new Thread(Serve) { IsBackground = true, Name = "naf environment" }.Start();
    }

    /// <summary>Starts a command.</summary>
    /// <exception cref="EnvironmentException">There is no shell.</exception>
    public static LineProcess Start(string command)
    {
        try
        {
            Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Shell, command])
            {
                RedirectStandardInput = true, RedirectStandardOutput = true,
            })!;
            return new LineProcess(process, process.StandardInput.BaseStream, process.StandardOutput.BaseStream);
        }
        catch (Win32Exception e)
        {
            throw new EnvironmentException($"can't be started by /bin/sh: {e.Message}", e);
        }
    }

    /// <summary>The program that started this process; there is one, whose input ends when this process does.</summary>
    public static LineProcess OfParent() =>
        new(null, Console.OpenStandardOutput(), Console.OpenStandardInput());

    /// <summary>Writes a line, if there is one, and reads the next.</summary>
    /// <param name="timeout">Within which to read it; a wait without end is given up soon after a stop.</param>
    /// <exception cref="EnvironmentException">
    /// None came in time, or it is no text; the message is the end of a sentence about the process.
    /// </exception>
    public string Exchange(string? request, TimeSpan timeout, CancellationToken stop)
    {
        if (_lost) throw Failure("failed before");
        _lost = true; // until there is an answer
        (_request, _answer, _problem) = (request, null, null);
        _asked.Release();
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            if (!AnsweredUnless(stop))
                throw new EnvironmentException("did not answer before naf was stopped")
                {
                    End = EnvironmentEnd.Stopped,
                };
        }
        else if (!_answered.Wait(timeout))
            throw new EnvironmentException(
                string.Create(CultureInfo.InvariantCulture, $"did not answer within {timeout.TotalSeconds:0.#} s"))
            {
                End = EnvironmentEnd.TimedOut,
            };
        if (_answer is null) throw Failure(_problem ?? Ending());
        _lost = false;
        return _answer;
    }

    /// <summary>Writes a last line, closes the process's input, and ends it if it does not end.</summary>
    /// <param name="stop">
    /// A line before the last, which a process that did not answer gets too, with some time to heed it; null: none.
    /// </param>
    public void Close(string lastLine, string? stop)
    {
        if (stop is not null) Tell(stop);
        if (_closing || _process is null) return;
        _closing = true;
        _request = lastLine; // not one that a late answer is to
        _asked.Release();
        try
        {
            if ((_lost && stop is null) || !_process.WaitForExit(Grace)) _process.Kill(entireProcessTree: true);
            _process.WaitForExit(Grace);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or AggregateException)
        {
            // it has ended meanwhile
        }
        _output.Dispose();
        _process.Dispose();
    }

    /// <summary>
    /// Writes a line that has no answer, within some time: a process that does not read may have filled its pipe.
    /// </summary>
    // nothing else is written meanwhile
    public void Tell(string line)
    {
        var writing = new Thread(() =>
        {
            try
            {
                _input.Write(Utf8.GetBytes(line + "\n"));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // it has ended
            }
        }) { IsBackground = true };
        writing.Start();
        writing.Join(Grace);
    }

    private bool AnsweredUnless(CancellationToken stop)
    {
        try
        {
            _answered.Wait(stop);
            return true;
        }
        catch (OperationCanceledException)
        {
            return _answered.Wait(Grace);
        }
    }

    private void Serve()
    {
        using Stream input = _input;
        while (true)
        {
            _asked.Wait();
            try
            {
                if (_request is { } line) input.Write(Utf8.GetBytes(line + "\n"));
            }
            catch (IOException)
            {
                // it does not read any more, which its last line or its end explains
            }
            if (_closing) return;
            try
            {
                _answer = ReadLine();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // as at its end
            }
            _answered.Release();
        }
    }

    // null: the end, or _problem
    private string? ReadLine()
    {
        for (int searched = 0; ;)
        {
            int end = _read.AsSpan(searched, _filled - searched).IndexOf((byte)'\n') + searched;
            if (end >= searched)
            {
                try
                {
                    return Utf8.GetString(_read, 0, end);
                }
                catch (DecoderFallbackException)
                {
                    _problem = "answered by a line that is not UTF-8";
                    return null;
                }
                finally
                {
                    _read.AsSpan(end + 1, _filled - end - 1).CopyTo(_read);
                    _filled -= end + 1;
                }
            }
            searched = _filled;
            if (_filled == LongestLine)
            {
                _problem = $"answered by a line of more than {LongestLine >> 20} MiB";
                return null;
            }
            if (_filled == _read.Length) Array.Resize(ref _read, 2 * _filled);
            int count = _output.Read(_read, _filled, _read.Length - _filled);
            if (count == 0) return null;
            _filled += count;
        }
    }

    private EnvironmentException Failure(string problem) =>
        new(problem)
        {
            End = _process is null && _problem is null ? EnvironmentEnd.ClosedByProgram : EnvironmentEnd.Failed,
        };

    private string Ending()
    {
        if (_process is null) return "closed its end";
        if (!_process.WaitForExit(Grace)) return "closed its standard output, though it still runs,";
        int code = _process.ExitCode;
        return $"ended with exit code {code}" + (code > 128 ? $" (signal {code - 128})" : "");
    }
}
