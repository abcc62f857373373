using System.CommandLine;
using Streams.Cli.Demo;
using Streams.Ingest.Files;

namespace Streams.Cli.Commands;

/// <summary><c>streams demo</c>: the main job from usage events to posted documents, in one process.</summary>
static class DemoCommand
{
    public static Command Create()
    {
        var usage = new Option<string?>("--usage") { Description = "A real file instead of generated telemetry", HelpName = "FILE" };
        var mapping = new Option<string?>("--mapping") { Description = "How its lines become events; see docs/mappings", HelpName = "FILE" };
        var format = new Option<string?>("--format") { Description = "csv or access-log (default: by the file's name)" };
        format.AcceptOnlyFromAmong("csv", "access-log");
        var events = new Option<int>("--events") { Description = "Events to generate", DefaultValueFactory = _ => 60_000 };
        var customers = new Option<int>("--customers") { Description = "Customers to generate", DefaultValueFactory = _ => 300 };
        var seed = new Option<int>("--seed") { Description = "Seed of the telemetry", DefaultValueFactory = _ => 1 };
        var stay = new Option<bool>("--stay") { Description = "Keep the pages up afterwards, until Ctrl-C" };
        var byHand = new Option<bool>("--by-hand") { Description = "Leave the exception to you: its commands are printed, and everything stays up until Ctrl-C" };
        var output = SharedOptions.Output("table", "json");
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var postgres = SharedOptions.Postgres();
        var command = new Command("demo", "The main job: usage in, rated, posted to a simulated NetSuite and S/4HANA, an exception put right, everything reconciled. Embedded broker and registry unless others are given.\n\nEXAMPLES\n  streams demo\n  streams demo --by-hand\n  streams demo --usage usage.csv --mapping docs/mappings/azure-llm.json\n  streams demo --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081 --output json")
            { usage, mapping, format, events, customers, seed, stay, byHand, output, bootstrap, registry, settings, postgres };
        command.SetAction(async (parsed, cancel) =>
        {
            var file = parsed.GetValue(usage);
            var options = new DemoOptions(parsed.GetValue(events), parsed.GetValue(customers), parsed.GetValue(seed), file, parsed.GetValue(mapping), FormatOf(parsed.GetValue(format), file), parsed.GetValue(byHand));
            var kafka = parsed.GetValue(bootstrap) is null ? null : parsed.Kafka(bootstrap, registry, settings);
            if (parsed.GetValue(postgres) is not { Length: > 0 } ledger) throw new CommandException(ExitCodes.WrongUsage, "--postgres is needed (./streams provides it by itself)");
            await using var plant = await DemoPlant.StartAsync(kafka, ledger, "http://127.0.0.1:0", cancel);
            var report = await ProgressBar.RunAsync("demo", bar => new DemoRun(plant, options, bar).RunAsync(cancel));
            if (parsed.GetValue(output) == "json") DemoPrinter.AsJson(report);
            else DemoPrinter.AsTables(report);
            if (parsed.GetValue(stay) || options.ByHand)
            {
                Console.Error.WriteLine($"streams: the pages are at {plant.Host.Urls.First()}/ until Ctrl-C (also /metrics, /health/ready)");
                await Termination.WaitAsync(cancel);
            }
            return report.Reconciled ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    static ImportFormat FormatOf(string? stated, string? file) =>
        stated == "access-log" || (stated is null && file is not null && !file.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)) ? ImportFormat.AccessLog : ImportFormat.Csv;
}
