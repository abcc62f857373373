using System.Globalization;
using System.Net;

namespace Streams.Broker.Metadata;

/// <summary>
/// The broker's own configurations. The defaults of topics (log.*, message.max.bytes …) can be changed while it runs, for this broker or for all of
/// them, which are the same one here; what its options say is fixed at its start.
/// </summary>
internal sealed class BrokerConfigs
{
    /// <summary>The name of the settings that hold for all brokers.</summary>
    public const string AllBrokers = "";

    /// <summary>The name of this broker's settings: its id.</summary>
    public static readonly string This = Node.Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The names that Kafka leaves without a value of its own, since coarser units (log.retention.hours …) stand behind them.</summary>
    private static readonly HashSet<string> WithoutDefault = ["log.retention.ms", "log.roll.ms", "log.roll.jitter.ms", "log.flush.interval.ms"];

    private readonly Dictionary<string, ConfigDefinition> _definitions = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _static = new(StringComparer.Ordinal);
    private volatile IReadOnlyDictionary<string, string> _own = new Dictionary<string, string>();
    private volatile IReadOnlyDictionary<string, string> _all = new Dictionary<string, string>();

    public BrokerConfigs(EmbeddedBrokerOptions options)
    {
        foreach (var topic in TopicConfigs.All.Values)
        {
            if (topic.BrokerName is not { } name) continue;
            _definitions[name] = topic with { Name = name, BrokerName = null, Default = WithoutDefault.Contains(name) ? null : topic.Default };
        }
        foreach (var (definition, value) in FixedBrokerConfigs.Of(options))
        {
            _definitions[definition.Name] = definition;
            if (value is not null) _static[definition.Name] = value;
        }
        _static["log.segment.bytes"] = options.SegmentBytes.ToString(CultureInfo.InvariantCulture);
    }

    public IEnumerable<ConfigDefinition> Definitions => _definitions.Values.OrderBy(d => d.Name, StringComparer.Ordinal);

    public ConfigDefinition? Find(string name) => _definitions.GetValueOrDefault(name);

    /// <summary>Where the broker listens, known when it does.</summary>
    public void Listening(string protocol, IPAddress address, string host, int port)
    {
        _static["listeners"] = FormattableString.Invariant($"{protocol}://{address}:{port}");
        _static["advertised.listeners"] = FormattableString.Invariant($"{protocol}://{host}:{port}");
    }

    /// <summary>What was set while the broker ran, for this broker or for all.</summary>
    public IReadOnlyDictionary<string, string> Set(string broker) => broker == AllBrokers ? _all : _own;

    public void Apply(BrokerConfigsChanged entry)
    {
        if (entry.Broker == AllBrokers) _all = entry.Configs;
        else _own = entry.Configs;
    }

    /// <summary>The values that a configuration has been given, the most specific first: it is the one that holds.</summary>
    public IEnumerable<(string Value, ConfigSource Source)> Layers(string name)
    {
        if (_own.TryGetValue(name, out var own)) yield return (own, ConfigSource.Broker);
        if (_all.TryGetValue(name, out var all)) yield return (all, ConfigSource.AllBrokers);
        if (_static.TryGetValue(name, out var start)) yield return (start, ConfigSource.Static);
        if (Find(name)?.Default is { } otherwise) yield return (otherwise, ConfigSource.Default);
    }
}
