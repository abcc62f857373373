using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ListOffsets 1–7: latest, earliest, newest timestamp and by time. Inside a compressed batch the time is that of the batch.</summary>
internal static class ListOffsets
{
    public static readonly ApiDefinition Definition = new(ApiKey.ListOffsets, 1, 7, 6, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        reader.ReadInt32();
        var committedOnly = version >= 2 && reader.ReadInt8() == 1;
        if (version >= 2) response.WriteInt32(0);
        var topics = reader.ReadArrayLength();
        response.WriteArrayLength(topics);
        for (; topics > 0; topics--)
        {
            var name = reader.ReadString();
            response.WriteString(name);
            var partitions = reader.ReadArrayLength(12);
            response.WriteArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var index = reader.ReadInt32();
                if (version >= 4) reader.ReadInt32();
                WritePartition(request, index, request.Node.Find(name, index), reader.ReadInt64(), committedOnly);
                reader.SkipTags();
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WritePartition(Request request, int index, PartitionLog? log, long timestamp, bool committedOnly)
    {
        var response = request.Response;
        var error = log is null ? ErrorCode.UnknownTopicOrPartition : log.IsDamaged ? ErrorCode.KafkaStorageError : ErrorCode.None;
        (long Offset, long Timestamp)? found = error != ErrorCode.None ? null : timestamp switch
        {
            -1 => (log!.EndFor(committedOnly), -1),
            -2 => (log!.LogStartOffset, -1),
            -3 => log!.FindMaxTimestamp(log.EndFor(committedOnly)),
            _ => log!.FindTimestamp(timestamp, log.EndFor(committedOnly)),
        };
        response.WriteInt32(index);
        response.WriteError(error);
        response.WriteInt64(found?.Timestamp ?? -1);
        response.WriteInt64(found?.Offset ?? -1);
        if (request.Version >= 4) response.WriteInt32(found is null ? -1 : 0);
        response.WriteTags();
    }
}
