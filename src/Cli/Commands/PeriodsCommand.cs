using System.CommandLine;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams periods close --through TIME</c>: a recorded close, so that replay closes at the same place.</summary>
static class PeriodsCommand
{
    public static Command Create()
    {
        var through = new Option<DateTimeOffset>("--through") { Description = "Windows and periods that end up to this moment close (graces included)", Required = true };
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var close = new Command("close", "Close windows and billing periods though no later usage comes: writes a control event into every partition of usage.events. Usage that arrives afterwards for that time is late.\n\nEXAMPLE\n  streams periods close --through 2026-02-01T02:00:00Z --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081") { through, bootstrap, registry, settings };
        close.SetAction(async (parsed, cancel) =>
        {
            var kafka = parsed.Kafka(bootstrap, registry, settings);
            using var schemas = kafka.OpenRegistry();
            using var tools = new EntranceTools(kafka, schemas);
            try
            {
                Console.WriteLine($"{await tools.Flush.CloseAsync(Timestamp.From(parsed.GetValue(through)), cancel)} partitions closed");
                return ExitCodes.Done;
            }
            catch (PublishingException e)
            {
                throw new CommandException(ExitCodes.Failed, e.Message);
            }
        });
        return new Command("periods", "Billing periods.") { close };
    }
}
