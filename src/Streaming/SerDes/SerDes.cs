using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Streams.Streaming.SerDes;

/// <summary>UTF-8 text, as Kafka's StringSerde; bytes that are no UTF-8 are refused.</summary>
public sealed class StringSerDes : ISerDes<string>
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public void Serialize(string value, IBufferWriter<byte> writer) => Utf8.GetBytes(value, writer);

    public string Deserialize(ReadOnlySpan<byte> data) => Utf8.GetString(data);
}

/// <summary>Bytes as they are.</summary>
public sealed class ByteArraySerDes : ISerDes<byte[]>
{
    public void Serialize(byte[] value, IBufferWriter<byte> writer) => writer.Write(value);

    public byte[] Deserialize(ReadOnlySpan<byte> data) => data.ToArray();
}

/// <summary>Four bytes, big-endian, as Kafka's IntegerSerde.</summary>
public sealed class Int32SerDes : ISerDes<int>
{
    public void Serialize(int value, IBufferWriter<byte> writer)
    {
        BinaryPrimitives.WriteInt32BigEndian(writer.GetSpan(sizeof(int)), value);
        writer.Advance(sizeof(int));
    }

    public int Deserialize(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadInt32BigEndian(Fixed.Size(data, sizeof(int)));
}

/// <summary>Eight bytes, big-endian, as Kafka's LongSerde.</summary>
public sealed class Int64SerDes : ISerDes<long>
{
    public void Serialize(long value, IBufferWriter<byte> writer)
    {
        BinaryPrimitives.WriteInt64BigEndian(writer.GetSpan(sizeof(long)), value);
        writer.Advance(sizeof(long));
    }

    public long Deserialize(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadInt64BigEndian(Fixed.Size(data, sizeof(long)));
}

/// <summary>Sixteen bytes in the order in which a GUID is written.</summary>
public sealed class GuidSerDes : ISerDes<Guid>
{
    private const int Size = 16;

    public void Serialize(Guid value, IBufferWriter<byte> writer)
    {
        value.TryWriteBytes(writer.GetSpan(Size), bigEndian: true, out _);
        writer.Advance(Size);
    }

    public Guid Deserialize(ReadOnlySpan<byte> data) => new(Fixed.Size(data, Size), bigEndian: true);
}

/// <summary>Exact decimals as the four 32-bit parts of System.Decimal, little-endian: scale and trailing zeros survive.</summary>
public sealed class DecimalSerDes : ISerDes<decimal>
{
    private const int Size = 16;

    public void Serialize(decimal value, IBufferWriter<byte> writer)
    {
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(value, parts);
        var bytes = writer.GetSpan(Size);
        for (var i = 0; i < parts.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(i * sizeof(int))..], parts[i]);
        writer.Advance(Size);
    }

    public decimal Deserialize(ReadOnlySpan<byte> data)
    {
        Fixed.Size(data, Size);
        Span<int> parts = stackalloc int[4];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = BinaryPrimitives.ReadInt32LittleEndian(data[(i * sizeof(int))..]);
        return new decimal(parts);
    }
}

/// <summary>JSON by System.Text.Json; give the source generator's type information where trimming or speed asks for it.</summary>
public sealed class JsonSerDes<T>(JsonTypeInfo<T>? typeInfo = null) : ISerDes<T>
{
    public void Serialize(T value, IBufferWriter<byte> writer)
    {
        using var json = new Utf8JsonWriter(writer);
        if (typeInfo is null)
            JsonSerializer.Serialize(json, value);
        else
            JsonSerializer.Serialize(json, value, typeInfo);
    }

    public T Deserialize(ReadOnlySpan<byte> data) =>
        (typeInfo is null ? JsonSerializer.Deserialize<T>(data) : JsonSerializer.Deserialize(data, typeInfo))
        ?? throw new FormatException("the JSON text is null; a record without a value says that");
}

/// <summary>A value type that may be missing: with it a record without a value shows as null instead of being refused.</summary>
public sealed class NullableSerDes<T>(ISerDes<T> inner) : ISerDes<T?>
    where T : struct
{
    public void Serialize(T? value, IBufferWriter<byte> writer) => inner.Serialize(value!.Value, writer);

    public T? Deserialize(ReadOnlySpan<byte> data) => inner.Deserialize(data);
}

internal static class Fixed
{
    /// <exception cref="FormatException">The bytes are more or fewer.</exception>
    public static ReadOnlySpan<byte> Size(ReadOnlySpan<byte> data, int size) =>
        data.Length == size ? data : throw new FormatException($"{data.Length} bytes where {size} are needed");
}
