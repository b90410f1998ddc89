namespace Naf.Tests;

/// <summary>naf in a child process, which can receive signals.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;

    public ChildProcess(params string[] arguments) : this("", [], arguments)
    {
    }

    /// <summary>Starts it in a folder, with environment variables.</summary>
    public ChildProcess(string folder, (string Name, string Value)[] environment, params string[] arguments)
        : this(folder, environment, DotnetPath, [Program, .. arguments])
    {
    }

    private ChildProcess(
        string folder, (string Name, string Value)[] environment, string executable, string[] arguments)
    {
        var start = new ProcessStartInfo(executable, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder,
        };
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        Output = _process.StandardOutput.ReadToEndAsync();
        Error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Starts it by the shell, with arguments and redirections.</summary>
    public static ChildProcess OfShell(string arguments) =>
        new("", [], "sh", ["-c", $"exec '{DotnetPath}' '{Program}' {arguments}"]);

    /// <summary>The command that is naf.</summary>
    public static string[] Command => [DotnetPath, Program];

    /// <summary>Starts another program.</summary>
    public static ChildProcess Of(string executable, params string[] arguments) => new("", [], executable, arguments);

    /// <summary>Its standard output, after it has exited.</summary>
    public Task<string> Output { get; }

    /// <summary>Its standard error, after it has exited.</summary>
    public Task<string> Error { get; }

    public bool HasExited => _process.HasExited;

    private static string Program => Path.Combine(AppContext.BaseDirectory, "naf.dll");

    // the executable that runs this test
    private static string DotnetPath =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>Kills it, as `kill -9` does.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Sends a signal, such as TERM.</summary>
    public void Signal(string name) => Process.Start("kill", [$"-{name}", $"{_process.Id}"]).WaitForExit();

    /// <summary>Waits until it exits.</summary>
    /// <returns>Its exit code.</returns>
    public int Wait()
    {
        Assert.That(_process.WaitForExit(60_000), Is.True, "the process did not end within a minute");
        return _process.ExitCode;
    }

    /// <summary>Waits until a condition holds or the process exits.</summary>
    public void WaitUntil(Func<bool> holds)
    {
        for (var watch = Stopwatch.StartNew(); !holds() && !HasExited && watch.Elapsed.TotalSeconds < 60;)
            Thread.Sleep(1);
    }

    public void Dispose()
    {
        if (!HasExited) Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
