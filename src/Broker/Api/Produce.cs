using System.Runtime.InteropServices;
using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// Produce 3–11 (0–2 are advertised since old librdkafka looks for them before it compresses; as with Kafka such a request closes its connection).
/// acks 1 and all both mean on disk; an error with acks=0, which has no answer, closes the connection. Batches are stored as received.
/// Refusals name the reason in error_message, not by single records.
/// </summary>
internal static class Produce
{
    public static readonly ApiDefinition Definition = new(ApiKey.Produce, 0, 11, 9, Handle);

    private static Task Handle(Request request)
    {
        if (request.Version < 3) throw new MalformedRequestException("message formats before 2 are not served");
        var flushes = new List<Task>();
        Append(request, flushes);
        return request.NoResponse ? Task.CompletedTask : flushes.Count == 1 ? flushes[0] : Task.WhenAll(flushes);
    }

    private static void Append(Request request, List<Task> flushes)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        reader.ReadNullableString();
        var acks = reader.ReadInt16();
        request.NoResponse = acks == 0;
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
                var records = request.Body.Slice(start, Math.Max(0, length));
                var (appended, message) = acks is < -1 or > 1 ? (Appended.Refused(ErrorCode.InvalidRequiredAcks), null) : AppendTo(request, topic, index, records, flushes);
                if (appended.Error != ErrorCode.None && request.NoResponse) throw new MalformedRequestException($"produce without an answer to {name}-{index}: {appended.Error}");
                WritePartition(response, version, index, appended, topic?.Find(index)?.LogStartOffset ?? -1, message);
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteInt32(0);
        response.WriteTags();
    }

    private static (Appended, string? Message) AppendTo(Request request, Topic? topic, int index, ReadOnlyMemory<byte> records, List<Task> flushes)
    {
        if (topic?.Find(index) is not { } log) return (Appended.Refused(ErrorCode.UnknownTopicOrPartition), null);
        // The frame is this request's own: offset, leader epoch and, by the topic's settings, the time are written into it.
        var bytes = MemoryMarshal.AsMemory(records).Span;
        var (error, message) = IncomingBatch.Check(bytes, topic.Config, request.Node.Now);
        if (error != ErrorCode.None) return (Appended.Refused(error), message);
        try
        {
            var appended = new RecordBatch(bytes).IsTransactional ? request.Node.Transactions.Append(log, bytes) : log.Append(bytes);
            if (appended.Error == ErrorCode.None) flushes.Add(request.Node.Commit.FlushAsync(log));
            return (appended, null);
        }
        catch (IOException)
        {
            // Told to the producer, which tries again; the log has cut the bytes that did get in.
            return (Appended.Refused(ErrorCode.KafkaStorageError), "the log could not be written");
        }
    }

    private static void WritePartition(ProtocolWriter response, short version, int index, Appended appended, long logStart, string? message)
    {
        response.WriteInt32(index);
        response.WriteError(appended.Error);
        response.WriteInt64(appended.BaseOffset);
        response.WriteInt64(appended.LogAppendTime);
        if (version >= 5) response.WriteInt64(logStart);
        if (version >= 8)
        {
            response.WriteArrayLength(0);
            response.WriteString(message);
        }
        response.WriteTags();
    }
}
