using System.CommandLine;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams topics create|list</c>.</summary>
static class TopicsCommand
{
    public static Command Create()
    {
        var bootstrap = SharedOptions.BootstrapServer();
        var settings = SharedOptions.ClientSettings();
        var partitions = new Option<int>("--partitions") { Description = "Partitions of the usage topics", DefaultValueFactory = _ => 4 };
        var create = new Command("create", "Create the product's topics where they are missing, with the settings they rely on.\n\nEXAMPLE\n  streams topics create --bootstrap-server 127.0.0.1:9092 --partitions 12") { bootstrap, settings, partitions };
        create.SetAction(async (parsed, _) =>
        {
            var kafka = parsed.Kafka(bootstrap, new Option<string?>("--registry"), settings);
            await TopicProvisioner.EnsureAsync(kafka.ToClientConfig(), parsed.GetValue(partitions));
            Console.Error.WriteLine($"streams: {TopicProvisioner.Catalogue(1).Count} topics are there");
            return ExitCodes.Done;
        });
        var list = new Command("list", "List the product's topics and their settings.");
        list.SetAction(_ =>
        {
            foreach (var topic in TopicProvisioner.Catalogue(4))
                Console.WriteLine($"{topic.Name}\t{topic.NumPartitions}\t{string.Join(' ', topic.Configs.Select(c => $"{c.Key}={c.Value}"))}");
            return ExitCodes.Done;
        });
        return new Command("topics", "The topics that the rooms talk through.") { create, list };
    }
}
