using System.CommandLine;
using Streams.Broker.Registry;

namespace Streams.Cli.Commands;

/// <summary><c>streams registry</c>: the embedded schema registry as a process of its own.</summary>
static class RegistryCommand
{
    public static Command Create()
    {
        var bootstrap = SharedOptions.BootstrapServer();
        var settings = SharedOptions.ClientSettings();
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1 (0: any free one)", DefaultValueFactory = _ => 8081 };
        var command = new Command("registry", "Run the embedded schema registry on loopback; it keeps its schemas in the topic _schemas. Prints registry=URL when it is ready.\n\nEXAMPLE\n  streams registry --port 8081 --bootstrap-server 127.0.0.1:9092") { port, bootstrap, settings };
        command.SetAction(async (parsed, cancel) =>
        {
            var kafka = parsed.Kafka(bootstrap, new Option<string?>("--registry"), settings);
            await using var registry = await EmbeddedRegistry.StartAsync(
                new EmbeddedRegistryOptions { BootstrapServers = kafka.BootstrapServers, ClientSettings = kafka.Client, Port = parsed.GetValue(port) }, cancel);
            Console.WriteLine($"registry={registry.Url}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return command;
    }
}
