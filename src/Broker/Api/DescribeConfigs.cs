using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// DescribeConfigs (32), versions 1–4: all configurations of a topic, or of the broker, with their sources and, if asked, the values behind them. The
/// broker names those alone that mean something here, some sixty of Kafka's three hundred; loggers and groups have none.
/// </summary>
internal static class DescribeConfigs
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeConfigs, 1, 4, 4, Handle);

    private sealed record Entry(ConfigDefinition Definition, List<(string Name, string Value, ConfigSource Source)> Layers);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var resources = new List<(sbyte Type, string Name, string[]? Keys)>();
        for (var r = reader.ReadArrayLength(); r > 0; r--)
        {
            resources.Add((reader.ReadInt8(), reader.ReadString(), reader.ReadNullableStringArray()));
            reader.SkipTags();
        }
        var synonyms = reader.ReadBool();
        var documentation = request.Version >= 3 && reader.ReadBool();
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteArrayLength(resources.Count);
        foreach (var (type, name, keys) in resources)
        {
            var (error, message, entries) = Describe(request.Node, type, name);
            response.WriteError(error);
            response.WriteString(message);
            response.WriteInt8(type);
            response.WriteString(name);
            var wanted = entries.Where(e => keys is null or [] || keys.Contains(e.Definition.Name)).ToList();
            response.WriteArrayLength(wanted.Count);
            foreach (var entry in wanted) Write(response, request.Version, entry, synonyms, documentation);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static (ErrorCode Error, string? Message, IEnumerable<Entry> Entries) Describe(Node node, sbyte type, string name)
    {
        if (type == ConfigAlterations.TopicResource)
        {
            if (TopicNames.Problem(name) is { } illegal) return (ErrorCode.InvalidTopic, illegal, []);
            return node.Find(name) is { } topic ? (ErrorCode.None, null, OfTopic(node, topic)) : (ErrorCode.UnknownTopicOrPartition, null, []);
        }
        if (type != ConfigAlterations.BrokerResource) return (ErrorCode.InvalidRequest, $"resources of type {type} have no configurations here; topics (2) and the broker (4) do", []);
        if (ConfigAlterations.BrokerProblem(name) is { } problem) return (ErrorCode.InvalidRequest, problem, []);
        return (ErrorCode.None, null, name.Length > 0 ? OfBroker(node) : OfAllBrokers(node));
    }

    private static IEnumerable<Entry> OfTopic(Node node, Topic topic) => TopicConfigs.All.Values.Select(definition =>
    {
        var layers = new List<(string, string, ConfigSource)>();
        if (topic.Configs.TryGetValue(definition.Name, out var own)) layers.Add((definition.Name, own, ConfigSource.Topic));
        if (definition.BrokerName is { } broker) layers.AddRange(node.BrokerConfigs.Layers(broker).Select(l => (broker, l.Value, l.Source)));
        return new Entry(definition, layers);
    });

    private static IEnumerable<Entry> OfBroker(Node node) =>
        node.BrokerConfigs.Definitions.Select(d => new Entry(d, [.. node.BrokerConfigs.Layers(d.Name).Select(l => (d.Name, l.Value, l.Source))]));

    /// <summary>What was set for all brokers, and nothing else.</summary>
    private static IEnumerable<Entry> OfAllBrokers(Node node) =>
        node.BrokerConfigs.Set(BrokerConfigs.AllBrokers).OrderBy(c => c.Key, StringComparer.Ordinal)
            .Select(c => new Entry(node.BrokerConfigs.Find(c.Key)!, [(c.Key, c.Value, ConfigSource.AllBrokers)]));

    private static void Write(ProtocolWriter response, short version, Entry entry, bool synonyms, bool documentation)
    {
        var definition = entry.Definition;
        var source = entry.Layers.Count > 0 ? entry.Layers[0].Source : ConfigSource.Default;
        response.WriteString(definition.Name);
        response.WriteString(entry.Layers.Count > 0 ? entry.Layers[0].Value : definition.Default);
        response.WriteBool(definition.IsReadOnly);
        response.WriteInt8((sbyte)source);
        response.WriteBool(definition.Type == ConfigType.Password);
        response.WriteArrayLength(synonyms ? entry.Layers.Count : 0);
        foreach (var layer in synonyms ? entry.Layers : [])
        {
            response.WriteString(layer.Name);
            response.WriteString(layer.Value);
            response.WriteInt8((sbyte)layer.Source);
            response.WriteTags();
        }
        if (version >= 3)
        {
            response.WriteInt8((sbyte)definition.Type);
            response.WriteString(documentation ? definition.Documentation : null);
        }
        response.WriteTags();
    }
}
