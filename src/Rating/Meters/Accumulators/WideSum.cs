using System.Numerics;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>A sum that cannot overflow: 128 bits, spilled into a number of any size when they are full. Adding allocates only then.</summary>
struct WideSum
{
    /// <summary>Bytes at most: 2^63 products of a decimal's 94 bits and a time's 63.</summary>
    const int MaxBytes = 28;

    Int128 _low;
    BigInteger _spilled;

    public readonly BigInteger Total => _spilled.IsZero ? _low : _spilled + _low;

    public void Add(Int128 value)
    {
        var sum = unchecked(_low + value);
        var overflows = ((_low ^ sum) & (value ^ sum)) < 0;
        if (overflows) _spilled += _low;
        _low = overflows ? value : sum;
    }

    public void AddProduct(Int128 value, long factor)
    {
        if (value >= long.MinValue && value <= long.MaxValue) Add(value * factor);
        else _spilled += (BigInteger)value * factor;
    }

    public void Add(WideSum other)
    {
        Add(other._low);
        _spilled += other._spilled;
    }

    public readonly void Write(AvroWriter writer)
    {
        Span<byte> bytes = stackalloc byte[2 * MaxBytes];
        if (!Total.TryWriteBytes(bytes, out var length)) throw new OverflowException("A sum of more than 448 bits");
        writer.WriteBytes(bytes[..length]);
    }

    public static WideSum Read(ref AvroReader reader)
    {
        var bytes = reader.ReadBytes();
        if (bytes.Length is 0 or > MaxBytes) throw StateFormat.Malformed($"a sum has {bytes.Length} bytes, 1 to {MaxBytes} are allowed");
        var sum = new WideSum();
        var total = new BigInteger(bytes);
        if (bytes.Length <= 16) sum._low = (Int128)total;
        else sum._spilled = total;
        return sum;
    }
}
