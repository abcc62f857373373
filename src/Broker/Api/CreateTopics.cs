using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// CreateTopics (19), versions 0–7; Kafka 4 has dropped 0 and 1, which old libraries still send. There is one broker: replicas beyond it are refused.
/// A topic can be used as soon as it is answered. With validate_only nothing is made, and the id of version 7 is zero.
/// </summary>
internal static class CreateTopics
{
    public static readonly ApiDefinition Definition = new(ApiKey.CreateTopics, 0, 7, 5, Handle);

    private sealed record Wanted(string Name, int Partitions, short Replicas, List<(int Partition, int[] Brokers)> Assigned, Dictionary<string, string?> Configs);

    private sealed record Outcome(string Name, ErrorCode Error, string? Message, int Partitions, Topic? Topic);

    private static Task Handle(Request request)
    {
        var (wanted, validateOnly) = Parse(request);
        var (response, node) = (request.Response, request.Node);
        var outcomes = wanted.Sum(w => (long)Math.Max(0, w.Partitions)) > Node.MaxPartitions
            ? [.. wanted.Select(w => Refused(w, ErrorCode.PolicyViolation, $"a request makes at most {Node.MaxPartitions} partitions"))]
            : wanted.GroupBy(w => w.Name).Select(named => named.Count() > 1
                ? Refused(named.First(), ErrorCode.InvalidRequest, $"topic {named.Key} is named more than once in the request")
                : Create(node, named.Single(), validateOnly)).ToList();
        if (request.Version >= 2) response.WriteInt32(0);
        response.WriteArrayLength(outcomes.Count);
        foreach (var outcome in outcomes) Write(request, outcome);
        response.WriteTags();
        return validateOnly ? Task.CompletedTask : node.Journal.FlushAsync();
    }

    private static Outcome Create(Node node, Wanted wanted, bool validateOnly)
    {
        if (Problem(node, wanted) is var (error, message)) return Refused(wanted, error, message);
        var partitions = wanted.Assigned.Count > 0 ? wanted.Assigned.Count : wanted.Partitions == -1 ? node.Options.DefaultPartitions : wanted.Partitions;
        var configs = wanted.Configs.ToDictionary(c => c.Key, c => TopicConfigs.Find(c.Key)!.Normalize(c.Value!), StringComparer.Ordinal);
        if (validateOnly)
        {
            var example = new Topic(Guid.Empty, wanted.Name);
            example.Configure(configs, node.BrokerConfigs);
            return new Outcome(wanted.Name, ErrorCode.None, null, partitions, example);
        }
        var made = node.Create(wanted.Name, partitions, configs);
        return made == ErrorCode.None
            ? new Outcome(wanted.Name, made, null, partitions, node.Find(wanted.Name))
            : Refused(wanted, made, made == ErrorCode.TopicAlreadyExists ? $"topic {wanted.Name} exists already" : $"topic {wanted.Name} cannot be made");
    }

    private static (ErrorCode, string)? Problem(Node node, Wanted wanted)
    {
        if (TopicNames.Problem(wanted.Name) is { } illegal) return (ErrorCode.InvalidTopic, illegal);
        if (node.Find(wanted.Name) is not null) return (ErrorCode.TopicAlreadyExists, $"topic {wanted.Name} exists already");
        if (node.FindCollision(wanted.Name) is { } other) return (ErrorCode.InvalidTopic, $"topic {wanted.Name} differs from {other.Name} in '.' and '_' alone");
        if (ShapeProblem(wanted) is { } shape) return shape;
        if (wanted.Configs.FirstOrDefault(c => c.Value is null).Key is { } empty) return (ErrorCode.InvalidConfig, $"{empty}: the value is missing");
        return TopicConfigs.Problem(wanted.Configs!) is { } problem ? (ErrorCode.InvalidConfig, problem) : null;
    }

    private static (ErrorCode, string)? ShapeProblem(Wanted wanted)
    {
        if (wanted.Assigned.Count == 0)
        {
            if (wanted.Partitions is 0 or < -1) return (ErrorCode.InvalidPartitions, "a topic has at least one partition (-1 for the broker's default)");
            if (wanted.Replicas is 1 or -1) return null;
            return (ErrorCode.InvalidReplicationFactor, $"replication factor {wanted.Replicas}: there is one broker, so it is 1 (or -1)");
        }
        if (wanted.Partitions != -1 || wanted.Replicas != -1)
            return (ErrorCode.InvalidRequest, "with assigned replicas, the number of partitions and the replication factor must be -1");
        var numbers = wanted.Assigned.Select(a => a.Partition).Order();
        if (!numbers.SequenceEqual(Enumerable.Range(0, wanted.Assigned.Count))) return (ErrorCode.InvalidReplicaAssignment, "assigned partitions are numbered from 0 without gaps");
        return wanted.Assigned.Exists(a => a.Brokers is not [Node.Id])
            ? (ErrorCode.InvalidReplicaAssignment, $"every partition has one replica, on broker {Node.Id}: there is no other") : null;
    }

    private static Outcome Refused(Wanted wanted, ErrorCode error, string message) => new(wanted.Name, error, message, -1, null);

    private static void Write(Request request, Outcome outcome)
    {
        var (response, version) = (request.Response, request.Version);
        response.WriteString(outcome.Name);
        if (version >= 7) response.WriteUuid(outcome.Topic?.Id ?? Guid.Empty);
        response.WriteError(outcome.Error);
        if (version >= 1) response.WriteString(outcome.Message);
        if (version >= 5)
        {
            response.WriteInt32(outcome.Partitions);
            response.WriteInt16(outcome.Topic is null ? (short)-1 : (short)1);
            WriteConfigs(request, outcome.Topic);
        }
        response.WriteTags();
    }

    private static void WriteConfigs(Request request, Topic? topic)
    {
        var response = request.Response;
        response.WriteArrayLength(topic is null ? 0 : TopicConfigs.All.Count);
        foreach (var definition in topic is null ? [] : TopicConfigs.All.Values)
        {
            var own = topic!.Configs.TryGetValue(definition.Name, out var value);
            var inherited = definition.BrokerName is { } broker ? request.Node.BrokerConfigs.Layers(broker).FirstOrDefault() : default;
            response.WriteString(definition.Name);
            response.WriteString(own ? value : inherited.Value ?? definition.Default);
            response.WriteBool(false);
            response.WriteInt8((sbyte)(own ? ConfigSource.Topic : inherited.Value is null ? ConfigSource.Default : inherited.Source));
            response.WriteBool(false);
            response.WriteTags();
        }
    }

    private static (List<Wanted> Topics, bool ValidateOnly) Parse(Request request)
    {
        var reader = request.Read();
        var topics = new List<Wanted>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var topic = new Wanted(reader.ReadString(), reader.ReadInt32(), reader.ReadInt16(), [], new(StringComparer.Ordinal));
            for (var a = reader.ReadArrayLength(); a > 0; a--)
            {
                topic.Assigned.Add((reader.ReadInt32(), reader.ReadInt32Array()));
                reader.SkipTags();
            }
            for (var c = reader.ReadArrayLength(); c > 0; c--)
            {
                var key = reader.ReadString();
                topic.Configs[key] = reader.ReadNullableString();
                reader.SkipTags();
            }
            reader.SkipTags();
            topics.Add(topic);
        }
        reader.ReadInt32();
        return (topics, request.Version >= 1 && reader.ReadBool());
    }
}
