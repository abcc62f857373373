using System.Buffers.Binary;
using System.Numerics;

namespace Streams.Broker.Compression;

/// <summary>xxHash with seed 0: 32 bits for LZ4 frames, 64 bits for Zstandard frames.</summary>
internal static class XxHash
{
    private const uint P1 = 2654435761, P2 = 2246822519, P3 = 3266489917, P4 = 668265263, P5 = 374761393;
    private const ulong Q1 = 11400714785074694791, Q2 = 14029467366897019727, Q3 = 1609587929392839161, Q4 = 9650029242287828579, Q5 = 2870177450012600261;

    public static uint Hash32(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            var hash = P5;
            var length = (uint)data.Length;
            if (data.Length >= 16)
            {
                uint a = P1 + P2, b = P2, c = 0, d = 0 - P1;
                for (; data.Length >= 16; data = data[16..])
                {
                    a = Round(a, U32(data));
                    b = Round(b, U32(data[4..]));
                    c = Round(c, U32(data[8..]));
                    d = Round(d, U32(data[12..]));
                }
                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            }
            hash += length;
            for (; data.Length >= 4; data = data[4..]) hash = BitOperations.RotateLeft(hash + U32(data) * P3, 17) * P4;
            foreach (var one in data) hash = BitOperations.RotateLeft(hash + one * P5, 11) * P1;
            hash = (hash ^ (hash >> 15)) * P2;
            hash = (hash ^ (hash >> 13)) * P3;
            return hash ^ (hash >> 16);
        }
    }

    public static ulong Hash64(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            var hash = Q5;
            var length = (ulong)data.Length;
            if (data.Length >= 32)
            {
                ulong a = Q1 + Q2, b = Q2, c = 0, d = 0 - Q1;
                for (; data.Length >= 32; data = data[32..])
                {
                    a = Round(a, U64(data));
                    b = Round(b, U64(data[8..]));
                    c = Round(c, U64(data[16..]));
                    d = Round(d, U64(data[24..]));
                }
                hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
                hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
            }
            hash += length;
            for (; data.Length >= 8; data = data[8..]) hash = BitOperations.RotateLeft(hash ^ Round(0, U64(data)), 27) * Q1 + Q4;
            if (data.Length >= 4)
            {
                hash = BitOperations.RotateLeft(hash ^ (U32(data) * Q1), 23) * Q2 + Q3;
                data = data[4..];
            }
            foreach (var one in data) hash = BitOperations.RotateLeft(hash ^ (one * Q5), 11) * Q1;
            hash = (hash ^ (hash >> 33)) * Q2;
            hash = (hash ^ (hash >> 29)) * Q3;
            return hash ^ (hash >> 32);
        }
    }

    private static uint U32(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt32LittleEndian(data);

    private static ulong U64(ReadOnlySpan<byte> data) => BinaryPrimitives.ReadUInt64LittleEndian(data);

    private static uint Round(uint lane, uint word) => unchecked(BitOperations.RotateLeft(lane + word * P2, 13) * P1);

    private static ulong Round(ulong lane, ulong word) => unchecked(BitOperations.RotateLeft(lane + word * Q2, 31) * Q1);

    private static ulong Merge(ulong hash, ulong lane) => unchecked((hash ^ Round(0, lane)) * Q1 + Q4);
}
