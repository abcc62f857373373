using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Streams.Streaming.State.Local;

/// <summary>
/// The last entry of each key, for the keys of one range of hashes. When the table is full the range is halved and what lies outside is
/// forgotten, to be met again in a later pass: memory is bounded whatever the number of keys. A key is known by 128 bits under a seed of its own for each
/// compaction; with a billion keys the odds of any collision are 1 in 10^21.
/// </summary>
internal sealed class LastEntries
{
    private const int Smallest = 1024;
    private readonly int largest;
    private UInt128[] hashes = new UInt128[16];
    private long[] ordinals = new long[16];
    private readonly ulong seed, otherSeed;
    private int used;
    private UInt128 from, to;

    public LastEntries(int keys)
    {
        largest = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, keys));
        Resize(Math.Min(Smallest, largest));
        Span<ulong> random = stackalloc ulong[2];
        RandomNumberGenerator.Fill(MemoryMarshal.AsBytes(random));
        (seed, otherSeed) = (random[0], random[1]);
    }

    /// <summary>Whether the passes so far have covered every key.</summary>
    public bool IsComplete => to == UInt128.MaxValue;

    /// <summary>Begins the next pass: the hashes from the end of the last one on.</summary>
    public void NextPass()
    {
        from = used == 0 && to == 0 ? 0 : to + 1;
        to = UInt128.MaxValue;
        used = 0;
        Array.Fill(ordinals, -1);
    }

    /// <summary>Notes an entry; a later one of the same key takes its place.</summary>
    public void Set(int store, ReadOnlySpan<byte> key, long ordinal)
    {
        var hash = Hash(store, key);
        if (hash < from || hash > to)
            return;
        var slot = Slot(hash);
        if (ordinals[slot] < 0)
        {
            while (used >= hashes.Length / 4 * 3)
                MakeRoom();
            if (hash > to)
                return;
            slot = Slot(hash);
            hashes[slot] = hash;
            used++;
        }
        ordinals[slot] = ordinal;
    }

    /// <summary>Sets the bits of the pass' last entries.</summary>
    public void Mark(Bits live)
    {
        foreach (var ordinal in ordinals)
        {
            if (ordinal >= 0)
                live.Set(ordinal);
        }
    }

    private int Slot(UInt128 hash)
    {
        var mask = hashes.Length - 1;
        // The low bits: the high ones are alike within a pass.
        for (var i = unchecked((int)(ulong)hash) & mask; ; i = (i + 1) & mask)
        {
            if (ordinals[i] < 0 || hashes[i] == hash)
                return i;
        }
    }

    /// <summary>A larger table as long as that is allowed, then a smaller range.</summary>
    private void MakeRoom()
    {
        var size = hashes.Length;
        if (size < largest)
            size *= 2;
        else
            to = from + (to - from) / 2;
        var kept = new List<(UInt128 Hash, long Ordinal)>();
        for (var i = 0; i < hashes.Length; i++)
        {
            if (ordinals[i] >= 0 && hashes[i] <= to)
                kept.Add((hashes[i], ordinals[i]));
        }
        Resize(size);
        used = kept.Count;
        foreach (var (hash, ordinal) in kept)
        {
            var slot = Slot(hash);
            (hashes[slot], ordinals[slot]) = (hash, ordinal);
        }
    }

    private void Resize(int size)
    {
        if (size != hashes.Length)
            (hashes, ordinals) = (new UInt128[size], new long[size]);
        Array.Fill(ordinals, -1);
    }

    private UInt128 Hash(int store, ReadOnlySpan<byte> key)
    {
        unchecked
        {
            const ulong k0 = 0xa0761d6478bd642f, k1 = 0xe7037ed1a0b428db, k2 = 0x8ebc6af09c88c6e3, k3 = 0x589965cc75374cc3;
            var a = seed ^ Mix((ulong)store + k2, seed ^ k0);
            var b = otherSeed ^ Mix((ulong)key.Length + k3, otherSeed ^ k1);
            while (key.Length >= 16)
            {
                var (x, y) = (BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[8..]));
                a = Mix(x ^ k0 ^ seed, y ^ a);
                b = Mix(y ^ k1 ^ otherSeed, x ^ b);
                key = key[16..];
            }
            Span<byte> last = stackalloc byte[16];
            last.Clear();
            key.CopyTo(last);
            var (p, q) = (BinaryPrimitives.ReadUInt64LittleEndian(last), BinaryPrimitives.ReadUInt64LittleEndian(last[8..]));
            a = Mix(p ^ k2 ^ seed, q ^ a);
            b = Mix(q ^ k3 ^ otherSeed, p ^ b);
            return new UInt128(Mix(a ^ k1, b ^ k0 ^ seed), Mix(b ^ k2, a ^ k3 ^ otherSeed));
        }
    }

    private static ulong Mix(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out var low);
        return high ^ low;
    }
}

/// <summary>A set of numbers from 0 on, one bit each.</summary>
internal sealed class Bits
{
    private ulong[] words = new ulong[1024];

    public bool this[long index]
    {
        get
        {
            var word = index >> 6;
            return word < words.Length && (words[word] & (1UL << (int)(index & 63))) != 0;
        }
    }

    public void Set(long index)
    {
        var word = index >> 6;
        if (word >= words.Length)
            Array.Resize(ref words, checked((int)Math.Max(word + 1, words.LongLength * 2)));
        words[word] |= 1UL << (int)(index & 63);
    }
}
