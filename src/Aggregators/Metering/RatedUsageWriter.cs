using System.Buffers;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Aggregators.Metering;

/// <summary>Writes <see cref="RatedUsage"/> in wire format straight from UTF-8, without making the record. A test holds it and the record's own writer together.</summary>
sealed class RatedUsageWriter(int schemaId, int partition, long windowSize)
{
    readonly ArrayBufferWriter<byte> _buffer = new(512);

    public ReadOnlySpan<byte> Write(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter, in OpenWindow window, ExactDecimal periodQuantity, ExactDecimal amount)
    {
        _buffer.ResetWrittenCount();
        WireFormat.WriteHeader(_buffer, schemaId);
        var writer = new AvroWriter(_buffer);
        writer.WriteBytes(customer);
        writer.WriteBytes(meter);
        writer.WriteLong(window.Start);
        writer.WriteLong(window.Start + windowSize);
        writer.WriteLong(window.Events);
        writer.WriteDecimal(window.Quantity);
        writer.WriteDecimal(periodQuantity);
        writer.WriteDecimal(amount);
        writer.WriteString(window.Terms.Terms!.Rates!.Currency);
        writer.WriteInt(partition);
        writer.WriteLong(window.FirstOffset);
        writer.WriteLong(window.LastOffset);
        return _buffer.WrittenSpan;
    }
}
