using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>Encodes messages by their formats, and remembers where it put lengths and counts.</summary>
internal sealed class WireWriter(bool flexible)
{
    private readonly List<byte> _bytes = [];

    /// <summary>Where lengths and counts stand, and how many bytes each takes.</summary>
    public List<(int Position, int Size)> Lengths { get; } = [];

    public byte[] ToArray() => [.. _bytes];

    /// <summary>A request's frame without its length.</summary>
    public static WireWriter Request(Format format, short version, int correlation, string? clientId, Struct body)
    {
        var writer = new WireWriter(format.Flexible);
        writer.WriteHeader(format.Key, version, correlation, clientId);
        writer.WriteStruct(format.Fields, body);
        return writer;
    }

    public void WriteHeader(short key, short version, int correlation, string? clientId)
    {
        WriteInt16(key);
        WriteInt16(version);
        WriteInt32(correlation);
        WriteInt16(clientId is null ? (short)-1 : (short)clientId.Length);
        if (clientId is not null) _bytes.AddRange(Encoding.UTF8.GetBytes(clientId));
        if (flexible) _bytes.Add(0);
    }

    public void WriteStruct(IReadOnlyList<Field> fields, Struct value)
    {
        var next = 0;
        foreach (var field in fields)
        {
            if (field.Tag is null) WriteField(field, value.Values[next++]);
        }
        if (!flexible) return;
        WriteVarUInt((uint)value.Tags.Count);
        foreach (var (tag, bytes) in value.Tags)
        {
            WriteVarUInt(tag);
            WriteVarUInt((uint)bytes.Length);
            _bytes.AddRange(bytes);
        }
    }

    private void WriteField(Field field, object? value)
    {
        if (!field.Array)
        {
            WriteValue(field, value);
            return;
        }
        var elements = (object?[]?)value;
        WriteLength(elements?.Length ?? -1, 4);
        foreach (var element in elements ?? [])
        {
            if (field.IsStruct) WriteStruct(field.Fields, (Struct)element!);
            else WriteValue(field, element);
        }
    }

    private void WriteValue(Field field, object? value)
    {
        switch (field.Type)
        {
            case "":
                if (field.Nullable) _bytes.Add(value is null ? (byte)0xFF : (byte)1);
                if (value is Struct inner) WriteStruct(field.Fields, inner);
                break;
            case "bool" or "i8": _bytes.Add(unchecked((byte)(long)value!)); break;
            case "i16": WriteInt16(unchecked((short)(long)value!)); break;
            case "i32": WriteInt32(unchecked((int)(long)value!)); break;
            case "i64": WriteInt64((long)value!); break;
            case "uuid": _bytes.AddRange(((Guid)value!).ToByteArray(bigEndian: true)); break;
            case "str" or "nstr": WriteBlock(value is string text ? Encoding.UTF8.GetBytes(text) : null, 2); break;
            default: WriteBlock((byte[]?)value, 4); break;
        }
    }

    private void WriteBlock(byte[]? bytes, int size)
    {
        WriteLength(bytes?.Length ?? -1, size);
        _bytes.AddRange(bytes ?? []);
    }

    private void WriteLength(int length, int size)
    {
        var at = _bytes.Count;
        if (flexible) WriteVarUInt((uint)(length + 1));
        else if (size == 2) WriteInt16((short)length);
        else WriteInt32(length);
        Lengths.Add((at, _bytes.Count - at));
    }

    private void WriteVarUInt(uint value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)((value & 0x7F) | 0x80));
        _bytes.Add((byte)value);
    }

    private void WriteInt16(short value) => _bytes.AddRange([unchecked((byte)(value >> 8)), unchecked((byte)value)]);

    private void WriteInt32(int value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(four, value);
        _bytes.AddRange(four);
    }

    private void WriteInt64(long value)
    {
        Span<byte> eight = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(eight, value);
        _bytes.AddRange(eight);
    }
}
