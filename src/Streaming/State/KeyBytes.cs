using System.Buffers.Binary;

namespace Streams.Streaming.State;

/// <summary>Hashes serialized keys. Seeded anew in each process, so that nobody can prepare keys that collide; nothing that leaves a store depends on it.</summary>
internal static class KeyHash
{
    private const ulong Prime1 = 0x9E3779B97F4A7C15, Prime2 = 0xD6E8FEB86659FD93;
    private static readonly ulong Seed = unchecked((ulong)HashCode.Combine(Prime1) * Prime2 ^ (ulong)HashCode.Combine(Prime2));

    public static uint Of(ReadOnlySpan<byte> key)
    {
        var hash = Wide(key);
        return (uint)((hash ^ (hash >> 32)) & uint.MaxValue);
    }

    public static ulong Wide(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            var hash = Seed ^ ((ulong)key.Length * Prime1);
            for (; key.Length >= sizeof(ulong); key = key[sizeof(ulong)..])
                hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
            var last = 0ul;
            for (var i = 0; i < key.Length; i++)
                last |= (ulong)key[i] << (8 * i);
            return Mix(hash ^ last);
        }
    }

    public static ulong Of(UInt128 id) => unchecked(Mix((ulong)id ^ Seed) ^ Mix((ulong)(id >> 64) ^ Prime2));

    /// <summary>Folds the product with a prime: every bit of the argument reaches the low and the high half.</summary>
    private static ulong Mix(ulong value)
    {
        var high = Math.BigMul(value, Prime2, out var low);
        return unchecked((high ^ low) * Prime1);
    }
}

/// <summary>Serialized keys one after the other in pages, so that a million keys are a few hundred objects for the collector.</summary>
internal sealed class KeyPages
{
    private const int SmallestPage = 1 << 10, LargestPage = 1 << 16;
    private readonly List<byte[]> pages = [];
    private int current = -1, used;

    public ReadOnlySpan<byte> Read(KeyPlace place) => pages[place.Page].AsSpan(place.Offset, place.Length);

    public KeyPlace Write(ReadOnlySpan<byte> key)
    {
        while (current < 0 || pages[current].Length - used < key.Length)
            TurnPage(key.Length);
        var place = new KeyPlace(current, used, key.Length);
        key.CopyTo(pages[current].AsSpan(used));
        used += key.Length;
        return place;
    }

    /// <summary>Forgets all and keeps the pages.</summary>
    public void Clear() => (current, used) = (-1, 0);

    private void TurnPage(int atLeast)
    {
        current++;
        used = 0;
        if (current < pages.Count)
            return;
        var size = current == 0 ? SmallestPage : Math.Clamp(pages[current - 1].Length * 2, SmallestPage, LargestPage);
        pages.Add(new byte[Math.Max(size, atLeast)]);
    }
}

/// <summary>Where a key lies.</summary>
internal readonly record struct KeyPlace(int Page, int Offset, int Length);
