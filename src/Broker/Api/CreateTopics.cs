using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>CreateTopics 2–7. The replication factor is 1 whatever is asked for; unknown configurations are stored as they are.</summary>
internal static class CreateTopics
{
    public static readonly ApiDefinition Definition = new(ApiKey.CreateTopics, 2, 7, 5, Handle);

    private sealed record Wanted(string Name, int Partitions, Dictionary<string, string> Configs);

    private static Task Handle(Request request)
    {
        var (topics, validateOnly) = Parse(request);
        var (response, version, node) = (request.Response, request.Version, request.Node);
        response.WriteInt32(0);
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            var exists = node.Find(topic.Name) is not null;
            var error = validateOnly ? (exists ? ErrorCode.TopicAlreadyExists : ErrorCode.None) : Create(node, topic);
            response.WriteString(topic.Name);
            if (version >= 7) response.WriteUuid(node.Find(topic.Name)?.Id ?? Guid.Empty);
            response.WriteError(error);
            response.WriteString(error == ErrorCode.None ? null : $"topic {topic.Name}: {error}");
            if (version >= 5)
            {
                response.WriteInt32(error == ErrorCode.None ? topic.Partitions : -1);
                response.WriteInt16(error == ErrorCode.None ? (short)1 : (short)-1);
                response.WriteArrayLength(0);
            }
            response.WriteTags();
        }
        response.WriteTags();
        return validateOnly ? Task.CompletedTask : node.Journal.FlushAsync();
    }

    private static ErrorCode Create(Node node, Wanted topic) =>
        Configs.AreValid(topic.Configs) ? node.Create(topic.Name, topic.Partitions, topic.Configs) : ErrorCode.InvalidConfig;

    private static (List<Wanted> Topics, bool ValidateOnly) Parse(Request request)
    {
        var reader = request.Read();
        var topics = new List<Wanted>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var name = reader.ReadString();
            var partitions = reader.ReadInt32();
            reader.ReadInt16();
            var assigned = reader.ReadArrayLength();
            for (var a = 0; a < assigned; a++)
            {
                reader.ReadInt32();
                reader.ReadInt32Array();
                reader.SkipTags();
            }
            var configs = new Dictionary<string, string>(StringComparer.Ordinal);
            for (var c = reader.ReadArrayLength(); c > 0; c--)
            {
                var key = reader.ReadString();
                if (reader.ReadNullableString() is { } value) configs[key] = value;
                reader.SkipTags();
            }
            reader.SkipTags();
            var count = assigned > 0 ? assigned : partitions == -1 ? request.Node.Options.DefaultPartitions : partitions;
            topics.Add(new Wanted(name, count, configs));
        }
        reader.ReadInt32();
        return (topics, reader.ReadBool());
    }
}
