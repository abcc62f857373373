using System.Buffers.Binary;
using Streams.Broker.Fuzz.Wire;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>Makes frames wrong.</summary>
internal static class Mutator
{
    private const int HeaderSize = 8;

    public static byte[] Mutate(Frame seed, Frame other, Random random)
    {
        var bytes = (byte[])seed.Bytes.Clone();
        for (var times = random.Next(1, 3); times > 0; times--) bytes = Once(bytes, seed, other, random);
        return bytes.Length < HeaderSize ? seed.Bytes[..HeaderSize] : bytes;
    }

    private static byte[] Once(byte[] bytes, Frame seed, Frame other, Random random) => random.Next(10) switch
    {
        0 => FlipBits(bytes, random),
        1 => bytes[..random.Next(bytes.Length + 1)],
        2 or 3 or 4 => seed.Lengths.Count == 0 ? FlipBits(bytes, random) : SetLength(bytes, seed.Lengths[random.Next(seed.Lengths.Count)], random),
        5 => Move(bytes, random),
        6 => Splice(bytes, other.Bytes, random),
        7 => Overwrite(bytes, random),
        8 => Header(bytes, random),
        _ => [.. bytes, .. other.Bytes],
    };

    private static byte[] FlipBits(byte[] bytes, Random random)
    {
        for (var flips = random.Next(1, 9); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    private static byte[] SetLength(byte[] bytes, (int Position, int Size) place, Random random)
    {
        if (place.Position + place.Size > bytes.Length) return bytes;
        var value = random.Next(4) == 0 ? bytes.Length - place.Position + random.Next(-2, 3) : Batches.Odd(random);
        var at = bytes.AsSpan(place.Position);
        if (place.Size == 2 && random.Next(2) == 0) BinaryPrimitives.WriteInt16BigEndian(at, unchecked((short)value));
        else if (place.Size == 4) BinaryPrimitives.WriteInt32BigEndian(at, value);
        else return [.. bytes[..place.Position], .. VarUInt(unchecked((uint)value)), .. bytes[(place.Position + place.Size)..]];
        return bytes;
    }

    /// <summary>A piece is doubled, dropped, or put elsewhere.</summary>
    private static byte[] Move(byte[] bytes, Random random)
    {
        if (bytes.Length <= HeaderSize) return bytes;
        var from = random.Next(HeaderSize, bytes.Length);
        var length = random.Next(1, Math.Min(64, bytes.Length - from) + 1);
        var piece = bytes[from..(from + length)];
        byte[] rest = random.Next(2) == 0 ? bytes : [.. bytes[..from], .. bytes[(from + length)..]];
        if (random.Next(3) == 0) return rest;
        var to = random.Next(HeaderSize, rest.Length + 1);
        return [.. rest[..to], .. piece, .. rest[to..]];
    }

    private static byte[] Splice(byte[] bytes, byte[] other, Random random) => [.. bytes[..random.Next(bytes.Length + 1)], .. other[random.Next(other.Length)..]];

    private static byte[] Overwrite(byte[] bytes, Random random)
    {
        if (bytes.Length <= HeaderSize) return bytes;
        var from = random.Next(HeaderSize, bytes.Length);
        random.NextBytes(bytes.AsSpan(from, random.Next(1, Math.Min(16, bytes.Length - from) + 1)));
        return bytes;
    }

    private static byte[] Header(byte[] bytes, Random random)
    {
        if (bytes.Length < 4) return bytes;
        if (random.Next(2) == 0) BinaryPrimitives.WriteInt16BigEndian(bytes, (short)random.Next(-1, 75));
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(2), (short)random.Next(-1, 18));
        return bytes;
    }

    private static List<byte> VarUInt(uint value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7) bytes.Add((byte)((value & 0x7F) | 0x80));
        bytes.Add((byte)value);
        return bytes;
    }
}
