namespace Streams.Broker.Compression;

/// <summary>One of the three codes of a sequence (RFC 8878, 3.1.1.3.2): its predefined table, the limits of others, and what its symbols stand for.</summary>
internal sealed class ZstdCode
{
    private ZstdCode(int defaultLog, int maxLog, short[] distribution, int maxSymbols, uint[] bases, byte[] bits)
    {
        Predefined = ZstdFse.From(distribution, defaultLog);
        (MaxLog, MaxSymbols, Bases, Bits) = (maxLog, maxSymbols, bases, bits);
    }

    public static ZstdCode LiteralLength { get; } = new(6, 9,
        [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1], 36,
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    public static ZstdCode MatchLength { get; } = new(6, 9,
        [1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1], 53,
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
            35, 37, 39, 41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

    /// <summary>A symbol is the number of bits; its base is that power of two.</summary>
    public static ZstdCode Offset { get; } = new(5, 8,
        [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 32,
        [.. Enumerable.Range(0, 32).Select(i => 1u << i)], [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    public ZstdFse Predefined { get; }

    public int MaxLog { get; }

    public int MaxSymbols { get; }

    public uint[] Bases { get; }

    public byte[] Bits { get; }
}
