using System.Buffers.Binary;

namespace Streams.Streaming.Runtime;

/// <summary>Kafka's default partitioner's hash (the 32-bit murmur2 of the Java client).</summary>
public static class Murmur2
{
    /// <summary>The partition of a key among so many.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)(Hash(key) & 0x7fffffff) % partitions;

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        unchecked
        {
            const uint m = 0x5bd1e995;
            var h = 0x9747b28c ^ (uint)data.Length;
            for (; data.Length >= 4; data = data[4..])
            {
                var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * m;
                h = (h * m) ^ ((k ^ (k >> 24)) * m);
            }
            if (data.Length == 3)
                h ^= (uint)data[2] << 16;
            if (data.Length >= 2)
                h ^= (uint)data[1] << 8;
            if (data.Length >= 1)
                h = (h ^ data[0]) * m;
            h = (h ^ (h >> 13)) * m;
            return h ^ (h >> 15);
        }
    }
}
