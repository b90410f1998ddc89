using System.CommandLine;
using Naf.Cli.Common;
using Naf.Host.Common;
using Naf.Host.Watching;

namespace Naf.Cli.Commands;

/// <summary><c>naf watch</c>: a page on a run that follows its training.</summary>
internal static class WatchCommand
{
    private const int UsualPort = 6070;

    public static Command Create(Terminal terminal) => new ExampleCommand(
        "watch",
        "Serves a page on a run to browsers on this machine: curves and the policy's picture, as training goes on.",
        "naf watch runs/cartpole-naf-1", parsed => Run(terminal, parsed))
    {
        new Argument<string>("RUN") { Description = "a run's folder: in training, stopped or finished" },
        CliOption.Text("--port", "N", $"the port of 127.0.0.1 [{UsualPort}, or a free one if that is taken]"),
        CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        int? port = parsed.Given("--port") is null ? null : parsed.Integer("--port", UsualPort, 1, 65_535);
        string folder = parsed.Given("RUN")!;
        var run = new RunWatch(folder);
        using LoopbackServer server = Open(port, run);
        using var stop = new StopSignals();
        if (parsed.IsJson()) Json.Write(terminal.Out, new { server.Url, Run = folder });
        else terminal.Out.WriteLine($"{server.Url} shows {folder} until Ctrl-C");
        server.Run(stop.Token).GetAwaiter().GetResult();
        return 0;
    }

    private static LoopbackServer Open(int? port, RunWatch run)
    {
        try
        {
            return new LoopbackServer(port ?? UsualPort, run.Page);
        }
        catch (UserException) when (port is null)
        {
            return new LoopbackServer(0, run.Page);
        }
    }
}
