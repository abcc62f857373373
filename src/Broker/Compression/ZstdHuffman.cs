namespace Streams.Broker.Compression;

/// <summary>A decoding table of Zstandard's Huffman codes (RFC 8878, 4.2).</summary>
internal sealed class ZstdHuffman
{
    private const int MaxBits = 11;
    private const int MaxWeightsLog = 6;

    private readonly byte[] _symbols;
    private readonly byte[] _lengths;
    private readonly int _bits;

    private ZstdHuffman(ReadOnlySpan<byte> weights, int bits)
    {
        _bits = bits;
        _symbols = new byte[1 << bits];
        _lengths = new byte[1 << bits];
        var at = 0;
        for (var weight = 1; weight <= bits; weight++)
        {
            for (var symbol = 0; symbol < weights.Length; symbol++)
            {
                if (weights[symbol] != weight) continue;
                var count = 1 << (weight - 1);
                _symbols.AsSpan(at, count).Fill((byte)symbol);
                _lengths.AsSpan(at, count).Fill((byte)(bits + 1 - weight));
                at += count;
            }
        }
    }

    /// <summary>Reads a tree's description from the front of the bytes.</summary>
    public static ZstdHuffman Read(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) throw Malformed("no tree");
        int header = bytes[0];
        bytes = bytes[1..];
        Span<byte> weights = stackalloc byte[256];
        var count = header < 128 ? ReadCompressed(ref bytes, header, weights) : ReadDirect(ref bytes, header - 127, weights);
        return FromWeights(weights, count);
    }

    /// <summary>Decodes one stream, which has to end with the last symbol.</summary>
    public void Decode(ReadOnlySpan<byte> stream, Span<byte> into)
    {
        var bits = new ZstdBits(stream);
        for (var i = 0; i < into.Length; i++)
        {
            var code = (int)bits.Peek(_bits);
            into[i] = _symbols[code];
            bits.Skip(_lengths[code]);
        }
        if (bits.Left != 0) throw Malformed("a stream does not end where it should");
    }

    private static ZstdHuffman FromWeights(Span<byte> weights, int count)
    {
        var sum = 0;
        foreach (var weight in weights[..count])
        {
            if (weight > MaxBits) throw Malformed("a code is too long");
            if (weight > 0) sum += 1 << (weight - 1);
        }
        if (sum == 0) throw Malformed("a tree without codes");
        // The last weight is not written: it fills the sum up to a power of two.
        var bits = int.Log2(sum) + 1;
        var left = (1 << bits) - sum;
        if (bits > MaxBits || !int.IsPow2(left)) throw Malformed("codes do not add up");
        weights[count] = (byte)(int.Log2(left) + 1);
        return new ZstdHuffman(weights[..(count + 1)], bits);
    }

    private static int ReadDirect(ref ReadOnlySpan<byte> bytes, int count, scoped Span<byte> weights)
    {
        var length = (count + 1) / 2;
        if (length > bytes.Length) throw Malformed("a tree is cut off");
        for (var i = 0; i < count; i++) weights[i] = (byte)((i & 1) == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15);
        bytes = bytes[length..];
        return count;
    }

    private static int ReadCompressed(ref ReadOnlySpan<byte> bytes, int length, scoped Span<byte> weights)
    {
        if (length > bytes.Length) throw Malformed("a tree is cut off");
        var description = bytes[..length];
        bytes = bytes[length..];
        var table = ZstdFse.Read(ref description, MaxWeightsLog, MaxBits + 2);
        var bits = new ZstdBits(description);
        int first = table.Start(ref bits), second = table.Start(ref bits), count = 0;
        // Two states take turns; when the bits run out, the other one still holds a symbol.
        while (count < 254)
        {
            weights[count++] = table.Symbol(first);
            first = table.Next(first, ref bits);
            if (bits.Left < 0)
            {
                weights[count++] = table.Symbol(second);
                return count;
            }
            (first, second) = (second, first);
        }
        throw Malformed("a tree has too many codes");
    }

    private static CompressionException Malformed(string what) => new($"zstd: {what}");
}
