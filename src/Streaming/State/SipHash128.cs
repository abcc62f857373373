using System.Buffers.Binary;
using System.Numerics;

namespace Streams.Streaming.State;

/// <summary>
/// SipHash-2-4 with 128 bits (Aumasson, Bernstein: the reference's siphash with outlen 16). Not a plain mixing hash: nobody may be able to make up an
/// identity that collides with somebody else's.
/// </summary>
public static class SipHash128
{
    // Fixed and public, so that every instance and every replay judges alike.
    private const ulong Key0 = 0x53747265616d7331, Key1 = 0x646564757065_2d31;

    /// <summary>Stands for bytes of any length as a <see cref="IDuplicateFilter"/>'s identity.</summary>
    public static UInt128 Identity(ReadOnlySpan<byte> data) => Hash(data, Key0, Key1);

    /// <summary>The hash under a key, its first eight bytes in the lower half.</summary>
    public static UInt128 Hash(ReadOnlySpan<byte> data, ulong key0, ulong key1)
    {
        unchecked
        {
            var state = new State
            {
                V0 = 0x736f6d6570736575 ^ key0,
                V1 = 0x646f72616e646f6d ^ key1 ^ 0xee,
                V2 = 0x6c7967656e657261 ^ key0,
                V3 = 0x7465646279746573 ^ key1,
            };
            var last = (ulong)data.Length << 56;
            for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
                state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(data));
            for (var i = 0; i < data.Length; i++)
                last |= (ulong)data[i] << (8 * i);
            state.Absorb(last);
            state.V2 ^= 0xee;
            var low = state.Squeeze();
            state.V1 ^= 0xdd;
            return new UInt128(state.Squeeze(), low);
        }
    }

    private struct State
    {
        public ulong V0, V1, V2, V3;

        public void Absorb(ulong word)
        {
            V3 ^= word;
            Round();
            Round();
            V0 ^= word;
        }

        public ulong Squeeze()
        {
            for (var i = 0; i < 4; i++)
                Round();
            return V0 ^ V1 ^ V2 ^ V3;
        }

        private void Round()
        {
            unchecked
            {
                V0 += V1;
                V2 += V3;
                V1 = BitOperations.RotateLeft(V1, 13) ^ V0;
                V3 = BitOperations.RotateLeft(V3, 16) ^ V2;
                V0 = BitOperations.RotateLeft(V0, 32);
                V2 += V1;
                V0 += V3;
                V1 = BitOperations.RotateLeft(V1, 17) ^ V2;
                V3 = BitOperations.RotateLeft(V3, 21) ^ V0;
                V2 = BitOperations.RotateLeft(V2, 32);
            }
        }
    }
}
