using Retort.Cli;

return Interruption.Run(cancellation => CliApp.Run(args, CliHost.OfProcess(cancellation)));
