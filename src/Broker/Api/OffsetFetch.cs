using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// OffsetFetch 1–9. With RequireStable an offset that an open transaction may change is answered UNSTABLE_OFFSET_COMMIT. What is answered is on disk.
/// </summary>
internal static class OffsetFetch
{
    public static readonly ApiDefinition Definition = new(ApiKey.OffsetFetch, 1, 9, 6, Handle);

    private sealed record Wanted(string Group, string? Member, int Epoch, List<(string Topic, int[] Partitions)>? Topics);

    private static Task Handle(Request request)
    {
        var (groups, stable) = Parse(request);
        var (response, version) = (request.Response, request.Version);
        if (version >= 3) response.WriteInt32(0);
        if (version >= 8) response.WriteArrayLength(groups.Count);
        foreach (var group in groups)
        {
            if (version >= 8) response.WriteString(group.Group);
            var error = request.Node.Groups.CheckFetch(group.Group, group.Member, group.Epoch);
            if (error == ErrorCode.None) WriteTopics(request, group, stable);
            else response.WriteArrayLength(0);
            if (version >= 2) response.WriteError(error);
            if (version >= 8) response.WriteTags();
        }
        response.WriteTags();
        return request.Node.Journal.FlushAsync();
    }

    private static (List<Wanted> Groups, bool Stable) Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var groups = new List<Wanted>();
        for (var g = version >= 8 ? reader.ReadArrayLength() : 1; g > 0; g--)
        {
            var group = reader.ReadString();
            var (member, epoch) = version >= 9 ? (reader.ReadNullableString(), reader.ReadInt32()) : (null, -1);
            var count = reader.ReadArrayLength();
            var topics = count < 0 ? null : new List<(string, int[])>();
            for (; count > 0; count--)
            {
                topics!.Add((reader.ReadString(), reader.ReadInt32Array()));
                reader.SkipTags();
            }
            if (version >= 8) reader.SkipTags();
            groups.Add(new Wanted(group, member, epoch, topics));
        }
        return (groups, version >= 7 && reader.ReadBool());
    }

    private static void WriteTopics(Request request, Wanted wanted, bool stable)
    {
        var (response, groups) = (request.Response, request.Node.Groups);
        var topics = wanted.Topics ?? [.. groups.OffsetsOf(wanted.Group).GroupBy(o => o.Topic, StringComparer.Ordinal).Select(t => (t.Key, t.Select(o => o.Partition).ToArray()))];
        response.WriteArrayLength(topics.Count);
        foreach (var (topic, partitions) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions)
            {
                var unstable = stable && request.Node.Transactions.IsPending(wanted.Group, topic, partition);
                var offset = unstable ? null : groups.FindOffset(wanted.Group, topic, partition);
                response.WriteInt32(partition);
                response.WriteInt64(offset?.Offset ?? -1);
                if (request.Version >= 5) response.WriteInt32(offset?.LeaderEpoch ?? -1);
                response.WriteString(offset?.Metadata ?? "");
                response.WriteError(unstable ? ErrorCode.UnstableOffsetCommit : ErrorCode.None);
                response.WriteTags();
            }
            response.WriteTags();
        }
    }
}
