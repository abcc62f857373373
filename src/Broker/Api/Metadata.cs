using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// Metadata (3), versions 0–12. One broker leads everything. Unknown topics are made when both sides allow it, and can be used at once: Kafka answers
/// LEADER_NOT_AVAILABLE first.
/// </summary>
internal static class Metadata
{
    /// <summary>Who may do what is not kept: every operation that Kafka knows of a cluster, and of a topic, as bits.</summary>
    public const int ClusterOperations = 8096;
    private const int TopicOperations = 3576;
    private const int NotAsked = int.MinValue;

    public static readonly ApiDefinition Definition = new(ApiKey.Metadata, 0, 12, 9, Handle);

    private sealed record Wanted(List<(Guid Id, string? Name)>? Topics, bool Create, bool ClusterOperations, bool TopicOperations);

    private static async Task Handle(Request request)
    {
        var wanted = Parse(request);
        var node = request.Node;
        var created = false;
        if (wanted.Create && node.Options.AutoCreateTopics)
        {
            foreach (var (_, name) in wanted.Topics ?? [])
                created |= name is not null && node.Find(name) is null && node.Create(name, node.Options.DefaultPartitions, []) == ErrorCode.None;
        }
        if (created) await node.Journal.FlushAsync();
        Write(request, wanted);
    }

    private static Wanted Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var count = reader.ReadArrayLength();
        if (count < 0 && version == 0) throw new MalformedRequestException("a null array in Metadata 0");
        var topics = new List<(Guid, string?)>();
        for (var i = 0; i < count; i++)
        {
            var id = version >= 10 ? reader.ReadUuid() : Guid.Empty;
            var name = version >= 10 ? reader.ReadNullableString() : reader.ReadString();
            topics.Add((id, id == Guid.Empty ? name : null));
            reader.SkipTags();
        }
        var create = version < 4 || reader.ReadBool();
        var cluster = version is >= 8 and <= 10 && reader.ReadBool();
        var topic = version >= 8 && reader.ReadBool();
        var all = count < 0 || (version == 0 && count == 0);
        return new Wanted(all ? null : [.. topics.Distinct()], create, cluster, topic);
    }

    private static void Write(Request request, Wanted wanted)
    {
        var (node, version, response) = (request.Node, request.Version, request.Response);
        if (version >= 3) response.WriteInt32(0);
        response.WriteArrayLength(1);
        response.WriteInt32(Node.Id);
        response.WriteString(node.Host);
        response.WriteInt32(node.Port);
        if (version >= 1) response.WriteString(null);
        response.WriteTags();
        if (version >= 2) response.WriteString(node.ClusterId);
        if (version >= 1) response.WriteInt32(Node.Id);
        var topics = wanted.Topics?.Select(w => (w.Id, w.Name, Topic: w.Name is null ? node.Find(w.Id) : node.Find(w.Name))).ToList()
            ?? node.Topics.Select(t => (t.Id, (string?)t.Name, (Topic?)t)).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var (id, name, topic) in topics) WriteTopic(response, version, id, topic?.Name ?? name, topic, wanted.TopicOperations ? TopicOperations : NotAsked);
        if (version is >= 8 and <= 10) response.WriteInt32(wanted.ClusterOperations ? ClusterOperations : NotAsked);
        response.WriteTags();
    }

    private static void WriteTopic(ProtocolWriter response, short version, Guid id, string? name, Topic? topic, int operations)
    {
        // Ids came with version 10, asking by them with 12: a name that is null can only be told from there on.
        var error = topic is not null ? ErrorCode.None : name is not null ? ErrorOf(name) : version >= 12 ? ErrorCode.UnknownTopicId : ErrorCode.InvalidRequest;
        response.WriteError(error);
        response.WriteString(version >= 12 ? name : name ?? "");
        if (version >= 10) response.WriteUuid(topic?.Id ?? id);
        if (version >= 1) response.WriteBool(name is not null && TopicNames.IsInternal(name));
        response.WriteArrayLength(topic?.Partitions.Length ?? 0);
        foreach (var partition in topic?.Partitions ?? [])
        {
            response.WriteError(ErrorCode.None);
            response.WriteInt32(partition.Partition);
            response.WriteInt32(Node.Id);
            if (version >= 7) response.WriteInt32(0);
            response.WriteInt32Array([Node.Id]);
            response.WriteInt32Array([Node.Id]);
            if (version >= 5) response.WriteInt32Array([]);
            response.WriteTags();
        }
        if (version >= 8) response.WriteInt32(name is null ? NotAsked : operations);
        response.WriteTags();
    }

    private static ErrorCode ErrorOf(string name) => TopicNames.Problem(name) is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.InvalidTopic;
}
