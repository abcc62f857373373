using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DeleteTopics 1–6. The files go once the deletion is on disk.</summary>
internal static class DeleteTopics
{
    public static readonly ApiDefinition Definition = new(ApiKey.DeleteTopics, 1, 6, 4, Handle);

    private static async Task Handle(Request request)
    {
        var removed = Delete(request);
        await request.Node.Journal.FlushAsync();
        foreach (var topic in removed) request.Node.RemoveFiles(topic);
    }

    private static List<Topic> Delete(Request request)
    {
        var reader = request.Read();
        var (response, version, node) = (request.Response, request.Version, request.Node);
        var removed = new List<Topic>();
        response.WriteInt32(0);
        var count = reader.ReadArrayLength();
        response.WriteArrayLength(count);
        for (; count > 0; count--)
        {
            var name = version >= 6 ? reader.ReadNullableString() : reader.ReadString();
            var id = version >= 6 ? reader.ReadUuid() : Guid.Empty;
            if (version >= 6) reader.SkipTags();
            var topic = name is null ? node.Find(id) : node.Find(name);
            if (topic is not null)
            {
                node.Record(new TopicDeleted(topic.Name));
                removed.Add(topic);
            }
            response.WriteString(topic?.Name ?? name);
            if (version >= 6) response.WriteUuid(topic?.Id ?? id);
            response.WriteError(topic is not null ? ErrorCode.None : name is null ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition);
            if (version >= 5) response.WriteString(null);
            response.WriteTags();
        }
        response.WriteTags();
        return removed;
    }
}
