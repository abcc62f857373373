using System.Buffers.Binary;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Summaries;

/// <summary>A document on its way into a journal: where it stood (partition and offset, big-endian), and its Avro.</summary>
readonly record struct SummaryPart(int Partition, long Offset, ErpDocument Document)
{
    const int HeaderSize = sizeof(int) + sizeof(long);

    public static SummaryPart Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadInt32BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[4..]), ErpDocument.Read(bytes[HeaderSize..]));

    /// <summary>Gives each document that is summed up its group as the key.</summary>
    public sealed class Writer : IProcessor<byte[], Sorted, string, byte[]>
    {
        IProcessorContext<string, byte[]> _context = null!;

        public void Init(IProcessorContext<string, byte[]> context) => _context = context;

        public void Process(in Record<byte[], Sorted> record)
        {
            if (record.Value.Group is not { } group || _context.RecordMetadata is not { } place) return;
            WireFormat.TryRead(record.Value.Value, out _, out var payload);
            var part = new byte[HeaderSize + payload.Length];
            BinaryPrimitives.WriteInt32BigEndian(part, place.Partition);
            BinaryPrimitives.WriteInt64BigEndian(part.AsSpan(4), place.Offset);
            payload.CopyTo(part.AsSpan(HeaderSize));
            _context.Forward(new Record<string, byte[]>(group.ToString(), part, record.Timestamp));
        }
    }
}

/// <summary>A record, and the group of its document; null where it goes on as it is.</summary>
readonly record struct Sorted(byte[] Value, SummaryGroup? Group)
{
    /// <summary>What is no document that can be read goes on: whoever posts it says so.</summary>
    public static Sorted Of(byte[]? value, SummaryOptions options, int schemaId)
    {
        if (value is null || !WireFormat.TryRead(value, out var id, out var payload) || id != schemaId) return new(value!, null);
        try
        {
            var document = ErpDocument.Read(payload);
            return new(value, options.RuleOf(document) is { } rule ? SummaryGroup.Of(rule, document) : null);
        }
        catch (AvroException)
        {
            return new(value, null);
        }
    }
}
