using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// Produce 3–11 (0–2 are advertised since old librdkafka looks for them before it compresses, and refused). acks 1 and all both mean on disk.
/// Batches are stored as received; message.timestamp.type=LogAppendTime is not served.
/// </summary>
internal static class Produce
{
    public static readonly ApiDefinition Definition = new(ApiKey.Produce, 0, 11, 9, Handle);

    private static Task Handle(Request request)
    {
        if (request.Version < 3) throw new MalformedRequestException("message formats before 2 are not served");
        var flushes = new List<Task>();
        Append(request, flushes);
        return request.NoResponse ? Task.CompletedTask : Task.WhenAll(flushes);
    }

    private static void Append(Request request, List<Task> flushes)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        reader.ReadNullableString();
        request.NoResponse = reader.ReadInt16() == 0;
        reader.ReadInt32();
        var topics = reader.ReadArrayLength(4);
        response.WriteArrayLength(topics);
        for (var t = 0; t < topics; t++)
        {
            var name = reader.ReadString();
            response.WriteString(name);
            var topic = request.Node.Find(name);
            var partitions = reader.ReadArrayLength(5);
            response.WriteArrayLength(partitions);
            for (var p = 0; p < partitions; p++)
            {
                var index = reader.ReadInt32();
                var (start, length) = reader.ReadBytesRange();
                reader.SkipTags();
                var appended = AppendTo(request, topic, index, request.Body.Slice(start, Math.Max(0, length)), flushes);
                WritePartition(response, version, index, appended, topic?.Find(index)?.LogStartOffset ?? -1);
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteInt32(0);
        response.WriteTags();
    }

    private static Appended AppendTo(Request request, Topic? topic, int index, ReadOnlyMemory<byte> records, List<Task> flushes)
    {
        if (topic?.Find(index) is not { } log) return Appended.Refused(ErrorCode.UnknownTopicOrPartition);
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsMemory(records).Span;
        var error = Validate(bytes, topic, request.Node.Now);
        if (error != ErrorCode.None) return Appended.Refused(error);
        try
        {
            var batch = new RecordBatch(bytes);
            var appended = batch.IsTransactional ? request.Node.Transactions.Append(log, bytes) : log.Append(bytes);
            if (appended.Error == ErrorCode.None) flushes.Add(request.Node.Commit.FlushAsync(log));
            return appended;
        }
        catch (IOException)
        {
            // Told to the producer, which tries again; the log has cut the bytes that did get in.
            return Appended.Refused(ErrorCode.KafkaStorageError);
        }
    }

    private static ErrorCode Validate(ReadOnlySpan<byte> bytes, Topic topic, long now)
    {
        if (bytes.Length < RecordBatch.HeaderSize) return ErrorCode.InvalidRecord;
        var batch = new RecordBatch(bytes);
        if (batch.Magic != 2) return ErrorCode.UnsupportedForMessageFormat;
        if (batch.Size != bytes.Length) return ErrorCode.InvalidRecord;
        if (bytes.Length > topic.Config.MaxMessageBytes) return ErrorCode.MessageTooLarge;
        if (!batch.CrcIsRight) return ErrorCode.CorruptMessage;
        if (batch.IsControl || batch.RecordCount < 1 || batch.LastOffsetDelta != batch.RecordCount - 1) return ErrorCode.InvalidRecord;
        var limit = topic.Config.TimestampAfterMaxMs;
        return batch.MaxTimestamp > now && batch.MaxTimestamp - now > limit ? ErrorCode.InvalidTimestamp : ErrorCode.None;
    }

    private static void WritePartition(ProtocolWriter response, short version, int index, Appended appended, long logStart)
    {
        response.WriteInt32(index);
        response.WriteError(appended.Error);
        response.WriteInt64(appended.BaseOffset);
        response.WriteInt64(-1);
        if (version >= 5) response.WriteInt64(logStart);
        if (version >= 8)
        {
            response.WriteArrayLength(0);
            response.WriteString(null);
        }
        response.WriteTags();
    }
}
