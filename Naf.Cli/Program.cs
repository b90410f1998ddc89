using Naf.Cli;
using Naf.Cli.Common;

return CommandLine.Run(args, Terminal.OfProcess());
