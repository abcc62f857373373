using System.CommandLine;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Cli.Commands;

/// <summary><c>streams contracts check|load FILE</c>.</summary>
static class ContractsCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "Customers, meters, price books and contracts as JSON; see docs/contracts" };
        var check = new Command("check", "Say every fault of a contract file. Exit code 2 when there is one.\n\nEXAMPLE\n  streams contracts check docs/contracts/example.json") { file };
        check.SetAction(parsed =>
        {
            Console.WriteLine($"{Parse(parsed.GetValue(file)!).Count} definitions, no faults");
            return ExitCodes.Done;
        });
        var bootstrap = SharedOptions.BootstrapServer();
        var registry = SharedOptions.Registry();
        var settings = SharedOptions.ClientSettings();
        var load = new Command("load", "Check a contract file and write it to the topic contracts.\n\nEXAMPLE\n  streams contracts load docs/contracts/example.json --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081") { file, bootstrap, registry, settings };
        load.SetAction(async (parsed, _) =>
        {
            var entries = Parse(parsed.GetValue(file)!);
            var kafka = parsed.Kafka(bootstrap, registry, settings);
            using var schemas = kafka.OpenRegistry();
            using var tools = new EntranceTools(kafka, schemas);
            try
            {
                await tools.Contracts.PublishAsync(entries);
            }
            catch (PublishingException e)
            {
                throw new CommandException(ExitCodes.Failed, $"{e.Message} Loading again is safe.");
            }
            Console.WriteLine($"{entries.Count} definitions are in force");
            return ExitCodes.Done;
        });
        return new Command("contracts", "Customers, meters, price books and contracts.") { check, load };
    }

    static IReadOnlyList<ContractEntry> Parse(string path)
    {
        try
        {
            return ContractFile.Parse(File.ReadAllBytes(path), Environment.UserName, Timestamp.From(TimeProvider.System.GetUtcNow()));
        }
        catch (ContractFaultException e)
        {
            foreach (var fault in e.Faults) Console.Error.WriteLine($"{path}: {fault}");
            throw new CommandException(ExitCodes.WrongUsage, $"{path} has {e.Faults.Count} fault(s); nothing was written");
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCodes.WrongUsage, e.Message);
        }
    }
}
