using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>Decodes the compressed blocks of one frame; tables and repeated offsets go on from block to block (RFC 8878, 3.1.1.3).</summary>
internal sealed class ZstdBlock(BoundedBuffer into)
{
    public const int MaxSize = 128 << 10;

    private readonly int _start = into.Length;
    private readonly ZstdFse?[] _tables = new ZstdFse?[3];
    private readonly long[] _recent = [1, 4, 8];
    private ZstdHuffman? _tree;

    public void Decode(ReadOnlySpan<byte> block, int maxSize)
    {
        var literals = ReadLiterals(ref block, maxSize);
        var count = SequenceCount(ref block);
        var left = maxSize;
        if (count > 0) RunSequences(block, count, ref literals, ref left);
        else if (!block.IsEmpty) throw Malformed("bytes behind a block without sequences");
        if (literals.Length > left) throw Malformed("a block is too long");
        into.Append(literals);
    }

    private ReadOnlySpan<byte> ReadLiterals(ref ReadOnlySpan<byte> block, int maxSize)
    {
        if (block.IsEmpty) throw Malformed("a block without literals");
        int kind = block[0] & 3, format = block[0] >> 2 & 3;
        return kind < 2 ? ReadPlain(ref block, kind == 1, format, maxSize) : ReadHuffman(ref block, kind == 3, format, maxSize);
    }

    private static ReadOnlySpan<byte> ReadPlain(ref ReadOnlySpan<byte> block, bool repeated, int format, int maxSize)
    {
        var header = format switch { 1 => 2, 3 => 3, _ => 1 };
        var size = (int)(LittleEndian(block, header) >> (header == 1 ? 3 : 4));
        var length = repeated ? 1 : size;
        if (size > maxSize || length > block.Length - header) throw Malformed("literals are too long");
        var bytes = block.Slice(header, length);
        block = block[(header + length)..];
        if (!repeated) return bytes;
        var filled = new byte[size];
        filled.AsSpan().Fill(bytes[0]);
        return filled;
    }

    private ReadOnlySpan<byte> ReadHuffman(ref ReadOnlySpan<byte> block, bool treeless, int format, int maxSize)
    {
        var (header, bits) = format switch { 2 => (4, 14), 3 => (5, 18), _ => (3, 10) };
        var sizes = LittleEndian(block, header) >> 4;
        var (size, length) = ((int)(sizes & (1UL << bits) - 1), (int)(sizes >> bits));
        if (size > maxSize || length > block.Length - header) throw Malformed("literals are too long");
        var bytes = block.Slice(header, length);
        block = block[(header + length)..];
        if (!treeless) _tree = ZstdHuffman.Read(ref bytes);
        if (_tree is null) throw Malformed("literals without a tree");
        var literals = new byte[size];
        if (format == 0) _tree.Decode(bytes, literals);
        else DecodeFour(_tree, bytes, literals);
        return literals;
    }

    private static void DecodeFour(ZstdHuffman tree, ReadOnlySpan<byte> bytes, Span<byte> literals)
    {
        if (bytes.Length < 6) throw Malformed("the streams' lengths are cut off");
        var part = (literals.Length + 3) / 4;
        if (3 * part > literals.Length) throw Malformed("literals too short for four streams");
        var lengths = bytes;
        bytes = bytes[6..];
        for (var i = 0; i < 4; i++)
        {
            var length = i < 3 ? BinaryPrimitives.ReadUInt16LittleEndian(lengths[(2 * i)..]) : bytes.Length;
            if (length > bytes.Length) throw Malformed("a stream is cut off");
            tree.Decode(bytes[..length], i < 3 ? literals.Slice(i * part, part) : literals[(3 * part)..]);
            bytes = bytes[length..];
        }
    }

