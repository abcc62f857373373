using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DeleteTopics (20), versions 1–6, by name or, from 6 on, by id. The files go once the deletion is on disk.</summary>
internal static class DeleteTopics
{
    public static readonly ApiDefinition Definition = new(ApiKey.DeleteTopics, 1, 6, 4, Handle);

    private sealed record Outcome(string? Name, Guid Id, ErrorCode Error, string? Message);

    private static async Task Handle(Request request)
    {
        var removed = Delete(request);
        await request.Node.Journal.FlushAsync();
        foreach (var topic in removed) request.Node.RemoveFiles(topic);
    }

    private static List<Topic> Delete(Request request)
    {
        var (response, version, node) = (request.Response, request.Version, request.Node);
        var wanted = Parse(request);
        var removed = new List<Topic>();
        var outcomes = wanted.GroupBy(w => node.Find(w.Id)?.Name ?? w.Name ?? $"{w.Id}")
            .Select(named => Delete(node, named.First().Name, named.First().Id, named.Count(), removed)).ToList();
        response.WriteInt32(0);
        response.WriteArrayLength(outcomes.Count);
        foreach (var outcome in outcomes)
        {
            response.WriteString(version >= 6 ? outcome.Name : outcome.Name ?? "");
            if (version >= 6) response.WriteUuid(outcome.Id);
            response.WriteError(outcome.Error);
            if (version >= 5) response.WriteString(outcome.Message);
            response.WriteTags();
        }
        response.WriteTags();
        return removed;
    }

    private static Outcome Delete(Node node, string? name, Guid id, int times, List<Topic> removed)
    {
        if (times > 1) return new Outcome(name, id, ErrorCode.InvalidRequest, "a topic can be named once in a request");
        if (name is not null && id != Guid.Empty) return new Outcome(name, id, ErrorCode.InvalidRequest, "a topic is named by its name or by its id, not by both");
        if (name is null && id == Guid.Empty) return new Outcome(name, id, ErrorCode.InvalidRequest, "neither a name nor an id");
        var topic = name is null ? node.Find(id) : node.Find(name);
        var deleted = false;
        var error = topic is null ? ErrorCode.UnknownTopicOrPartition : node.Change(topic.Name, now => (deleted = now.Id == topic.Id) ? new TopicDeleted(topic.Name) : null);
        if (error == ErrorCode.KafkaStorageError) return new Outcome(name, id, error, "the disk is full");
        if (topic is null || !deleted)
        {
            return name is null
                ? new Outcome(null, id, ErrorCode.UnknownTopicId, "there is no topic of this id")
                : new Outcome(name, Guid.Empty, ErrorCode.UnknownTopicOrPartition, $"there is no topic {name}");
        }
        removed.Add(topic);
        return new Outcome(topic.Name, topic.Id, ErrorCode.None, null);
    }

    private static List<(string? Name, Guid Id)> Parse(Request request)
    {
        var reader = request.Read();
        var wanted = new List<(string?, Guid)>();
        for (var count = reader.ReadArrayLength(); count > 0; count--)
        {
            if (request.Version < 6)
            {
                wanted.Add((reader.ReadString(), Guid.Empty));
                continue;
            }
            wanted.Add((reader.ReadNullableString(), reader.ReadUuid()));
            reader.SkipTags();
        }
        return wanted;
    }
}
