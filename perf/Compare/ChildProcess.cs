namespace Naf.Perf;

/// <summary>Runs a peer in its own process.</summary>
internal static class ChildProcess
{
    /// <summary>Runs a program and returns its standard output.</summary>
    /// <exception cref="InvalidOperationException">It is missing, failed, or took over two minutes.</exception>
    public static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string>
                output = process.StandardOutput.ReadToEndAsync(),
                error = process.StandardError.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                throw new InvalidOperationException("not done within two minutes");
            }
            string[] lines = error.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return process.ExitCode == 0 ? output.Result
                : throw new InvalidOperationException(lines.LastOrDefault("it failed without a word"));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new InvalidOperationException(e.Message, e);
        }
    }
}
