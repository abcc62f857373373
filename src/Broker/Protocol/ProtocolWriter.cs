using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Protocol;

/// <summary>Writes the protocol's primitive types into a pooled buffer that grows; the counterpart of <see cref="ProtocolReader"/>.</summary>
internal sealed class ProtocolWriter(bool flexible = false) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);

    public bool Flexible { get; set; } = flexible;

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, Length);

    public void WriteInt8(sbyte value) => Reserve(1)[0] = unchecked((byte)value);

    public void WriteBool(bool value) => Reserve(1)[0] = value ? (byte)1 : (byte)0;

    public void WriteInt16(short value) => BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(8), value);

    public void WriteError(ErrorCode error) => WriteInt16((short)error);

    public void WriteUuid(Guid value) => value.TryWriteBytes(Reserve(16), bigEndian: true, out _);

    public void WriteVarUInt(uint value)
    {
        while (value >= 0x80)
        {
            Reserve(1)[0] = (byte)((value & 0x7F) | 0x80);
            value >>= 7;
        }
        Reserve(1)[0] = (byte)value;
    }

    public void WriteString(string? value)
    {
        var length = value is null ? -1 : Encoding.UTF8.GetByteCount(value);
        if (Flexible) WriteVarUInt((uint)(length + 1));
        else WriteInt16(checked((short)length));
        if (length > 0) Encoding.UTF8.GetBytes(value, Reserve(length));
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteBytesLength(value.Length);
        value.CopyTo(Reserve(value.Length));
    }

    public void WriteBytesLength(int length)
    {
        if (Flexible) WriteVarUInt((uint)(length + 1));
        else WriteInt32(length);
    }

    /// <summary>The number of elements that follow; -1 writes a null array.</summary>
    /// <summary>The number of elements that follow. Counts are often those of the request: a client that sent null where that is not allowed learns it here.</summary>
    /// <exception cref="MalformedRequestException">The count is negative; no array of a response is null.</exception>
    public void WriteArrayLength(int count)
    {
        if (count < 0) throw new MalformedRequestException("null where an array is required");
        if (Flexible) WriteVarUInt((uint)(count + 1));
        else WriteInt32(count);
    }

    public void WriteInt32Array(ReadOnlySpan<int> values)
    {
        WriteArrayLength(values.Length);
        foreach (var value in values) WriteInt32(value);
    }

    /// <summary>Ends a structure: no tagged fields, in flexible versions.</summary>
    public void WriteTags()
    {
        if (Flexible) WriteVarUInt(0);
    }

    /// <summary>Room for <paramref name="count"/> bytes at the end, counted as written.</summary>
    public Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count) Grow(count);
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }

    public void OverwriteInt32(int position, int value) => BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(position), value);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Grow(int count)
    {
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max((long)_buffer.Length * 2, (long)Length + count)));
        Written.CopyTo(grown);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = grown;
    }
}
