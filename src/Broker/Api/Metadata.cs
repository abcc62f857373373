using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>Metadata 0–12. One broker leads everything; unknown topics are made when both sides allow it.</summary>
internal static class Metadata
{
    public static readonly ApiDefinition Definition = new(ApiKey.Metadata, 0, 12, 9, Handle);

    private static async Task Handle(Request request)
    {
        var (wanted, create) = Parse(request);
        var node = request.Node;
        var created = false;
        if (create && node.Options.AutoCreateTopics)
        {
            foreach (var (_, name) in wanted ?? [])
                created |= name is not null && node.Find(name) is null && node.Create(name, node.Options.DefaultPartitions, []) == ErrorCode.None;
        }
        if (created) await node.Journal.FlushAsync();
        Write(request, wanted);
    }

    private static (List<(Guid Id, string? Name)>? Topics, bool Create) Parse(Request request)
    {
        var reader = request.Read();
        var count = reader.ReadArrayLength();
        var topics = new List<(Guid, string?)>();
        for (var i = 0; i < count; i++)
        {
            var id = request.Version >= 10 ? reader.ReadUuid() : Guid.Empty;
            topics.Add((id, reader.ReadNullableString()));
            reader.SkipTags();
        }
        var create = request.Version < 4 || reader.ReadBool();
        var all = count < 0 || (request.Version == 0 && count == 0);
        return (all ? null : topics, create);
    }

    private static void Write(Request request, List<(Guid Id, string? Name)>? wanted)
    {
        var (node, version, response) = (request.Node, request.Version, request.Response);
        if (version >= 3) response.WriteInt32(0);
        response.WriteArrayLength(1);
        response.WriteInt32(Node.Id);
        response.WriteString("127.0.0.1");
        response.WriteInt32(node.Port);
        if (version >= 1) response.WriteString(null);
        response.WriteTags();
        if (version >= 2) response.WriteString(node.ClusterId);
        if (version >= 1) response.WriteInt32(Node.Id);
        var topics = wanted?.Select(w => (w.Id, w.Name, Topic: w.Name is null ? node.Find(w.Id) : node.Find(w.Name))).ToList()
            ?? node.Topics.Select(t => (t.Id, (string?)t.Name, (Topic?)t)).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var (id, name, topic) in topics) WriteTopic(response, version, id, topic?.Name ?? name, topic);
        if (version is >= 8 and <= 10) response.WriteInt32(int.MinValue);
        response.WriteTags();
    }

    private static void WriteTopic(ProtocolWriter response, short version, Guid id, string? name, Topic? topic)
    {
        var missing = name is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
        response.WriteError(topic is null ? missing : ErrorCode.None);
        response.WriteString(version >= 12 ? name : name ?? "");
        if (version >= 10) response.WriteUuid(topic?.Id ?? id);
        if (version >= 1) response.WriteBool(false);
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
        if (version >= 8) response.WriteInt32(int.MinValue);
        response.WriteTags();
    }
}
