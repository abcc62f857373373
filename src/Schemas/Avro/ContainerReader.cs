using System.Text;

namespace Streams.Schemas.Avro;

/// <summary>Reads an object container file (codecs null and deflate) from a stream, block by block. The stream stays open.</summary>
public sealed class ContainerReader
{
    const int MaxHeaderEntries = 1000;
    const int MaxHeaderBytes = 2 * SchemaJson.MaxBytes;

    readonly Stream _stream;
    readonly int _maxBlockBytes;
    readonly ContainerCodec _codec;
    readonly byte[] _sync;
    readonly DatumReader _datumReader;
    int _headerBytes;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">Stands at the file's first byte.</param>
    /// <param name="reader">The schema to read the data as; null: as they were written.</param>
    /// <param name="maxBlockBytes">The largest block, before and after inflating.</param>
    /// <exception cref="AvroException">This is no container file, its codec is not supported, or its data do not resolve.</exception>
    public ContainerReader(Stream stream, AvroSchema? reader = null, int maxBlockBytes = 64 * 1024 * 1024)
    {
        _stream = stream;
        _maxBlockBytes = maxBlockBytes;
        if (!ReadBytes(ContainerFile.Magic.Length).AsSpan().SequenceEqual(ContainerFile.Magic)) throw new AvroException("The data do not begin as an Avro container file");
        Metadata = ReadMetadata();
        if (!Metadata.TryGetValue(ContainerFile.SchemaKey, out var schema)) throw new AvroException($"The container file has no '{ContainerFile.SchemaKey}'");
        Schema = AvroSchema.Parse(Encoding.UTF8.GetString(schema));
        _codec = Metadata.TryGetValue(ContainerFile.CodecKey, out var codec) ? ContainerFile.ParseCodec(Encoding.UTF8.GetString(codec)) : ContainerCodec.Null;
        _sync = ReadBytes(ContainerFile.SyncSize);
        _datumReader = new DatumReader(Schema, reader ?? Schema);
    }

    /// <summary>The schema that the data were written with.</summary>
    public AvroSchema Schema { get; }

    /// <summary>The header's entries, the schema and codec among them.</summary>
    public IReadOnlyDictionary<string, byte[]> Metadata { get; }

    /// <summary>Reads the data, once. A broken block is an <see cref="AvroException"/> after the data of the blocks before it.</summary>
    public IEnumerable<object?> ReadAll()
    {
        for (var first = _stream.ReadByte(); first >= 0; first = _stream.ReadByte())
        {
            var count = ReadLong(first);
            var size = ReadLong(_stream.ReadByte());
            if (count < 0) throw new AvroException($"A block of {count} data");
            if (size < 0 || size > _maxBlockBytes) throw new AvroException($"A block of {size} bytes where {_maxBlockBytes} are allowed");
            var block = ReadBytes((int)size);
            if (!ReadBytes(ContainerFile.SyncSize).AsSpan().SequenceEqual(_sync)) throw new AvroException("A block does not end with the file's sync marker");
            foreach (var datum in ReadBlock(ContainerFile.Decompress(_codec, block, _maxBlockBytes), count)) yield return datum;
        }
    }

    IEnumerable<object?> ReadBlock(byte[] block, long count)
    {
        var most = Schema.MinimumSize == 0 ? AvroReader.MaxZeroByteItems : block.Length / Schema.MinimumSize;
        if (count > most) throw new AvroException($"A block of {count} data where {block.Length} bytes hold {most} at most");
        var position = 0;
        for (var i = 0L; i < count; i++) yield return ReadDatum(block, ref position);
        if (position != block.Length) throw new AvroException($"{block.Length - position} bytes are left behind a block's last datum");
    }

    object? ReadDatum(byte[] block, ref int position)
    {
        var reader = new AvroReader(block.AsSpan(position));
        var datum = _datumReader.Read(ref reader);
        position += reader.Position;
        return datum;
    }

    Dictionary<string, byte[]> ReadMetadata()
    {
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var count = ReadLong(_stream.ReadByte()); count != 0; count = ReadLong(_stream.ReadByte()))
        {
            if (count < 0)
            {
                count = count == long.MinValue ? long.MaxValue : -count;
                _ = ReadLong(_stream.ReadByte());
            }
            if (count > MaxHeaderEntries - entries.Count) throw new AvroException($"The header has more than {MaxHeaderEntries} entries");
            while (count-- > 0)
            {
                var key = Encoding.UTF8.GetString(ReadHeaderBytes());
                entries[key] = ReadHeaderBytes();
            }
        }
        return entries;
    }

    byte[] ReadHeaderBytes()
    {
        var length = ReadLong(_stream.ReadByte());
        if (length < 0 || length > MaxHeaderBytes - _headerBytes) throw new AvroException($"An entry of {length} bytes in a header of {MaxHeaderBytes} at most");
        _headerBytes += (int)length;
        return ReadBytes((int)length);
    }

    /// <summary>A zig-zag number whose first byte was read already (-1: the stream had ended).</summary>
    long ReadLong(int first)
    {
        Span<byte> bytes = stackalloc byte[10];
        var length = 0;
        for (var next = first; ; next = _stream.ReadByte())
        {
            if (next < 0) throw new AvroException("The container file ends inside a number");
            bytes[length++] = (byte)next;
            if ((next & 0x80) == 0 || length == bytes.Length) break;
        }
        return new AvroReader(bytes[..length]).ReadLong();
    }

    /// <summary>Reads in pieces, so that a length that the stream does not keep costs no more memory than the stream has bytes.</summary>
    byte[] ReadBytes(int length)
    {
        const int Piece = 1024 * 1024;
        var bytes = new byte[Math.Min(length, Piece)];
        for (var filled = 0; filled < length;)
        {
            if (filled == bytes.Length) Array.Resize(ref bytes, (int)Math.Min(length, 2L * bytes.Length));
            var read = _stream.Read(bytes, filled, bytes.Length - filled);
            if (read == 0) throw new AvroException($"The container file ends where {length - filled} more bytes are expected");
            filled += read;
        }
        return bytes;
    }
}
