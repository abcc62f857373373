using System.Buffers;

namespace Streams.Broker.Compression;

/// <summary>
/// Bytes that a decoder writes: grows as it is written to, never above its limit. Nothing is allocated on the word of a header, so that a short input
/// that claims to be long costs nothing.
/// </summary>
internal sealed class BoundedBuffer(int limit) : IDisposable
{
    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(Math.Min(limit, 4096));

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>The next bytes, to be filled by the caller.</summary>
    /// <exception cref="CompressionException">There would be more than the limit.</exception>
    public Span<byte> Take(int count)
    {
        if (count > limit - Length) throw new CompressionException($"more than {limit} bytes when decompressed", isTooLarge: true);
        if (count > _bytes.Length - Length) Grow(Length + count);
        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }

    /// <exception cref="CompressionException">The size is above the limit.</exception>
    public void Expect(ulong size)
    {
        if (size > (ulong)(limit - Length)) throw new CompressionException($"more than {limit} bytes when decompressed", isTooLarge: true);
    }

    public void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Repeats what stands so many bytes back; the two may overlap. The caller has checked the distance.</summary>
    public void CopyBack(int distance, int count)
    {
        var target = Take(count);
        var source = _bytes.AsSpan(Length - count - distance);
        while (!target.IsEmpty)
        {
            var part = Math.Min(distance, target.Length);
            source[..part].CopyTo(target);
            target = target[part..];
            distance += part;
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(limit, Math.Max(needed, 2L * _bytes.Length)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
