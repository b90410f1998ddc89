using Naf.Host.Cli;
using Naf.Host.Cli.Common;

return CommandLine.Run(args, Terminal.OfProcess());
