using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>Decodes messages by their formats. It trusts nothing: what does not fit is an <see cref="InvalidDataException"/>.</summary>
internal sealed class WireReader(ReadOnlyMemory<byte> bytes, bool flexible)
{
    private int _position;

    public int Remaining => bytes.Length - _position;

    /// <summary>The message's body, which must end where the bytes do.</summary>
    public static Struct ReadAll(ReadOnlyMemory<byte> body, Format format)
    {
        var reader = new WireReader(body, format.Flexible);
        var message = reader.ReadStruct(format.Fields);
        return reader.Remaining == 0 ? message : throw new InvalidDataException($"{reader.Remaining} bytes behind the end of {format.Name} {format.Min}-{format.Max}");
    }

    public Struct ReadStruct(IReadOnlyList<Field> fields)
    {
        var values = fields.Where(f => f.Tag is null).Select(f => ReadField(f)).ToArray();
        var tags = new List<(uint, byte[])>();
        if (!flexible) return new Struct(values, tags);
        for (var left = ReadVarUInt(); left > 0; left--) tags.Add((ReadVarUInt(), Take((int)ReadVarUInt()).ToArray()));
        return new Struct(values, tags);
    }

    public uint ReadVarUInt()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Take(1)[0];
            value |= unchecked((uint)(next & 0x7F) << shift);
            if (next < 0x80) return value;
        }
        throw new InvalidDataException("a number without an end");
    }

    private object? ReadField(Field field)
    {
        if (!field.Array) return ReadValue(field);
        var count = ReadLength(4);
        if (count < 0) return field.Nullable ? null : throw new InvalidDataException($"{field.Name} is null");
        if (count > Remaining) throw new InvalidDataException($"{field.Name} has {count} elements in {Remaining} bytes");
        var elements = new object?[count];
        for (var i = 0; i < count; i++) elements[i] = field.IsStruct ? ReadStruct(field.Fields) : ReadValue(field);
        return elements;
    }

    private object? ReadValue(Field field) => field.Type switch
    {
        "" => field.Nullable && unchecked((sbyte)Take(1)[0]) < 0 ? null : ReadStruct(field.Fields),
        "bool" or "i8" => (long)unchecked((sbyte)Take(1)[0]),
        "i16" => (long)BinaryPrimitives.ReadInt16BigEndian(Take(2)),
        "i32" => (long)BinaryPrimitives.ReadInt32BigEndian(Take(4)),
        "i64" => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
        "uuid" => new Guid(Take(16), bigEndian: true),
        "str" or "nstr" => ReadLength(2) is >= 0 and var length ? Encoding.UTF8.GetString(Take(length)) : field.Type == "nstr" ? null : throw new InvalidDataException($"{field.Name} is null"),
        "bytes" or "nbytes" or "records" => ReadLength(4) is >= 0 and var length ? Take(length).ToArray() : field.Type != "bytes" ? null : throw new InvalidDataException($"{field.Name} is null"),
        _ => throw new InvalidOperationException($"unknown type {field.Type}"),
    };

    private int ReadLength(int size) => flexible ? (int)ReadVarUInt() - 1 : size == 2 ? BinaryPrimitives.ReadInt16BigEndian(Take(2)) : BinaryPrimitives.ReadInt32BigEndian(Take(4));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Remaining) throw new InvalidDataException($"{count} bytes wanted, {Remaining} left");
        _position += count;
        return bytes.Span.Slice(_position - count, count);
    }
}
