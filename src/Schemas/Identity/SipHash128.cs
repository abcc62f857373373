using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Streams.Schemas.Identity;

/// <summary>
/// SipHash-2-4 with 128 bits (Aumasson, Bernstein: the reference's <c>siphash</c> with outlen 16) under a fixed key, over source, a zero byte and id.
/// Not a plain mixing hash: nobody may be able to make up an id that collides with somebody else's.
/// </summary>
public static class SipHash128
{
    const ulong Key0 = 0x53747265616d7331, Key1 = 0x646564757065_2d31;

    /// <summary>The identity of an event: its (source, id).</summary>
    [SkipLocalsInit]
    public static (ulong Low, ulong High) Identity(ReadOnlySpan<byte> source, ReadOnlySpan<byte> id)
    {
        var length = source.Length + 1 + id.Length;
        Span<byte> text = length <= 256 ? stackalloc byte[256] : new byte[length];
        source.CopyTo(text);
        text[source.Length] = 0;
        id.CopyTo(text[(source.Length + 1)..]);
        return Hash(text[..length], Key0, Key1);
    }

    public static (ulong Low, ulong High) Hash(ReadOnlySpan<byte> data, ulong key0, ulong key1)
    {
        unchecked
        {
            var v0 = 0x736f6d6570736575 ^ key0;
            var v1 = 0x646f72616e646f6d ^ key1 ^ 0xee;
            var v2 = 0x6c7967656e657261 ^ key0;
            var v3 = 0x7465646279746573 ^ key1;
            var last = (ulong)data.Length << 56;
            for (; data.Length >= 8; data = data[8..])
            {
                var word = BinaryPrimitives.ReadUInt64LittleEndian(data);
                v3 ^= word;
                Round(ref v0, ref v1, ref v2, ref v3);
                Round(ref v0, ref v1, ref v2, ref v3);
                v0 ^= word;
            }
            for (var i = 0; i < data.Length; i++) last |= (ulong)data[i] << (8 * i);
            v3 ^= last;
            Round(ref v0, ref v1, ref v2, ref v3);
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= last;
            v2 ^= 0xee;
            for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
            var low = v0 ^ v1 ^ v2 ^ v3;
            v1 ^= 0xdd;
            for (var i = 0; i < 4; i++) Round(ref v0, ref v1, ref v2, ref v3);
            return (low, v0 ^ v1 ^ v2 ^ v3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        unchecked
        {
            v0 += v1;
            v2 += v3;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
