using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Streams.Schemas.Avro;

/// <summary>Writes an object container file to a stream. Data are gathered into blocks; disposing writes the last one. The stream stays open.</summary>
public sealed class ContainerWriter : IDisposable
{
    readonly Stream _stream;
    readonly AvroSchema _schema;
    readonly ContainerCodec _codec;
    readonly int _blockBytes;
    readonly byte[] _sync;
    readonly ArrayBufferWriter<byte> _block = new();
    readonly ArrayBufferWriter<byte> _datum = new();
    long _count;

    /// <summary>Writes the header.</summary>
    /// <param name="stream">Where the file goes.</param>
    /// <param name="schema">The schema of every datum.</param>
    /// <param name="codec">How blocks are compressed.</param>
    /// <param name="sync">The 16 bytes behind every block; null: random ones.</param>
    /// <param name="blockBytes">A block is written when it has this many bytes.</param>
    public ContainerWriter(Stream stream, AvroSchema schema, ContainerCodec codec = ContainerCodec.Deflate, byte[]? sync = null, int blockBytes = 64 * 1024)
    {
        if (sync is { Length: not ContainerFile.SyncSize }) throw new ArgumentException($"A sync marker has {ContainerFile.SyncSize} bytes", nameof(sync));
        _stream = stream;
        _schema = schema;
        _codec = codec;
        _blockBytes = blockBytes;
        _sync = sync ?? RandomNumberGenerator.GetBytes(ContainerFile.SyncSize);
        WriteHeader();
    }

    /// <summary>Adds a datum.</summary>
    /// <exception cref="AvroException">It does not fit the schema; the file is as if it had not been given.</exception>
    public void Write(object? datum)
    {
        _datum.ResetWrittenCount();
        DatumWriter.Write(_schema, datum, _datum);
        _block.Write(_datum.WrittenSpan);
        _count++;
        if (_block.WrittenCount >= _blockBytes || _count == AvroReader.MaxZeroByteItems) Flush();
    }

    /// <summary>Writes what is gathered as a block.</summary>
    public void Flush()
    {
        if (_count == 0) return;
        var data = ContainerFile.Compress(_codec, _block.WrittenSpan);
        var head = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(head);
        writer.WriteLong(_count);
        writer.WriteBytes(data);
        writer.WriteFixed(_sync);
        _stream.Write(head.WrittenSpan);
        _block.ResetWrittenCount();
        _count = 0;
    }

    public void Dispose() => Flush();

    void WriteHeader()
    {
        var head = new ArrayBufferWriter<byte>();
        var writer = new AvroWriter(head);
        writer.WriteFixed(ContainerFile.Magic);
        writer.WriteLong(2);
        writer.WriteString(ContainerFile.CodecKey);
        writer.WriteBytes(Encoding.UTF8.GetBytes(_codec == ContainerCodec.Deflate ? "deflate" : "null"));
        writer.WriteString(ContainerFile.SchemaKey);
        writer.WriteBytes(Encoding.UTF8.GetBytes(_schema.ToJson()));
        writer.WriteLong(0);
        writer.WriteFixed(_sync);
        _stream.Write(head.WrittenSpan);
    }
}
