using System.Buffers;

namespace Streams.Schemas.Avro;

/// <summary>
/// Re-encodes data of one schema as data of another: what a consumer does with the bytes of a producer that knows another version than its own types.
/// Worked out once for the pair; may be used by many threads.
/// </summary>
public sealed class Transcoder(AvroSchema writer, AvroSchema reader)
{
    readonly DatumReader _datumReader = new(writer, reader);

    /// <summary>Re-encodes exactly one datum.</summary>
    /// <exception cref="AvroException">The data are malformed or do not resolve.</exception>
    public void Transcode(ReadOnlySpan<byte> avro, IBufferWriter<byte> output) => DatumWriter.Write(reader, _datumReader.Read(avro), output);

    /// <inheritdoc cref="Transcode(ReadOnlySpan{byte}, IBufferWriter{byte})"/>
    public byte[] Transcode(ReadOnlySpan<byte> avro) => DatumWriter.ToBytes(reader, _datumReader.Read(avro));
}
