using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>
/// A bit stream of Zstandard that is read from its end to its start (RFC 8878, 4.1). Behind its start there are zeros without end; a reader sees by
/// <see cref="Left"/> that it took too many.
/// </summary>
internal ref struct ZstdBits
{
    private readonly ReadOnlySpan<byte> _bytes;

    /// <exception cref="CompressionException">The stream is empty or its end is not marked.</exception>
    public ZstdBits(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] == 0) throw new CompressionException("zstd: a bit stream without its end mark");
        _bytes = bytes;
        Left = 8L * (bytes.Length - 1) + int.Log2(bytes[^1]);
    }

    /// <summary>Bits that are left; below zero where more were taken than there are.</summary>
    public long Left { get; private set; }

    /// <summary>The next bits, at most 56.</summary>
    public readonly ulong Peek(int count)
    {
        var low = Left - count;
        if (low >= 0) return Load((int)(low >> 3)) >> (int)(low & 7) & Mask(count);
        return Left <= 0 ? 0 : (Load(0) & Mask((int)Left)) << (int)-low;
    }

    public void Skip(int count) => Left -= count;

    public ulong Read(int count)
    {
        var value = Peek(count);
        Left -= count;
        return value;
    }

    private static ulong Mask(int count) => (1UL << count) - 1;

    private readonly ulong Load(int index)
    {
        var from = _bytes[index..];
        if (from.Length >= 8) return BinaryPrimitives.ReadUInt64LittleEndian(from);
        ulong word = 0;
        for (var i = 0; i < from.Length; i++) word |= (ulong)from[i] << (8 * i);
        return word;
    }
}
