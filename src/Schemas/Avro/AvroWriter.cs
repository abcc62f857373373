using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Streams.Schemas.Avro;

/// <summary>Writes Avro binary (specification 1.12, "Binary Encoding") into a buffer.</summary>
public readonly ref struct AvroWriter(IBufferWriter<byte> output)
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    readonly IBufferWriter<byte> _output = output;

    public void WriteBoolean(bool value)
    {
        _output.GetSpan(1)[0] = value ? (byte)1 : (byte)0;
        _output.Advance(1);
    }

    public void WriteInt(int value) => WriteLong(value);

    public void WriteLong(long value)
    {
        var span = _output.GetSpan(10);
        var rest = unchecked((ulong)((value << 1) ^ (value >> 63)));
        var length = 0;
        while (rest > 0x7F)
        {
            span[length++] = (byte)((rest & 0x7F) | 0x80);
            rest >>= 7;
        }
        span[length++] = (byte)rest;
        _output.Advance(length);
    }

    public void WriteFloat(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    public void WriteDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }

    public void WriteBytes(scoped ReadOnlySpan<byte> value)
    {
        WriteLong(value.Length);
        WriteFixed(value);
    }

    /// <summary>A decimal of scale 9 as bytes.</summary>
    public void WriteDecimal(ExactDecimal value)
    {
        Span<byte> bytes = stackalloc byte[16];
        WriteBytes(bytes[..value.ToAvro(bytes)]);
    }

    public void WriteFixed(scoped ReadOnlySpan<byte> value) => _output.Write(value);

    /// <summary>A string; half a surrogate pair is an error, never replaced.</summary>
    public void WriteString(string value)
    {
        int length;
        try
        {
            length = StrictUtf8.GetByteCount(value);
        }
        catch (EncoderFallbackException e)
        {
            throw new AvroException($"The string holds half a surrogate pair at character {e.Index}", e);
        }
        WriteLong(length);
        StrictUtf8.GetBytes(value, _output.GetSpan(length));
        _output.Advance(length);
    }
}
