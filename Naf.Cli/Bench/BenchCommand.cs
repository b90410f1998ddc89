using System.CommandLine;
using Naf.Cli.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench</c>: how fast the parts are on this machine.</summary>
internal static class BenchCommand
{
    public static Command Create(Terminal terminal) =>
        new ExampleCommand("bench", "Times a part of naf on this machine, after checking its result.", "naf bench update --threads 1 --json")
        {
            BenchUpdateCommand.Create(terminal), BenchRolloutCommand.Create(terminal), BenchFitCommand.Create(terminal),
            BenchAdvantageCommand.Create(terminal), BenchSimCommand.Create(terminal), BenchStepCommand.Create(terminal),
        };
}
