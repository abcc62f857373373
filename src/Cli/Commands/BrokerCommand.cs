using System.CommandLine;
using Microsoft.Extensions.Logging.Console;
using Streams.Broker;

namespace Streams.Cli.Commands;

/// <summary><c>streams broker</c>: the embedded broker as a process of its own.</summary>
static class BrokerCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1 (0: any free one)", DefaultValueFactory = _ => 9092 };
        var data = new Option<string>("--data") { Description = "Folder of the log; kept between runs", Required = true, HelpName = "DIR" };
        var partitions = new Option<int>("--default-partitions") { Description = "Partitions of topics made by clients", DefaultValueFactory = _ => 4 };
        var command = new Command("broker", "Run the embedded Kafka-protocol broker on loopback. Prints bootstrap=HOST:PORT when it is ready.\n\nEXAMPLE\n  streams broker --port 9092 --data ./data") { port, data, partitions };
        command.SetAction(async (parsed, cancel) =>
        {
            using var logging = LoggerFactory.Create(builder => builder.AddSimpleConsole(o => o.SingleLine = true)
                .Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace));
            await using var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions
            {
                DataDirectory = parsed.GetValue(data)!, Port = parsed.GetValue(port), DefaultPartitions = parsed.GetValue(partitions), Logger = logging.CreateLogger("Streams.Broker"),
            }, cancel);
            Console.WriteLine($"bootstrap={broker.BootstrapServers}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return command;
    }
}
