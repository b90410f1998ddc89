using Naf.Host;

return CommandLine.Run(args, Terminal.OfProcess());
