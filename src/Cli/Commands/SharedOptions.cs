using System.CommandLine;

namespace Streams.Cli.Commands;

/// <summary>Options that several commands share, in Kafka's own words.</summary>
static class SharedOptions
{
    public static Option<string?> BootstrapServer() => new("--bootstrap-server") { Description = "Kafka, HOST:PORT[,HOST:PORT…]", HelpName = "HOST:PORT" };

    public static Option<string?> Registry() => new("--registry") { Description = "Base URL of a Confluent-compatible schema registry", HelpName = "URL" };

    public static Option<string[]> ClientSettings() => new("-X")
    {
        Description = "A Kafka client setting by librdkafka's name, e.g. -X security.protocol=SSL (repeatable)",
        HelpName = "KEY=VALUE",
        DefaultValueFactory = _ => [],
    };

    public static Option<string?> Postgres() => new("--postgres")
    {
        Description = "PostgreSQL connection string of the posting ledger (default: STREAMS_POSTGRES, which ./streams sets)",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("STREAMS_POSTGRES"),
    };

    public static Option<string> Output(params string[] formats)
    {
        var option = new Option<string>("--output") { Description = $"How to print: {string.Join(", ", formats)}", DefaultValueFactory = _ => formats[0] };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }

    public static KafkaSettings Kafka(this ParseResult parsed, Option<string?> bootstrap, Option<string?> registry, Option<string[]> settings) =>
        new(parsed.GetValue(bootstrap) ?? throw new CommandException(ExitCodes.WrongUsage, "--bootstrap-server is needed: which Kafka?"),
            parsed.GetValue(registry), ParseSettings(parsed.GetValue(settings) ?? []));

    public static IReadOnlyDictionary<string, string> ParseSettings(IEnumerable<string> pairs)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs)
        {
            var at = pair.IndexOf('=');
            if (at <= 0) throw new CommandException(ExitCodes.WrongUsage, $"-X {pair}: expected KEY=VALUE");
            settings[pair[..at]] = pair[(at + 1)..];
        }
        return settings;
    }
}
