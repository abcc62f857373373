namespace Streams.Broker.Compression;

/// <summary>A decoding table of finite state entropy (RFC 8878, 4.1.1).</summary>
internal sealed class ZstdFse
{
    private readonly byte[] _symbols;
    private readonly byte[] _bits;
    private readonly ushort[] _bases;

    private ZstdFse(int log)
    {
        Log = log;
        _symbols = new byte[1 << log];
        _bits = new byte[1 << log];
        _bases = new ushort[1 << log];
    }

    /// <summary>The accuracy: the table has 2^Log states.</summary>
    public int Log { get; }

    /// <summary>The table of a single symbol, which takes no bits.</summary>
    public static ZstdFse Of(byte symbol)
    {
        var table = new ZstdFse(0);
        table._symbols[0] = symbol;
        return table;
    }

    /// <summary>The table of a distribution; -1 stands for a probability below one.</summary>
    /// <exception cref="CompressionException">The distribution does not fill the table.</exception>
    public static ZstdFse From(ReadOnlySpan<short> distribution, int log)
    {
        var table = new ZstdFse(log);
        var size = 1 << log;
        var next = new int[distribution.Length];
        var high = size;
        for (var s = 0; s < distribution.Length; s++)
        {
            if (distribution[s] != -1) continue;
            if (high == 0) throw new CompressionException("zstd: a distribution is too large");
            table._symbols[--high] = (byte)s;
            next[s] = 1;
        }
        table.Spread(distribution, next, high);
        for (var state = 0; state < size; state++)
        {
            var x = next[table._symbols[state]]++;
            var bits = log - int.Log2(x);
            table._bits[state] = (byte)bits;
            table._bases[state] = (ushort)((x << bits) - size);
        }
        return table;
    }

    /// <summary>Reads a table's description from the front of the bytes.</summary>
    public static ZstdFse Read(ref ReadOnlySpan<byte> bytes, int maxLog, int maxSymbols)
    {
        long position = 0;
        var log = ForwardBits(bytes, ref position, 4) + 5;
        if (log > maxLog) throw new CompressionException("zstd: a table is too large");
        var distribution = new short[maxSymbols];
        int remaining = 1 << log, symbols = 0;
        while (remaining > 0 && symbols < maxSymbols)
        {
            var probability = ReadProbability(bytes, ref position, remaining);
            remaining -= Math.Abs(probability);
            distribution[symbols++] = (short)probability;
            if (probability != 0) continue;
            for (var zeros = 3; zeros == 3;)
            {
                zeros = ForwardBits(bytes, ref position, 2);
                if (zeros > maxSymbols - symbols) throw new CompressionException("zstd: a table has too many symbols");
                symbols += zeros;
            }
        }
        if (remaining != 0) throw new CompressionException("zstd: a distribution does not add up");
        var length = (position + 7) / 8;
        if (length > bytes.Length) throw new CompressionException("zstd: a table is cut off");
        bytes = bytes[(int)length..];
        return From(distribution.AsSpan(0, symbols), log);
    }

    public byte Symbol(int state) => _symbols[state];

    public int Start(ref ZstdBits bits) => (int)bits.Read(Log);

    public int Next(int state, ref ZstdBits bits) => _bases[state] + (int)bits.Read(_bits[state]);

    private void Spread(ReadOnlySpan<short> distribution, int[] next, int high)
    {
        var size = _symbols.Length;
        var step = (size >> 1) + (size >> 3) + 3;
        var position = 0;
        for (var s = 0; s < distribution.Length; s++)
        {
            if (distribution[s] <= 0) continue;
            next[s] = distribution[s];
            for (var i = 0; i < distribution[s]; i++)
            {
                _symbols[position] = (byte)s;
                do position = (position + step) & (size - 1);
                while (position >= high && high > 0);
            }
        }
        if (position != 0) throw new CompressionException("zstd: a distribution does not add up");
    }

    private static int ReadProbability(ReadOnlySpan<byte> bytes, ref long position, int remaining)
    {
        var bits = int.Log2(remaining + 1) + 1;
        var value = ForwardBits(bytes, ref position, bits);
        var lowMask = (1 << (bits - 1)) - 1;
        var threshold = (1 << bits) - 1 - (remaining + 1);
        if ((value & lowMask) < threshold)
        {
            position--;
            value &= lowMask;
        }
        else if (value > lowMask)
        {
            value -= threshold;
        }
        return value - 1;
    }

    // Descriptions are read forwards; what lies behind the end reads as zeros and is refused afterwards.
    private static int ForwardBits(ReadOnlySpan<byte> bytes, ref long position, int count)
    {
        var value = 0;
        for (var i = 0; i < count; i++, position++)
        {
            var at = (int)(position >> 3);
            if (at < bytes.Length) value |= (bytes[at] >> (int)(position & 7) & 1) << i;
            else if (at > bytes.Length + 16) throw new CompressionException("zstd: a table is cut off");
        }
        return value;
    }
}
