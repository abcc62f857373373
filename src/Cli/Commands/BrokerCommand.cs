using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Console;
using Streams.Broker;

namespace Streams.Cli.Commands;

/// <summary><c>streams broker</c>: the embedded broker as a process of its own.</summary>
static class BrokerCommand
{
    const string Help = """
        Run the embedded Kafka-protocol broker. Prints bootstrap=HOST:PORT on a line of its own when it is ready; ends cleanly on SIGTERM and Ctrl-C.
        It listens on 127.0.0.1 and lets everybody in; beyond loopback it asks for TLS, for users, or for both.

        EXAMPLES
          streams broker --port 9092 --data ./data
          streams broker add-user --users ./users --name alice < password.txt
          streams broker --data ./data --users ./users
          streams broker --data ./data --address 0.0.0.0 --advertised-host kafka.example.org --tls-cert cert.pem --tls-key key.pem --users ./users
        """;

    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Folder of the log; kept between runs", HelpName = "DIR" };
        var port = new Option<int>("--port") { Description = "Port to listen on (0: any free one)", DefaultValueFactory = _ => 9092 };
        var partitions = new Option<int>("--default-partitions") { Description = "Partitions of topics made by clients", DefaultValueFactory = _ => 4 };
        var noCreate = new Option<bool>("--no-auto-create") { Description = "Do not make a topic because a client asks for it" };
        var address = new Option<string>("--address") { Description = "Address to listen on; beyond loopback with TLS or users only", HelpName = "IP", DefaultValueFactory = _ => "127.0.0.1" };
        var advertised = new Option<string?>("--advertised-host") { Description = "Host that clients are told to connect to (default: the address)", HelpName = "HOST" };
        var certificate = new Option<string?>("--tls-cert") { Description = "TLS: PEM file of the certificate, with those that lead to its root", HelpName = "FILE" };
        var key = new Option<string?>("--tls-key") { Description = "TLS: PEM file of the certificate's key", HelpName = "FILE" };
        var users = new Option<string?>("--users") { Description = "SASL (SCRAM-SHA-512, SCRAM-SHA-256, PLAIN): file of users, written by add-user", HelpName = "FILE" };
        var idle = new Option<int>("--max-idle-seconds") { Description = "Close connections that say nothing for so long", HelpName = "SECONDS", DefaultValueFactory = _ => 600 };
        var connections = new Option<int>("--max-connections") { Description = "Connections in all", DefaultValueFactory = _ => 10_000 };
        var perAddress = new Option<int>("--max-connections-per-address") { Description = "Connections from one address", DefaultValueFactory = _ => 10_000 };
        var command = new Command("broker", Help) { data, port, partitions, noCreate, address, advertised, certificate, key, users, idle, connections, perAddress, BrokerUserCommand.Create() };
        command.SetAction(async (parsed, cancel) =>
        {
            using var logging = LoggerFactory.Create(builder => builder.AddSimpleConsole(o => o.SingleLine = true)
                .Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace));
            var options = new EmbeddedBrokerOptions
            {
                DataDirectory = parsed.GetValue(data) ?? throw Wrong("--data is missing: the folder to keep the log in, such as --data ./data"),
                Port = parsed.GetValue(port) is >= 0 and <= 65535 and var number ? number : throw Wrong($"--port {parsed.GetValue(port)}: a port is from 0 to 65535"),
                DefaultPartitions = Positive(parsed, partitions),
                AutoCreateTopics = !parsed.GetValue(noCreate),
                Address = IPAddress.TryParse(parsed.GetValue(address), out var ip) ? ip : throw Wrong($"--address {parsed.GetValue(address)}: not an IP address, such as 127.0.0.1 or 0.0.0.0"),
                AdvertisedHost = parsed.GetValue(advertised),
                Tls = Tls(parsed.GetValue(certificate), parsed.GetValue(key)),
                Sasl = parsed.GetValue(users) is { } file ? new SaslOptions { UsersFile = file } : null,
                Connections = new ConnectionOptions
                {
                    Max = Positive(parsed, connections), MaxPerAddress = Positive(parsed, perAddress), MaxIdle = TimeSpan.FromSeconds(Positive(parsed, idle)),
                },
                Logger = logging.CreateLogger("Streams.Broker"),
            };
            await using var broker = await StartAsync(options, cancel);
            Console.WriteLine($"bootstrap={broker.BootstrapServers}");
            await Termination.WaitAsync(cancel);
            return ExitCodes.Done;
        });
        return command;
    }

    static async Task<EmbeddedBroker> StartAsync(EmbeddedBrokerOptions options, CancellationToken cancel)
    {
        try
        {
            return await EmbeddedBroker.StartAsync(options, cancel);
        }
        catch (ArgumentException e)
        {
            throw Wrong($"{e.Message} (--tls-cert and --tls-key, --users, --address, --advertised-host)");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new CommandException(ExitCodes.Failed, $"port {options.Port} is taken: stop what listens there, or choose another with --port (0: any free one)");
        }
        catch (SocketException e)
        {
            throw new CommandException(ExitCodes.Failed, $"cannot listen on {options.Address}:{options.Port}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, e.Message);
        }
    }

    static TlsOptions? Tls(string? certificate, string? key) => (certificate, key) switch
    {
        (null, null) => null,
        ({ } c, { } k) => new TlsOptions { CertificateFile = c, KeyFile = k },
        _ => throw Wrong("TLS needs both --tls-cert and --tls-key"),
    };

    static int Positive(ParseResult parsed, Option<int> option) => parsed.GetValue(option) is > 0 and var value ? value : throw Wrong($"{option.Name} {parsed.GetValue(option)}: at least 1");

    static CommandException Wrong(string message) => new(ExitCodes.WrongUsage, message);
}
