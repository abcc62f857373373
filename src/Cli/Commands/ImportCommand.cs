using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Ingest.Contracts;
using Streams.Ingest.Events;
using Streams.Ingest.Files;

namespace Streams.Cli.Commands;

/// <summary><c>streams import csv|access-log FILE --mapping FILE</c>.</summary>
static class ImportCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create() => new("import", "Turn a file into usage events. Importing it twice adds nothing: ids follow from the lines.")
    {
        Create("csv", ImportFormat.Csv, "A CSV file with a header line."),
        Create("access-log", ImportFormat.AccessLog, "A web server's log in the combined format."),
    };

    static Command Create(string name, ImportFormat format, string description)
    {
        var file = new Argument<string>("FILE") { Description = "The file to import" };
        var mapping = new Option<string>("--mapping") { Description = "How lines become events; see docs/mappings", Required = true, HelpName = "FILE" };
        var refused = new Option<string?>("--refused") { Description = "Gets every refused line with its reason, as JSON lines", HelpName = "FILE" };
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var output = SharedOptions.Output("table", "json");
        var command = new Command(name, $"{description}\n\nEXAMPLE\n  streams import {name} usage.{(format == ImportFormat.Csv ? "csv" : "log")} --mapping docs/mappings/{(format == ImportFormat.Csv ? "azure-llm" : "access-log")}.json --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081")
            { file, mapping, refused, bootstrap, registry, settings, output };
        command.SetAction(async (parsed, cancel) =>
        {
            var kafka = parsed.Kafka(bootstrap, registry, settings);
            using var schemas = kafka.OpenRegistry();
            using var tools = new EntranceTools(kafka, schemas);
            var rules = new UsageEventRules(new BookCatalogue(await tools.ReadContractsAsync(cancel)), TimeProvider.System);
            var import = new FileImport(tools.Events, rules, NullLogger<FileImport>.Instance);
            try
            {
                var options = new ImportOptions(parsed.GetValue(file)!, format, ImportMapping.Load(parsed.GetValue(mapping)!)) { RefusedFile = parsed.GetValue(refused) };
                var result = await ProgressBar.RunAsync("importing", bar => import.RunAsync(options,
                    new Progress<ImportProgress>(p => bar(p.TotalBytes == 0 ? 1 : (double)p.Bytes / p.TotalBytes, $"{p.Events:N0} events, {p.Refused:N0} refused")), cancel));
                Print(result, parsed.GetValue(output)!);
                return result.Refused > 0 ? ExitCodes.Partial : ExitCodes.Done;
            }
            catch (ImportException e)
            {
                throw new CommandException(ExitCodes.Failed, e.Message);
            }
        });
        return command;
    }

    static void Print(ImportResult result, string output)
    {
        if (output == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(new { result.Lines, result.Events, result.Refused }, Json));
            return;
        }
        foreach (var line in result.FirstRefused.Take(20)) Console.Error.WriteLine($"refused: {line}");
        Console.WriteLine($"{result.Lines:N0} lines, {result.Events:N0} events, {result.Refused:N0} lines refused");
    }
}
