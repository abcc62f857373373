using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DeleteRecords (21), versions 0–2: moves the log's start, at most to the high watermark, which is also meant by -1. Not on
/// topics that are compacted alone.</summary>
internal static class DeleteRecords
{
    private const long ToHighWatermark = -1;

    public static readonly ApiDefinition Definition = new(ApiKey.DeleteRecords, 0, 2, 2, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, node) = (request.Response, request.Node);
        response.WriteInt32(0);
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
                var offset = reader.ReadInt64();
                reader.SkipTags();
                var error = Delete(node, name, index, offset, out var start);
                response.WriteInt32(index);
                response.WriteInt64(start);
                response.WriteError(error);
                response.WriteTags();
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteTags();
        return node.Journal.FlushAsync();
    }

    private static ErrorCode Delete(Node node, string name, int index, long offset, out long start)
    {
        var (error, moved) = (ErrorCode.UnknownTopicOrPartition, -1L);
        var changed = node.Change(name, topic =>
        {
            if (topic.Find(index) is not { } log) return null;
            var wanted = offset == ToHighWatermark ? log.HighWatermark : offset;
            error = log.IsDamaged ? ErrorCode.KafkaStorageError : wanted < 0 || wanted > log.HighWatermark ? ErrorCode.OffsetOutOfRange : ErrorCode.None;
            if (error == ErrorCode.None && topic.Effective["cleanup.policy"] == "compact") error = ErrorCode.PolicyViolation;
            if (error != ErrorCode.None) return null;
            moved = Math.Max(wanted, log.LogStartOffset);
            return wanted > log.LogStartOffset ? new RecordsDeleted(name, index, wanted) : null;
        });
        if (error == ErrorCode.None) error = changed;
        start = error == ErrorCode.None ? moved : -1;
        return error;
    }
}