    private static int SequenceCount(ref ReadOnlySpan<byte> block)
    {
        if (block.IsEmpty) throw Malformed("a block without the count of sequences");
        int first = block[0];
        var header = first < 128 ? 1 : first < 255 ? 2 : 3;
        var value = (int)LittleEndian(block, header);
        block = block[header..];
        return header switch
        {
            1 => first,
            2 => (first - 128 << 8) + (value >> 8),
            _ => (value >> 8) + 0x7F00,
        };
    }

    private void RunSequences(ReadOnlySpan<byte> block, int count, ref ReadOnlySpan<byte> literals, ref int left)
    {
        var modes = (int)LittleEndian(block, 1);
        if ((modes & 3) != 0) throw Malformed("unknown sequences");
        block = block[1..];
        var literalLengths = Table(0, ZstdCode.LiteralLength, modes >> 6 & 3, ref block);
        var offsets = Table(1, ZstdCode.Offset, modes >> 4 & 3, ref block);
        var matchLengths = Table(2, ZstdCode.MatchLength, modes >> 2 & 3, ref block);
        var bits = new ZstdBits(block);
        int l = literalLengths.Start(ref bits), o = offsets.Start(ref bits), m = matchLengths.Start(ref bits);
        for (var i = 0; i < count; i++)
        {
            var offset = Value(ZstdCode.Offset, offsets.Symbol(o), ref bits);
            var match = Value(ZstdCode.MatchLength, matchLengths.Symbol(m), ref bits);
            var literal = Value(ZstdCode.LiteralLength, literalLengths.Symbol(l), ref bits);
            if (bits.Left < 0 || literal > literals.Length || literal + match > left) throw Malformed("a sequence is too long");
            left -= (int)(literal + match);
            into.Append(literals[..(int)literal]);
            literals = literals[(int)literal..];
            var distance = Distance(offset, literal == 0);
            if (distance <= 0 || distance > into.Length - _start) throw Malformed("a match before the start");
            into.CopyBack((int)distance, (int)match);
            if (i == count - 1) break;
            l = literalLengths.Next(l, ref bits);
            m = matchLengths.Next(m, ref bits);
            o = offsets.Next(o, ref bits);
        }
        if (bits.Left != 0) throw Malformed("sequences do not end where they should");
    }

    private static long Value(ZstdCode code, byte symbol, ref ZstdBits bits) => code.Bases[symbol] + (long)bits.Read(code.Bits[symbol]);

    private ZstdFse Table(int which, ZstdCode code, int mode, ref ReadOnlySpan<byte> block)
    {
        if (mode == 1)
        {
            var symbol = (byte)LittleEndian(block, 1);
            if (symbol >= code.MaxSymbols) throw Malformed("an unknown symbol");
            block = block[1..];
            return _tables[which] = ZstdFse.Of(symbol);
        }
        return mode switch
        {
            0 => _tables[which] = code.Predefined,
            2 => _tables[which] = ZstdFse.Read(ref block, code.MaxLog, code.MaxSymbols),
            _ => _tables[which] ?? throw Malformed("a table to repeat is missing"),
        };
    }

    /// <summary>Values 1 to 3 name one of the last three offsets; without literals they are shifted by one (RFC 8878, 3.1.1.5).</summary>
    private long Distance(long value, bool noLiterals)
    {
        if (value > 3)
        {
            (_recent[2], _recent[1], _recent[0]) = (_recent[1], _recent[0], value - 3);
            return _recent[0];
        }
        var which = (int)value - (noLiterals ? 0 : 1);
        var distance = which == 3 ? _recent[0] - 1 : _recent[which];
        if (which > 1) _recent[2] = _recent[1];
        if (which > 0) _recent[1] = _recent[0];
        _recent[0] = distance;
        return distance;
    }

    private static ulong LittleEndian(ReadOnlySpan<byte> bytes, int count)
    {
        if (bytes.Length < count) throw Malformed("ends early");
        ulong value = 0;
        for (var i = 0; i < count; i++) value |= (ulong)bytes[i] << (8 * i);
        return value;
    }

    private static CompressionException Malformed(string what) => new($"zstd: {what}");
}
