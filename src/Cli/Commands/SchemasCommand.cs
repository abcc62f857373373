using System.CommandLine;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Cli.Commands;

/// <summary><c>streams schemas register|list</c>.</summary>
static class SchemasCommand
{
    public static Command Create()
    {
        var registry = SharedOptions.Registry();
        var register = new Command("register", "Register the product's schemas, as a release does. Incompatible ones are refused by the registry.\n\nEXAMPLE\n  streams schemas register --registry http://127.0.0.1:8081") { registry };
        register.SetAction(async (parsed, cancel) =>
        {
            using var client = new KafkaSettings("", parsed.GetValue(registry), new Dictionary<string, string>()).OpenRegistry(register: true);
            try
            {
                foreach (var (topic, id) in await SchemaCatalogue.RegisterAsync(client, cancel)) Console.WriteLine($"{id}\t{Topics.Subject(topic)}");
                return ExitCodes.Done;
            }
            catch (SchemaRegistryException e)
            {
                throw new CommandException(ExitCodes.Failed, $"The registry refuses: {e.Message}");
            }
        });
        var list = new Command("list", "List the subjects and their schemas.");
        list.SetAction(_ =>
        {
            foreach (var (topic, schema) in SchemaCatalogue.All) Console.WriteLine($"{Topics.Subject(topic)}\t{schema}");
            return ExitCodes.Done;
        });
        return new Command("schemas", "The schemas of the topics' values.") { register, list };
    }
}
