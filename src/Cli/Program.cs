using System.CommandLine;
using Streams.Cli;
using Streams.Cli.Commands;
using Streams.Cli.Commands.Erp;

Terminal.Configure();
var root = new RootCommand("Usage metering, rating and ERP posting on Kafka.\n\nEXAMPLES\n  streams demo                          the main job on embedded defaults, from usage events to posted ERP documents\n  streams demo --output json | jq .reconciliation\n  streams broker --port 9092 --data ./data\n  streams up --roles ingest,aggregators,erp-sink,console --bootstrap-server localhost:9092 --registry http://localhost:8081\n  streams import csv usage.csv --mapping mapping.json --bootstrap-server localhost:9092 --registry http://localhost:8081")
{
    DemoCommand.Create(),
    UpCommand.Create(),
    BrokerCommand.Create(),
    RegistryCommand.Create(),
    SimulatorCommand.Create(),
    SimulatorCommand.CreateSimulate(),
    ImportCommand.Create(),
    ContractsCommand.Create(),
    RateCommand.Create(),
    LineageCommand.Create(),
    MetersCommand.Create(),
    PeriodsCommand.Create(),
    ErpCommand.Create(),
    ReplayCommand.Create(),
    WorkCommand.Create(),
    ApprovalsCommand.Create(),
    AuditCommand.Create(),
    BenchCommand.Create(),
    TopicsCommand.Create(),
    ResetCommand.Create(),
    SchemasCommand.Create(),
    TopologyCommand.Create(),
    DoctorCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is System.CommandLine.Invocation.ParseErrorAction)
{
    foreach (var error in parsed.Errors) Console.Error.WriteLine($"streams: {error.Message}");
    Console.Error.WriteLine("streams: see --help");
    return ExitCodes.WrongUsage;
}
try
{
    KillSwitch.Arm();
    return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false });
}
catch (CommandException e)
{
    Console.Error.WriteLine($"streams: {e.Message}");
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    return ExitCodes.Done;
}
