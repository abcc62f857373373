using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Streams.Streaming.State;

/// <summary>
/// Finds an identity's entry: groups of sixteen slots with a byte of the hash each, compared at once, and the entries' numbers beside them. Five bytes a slot, at
/// most seven eighths full, growing by two fifths: that is what keeps an identity within 32 bytes.
/// </summary>
internal sealed class IdentityIndex(IdentityPages pages)
{
    private const int GroupSize = 16;
    private const int None = -1;
    private const byte Empty = 0, Removed = 1, FirstTag = 2;
    private byte[] tags = new byte[GroupSize];
    private int[] numbers = NoNumbers(GroupSize);
    private int used, removed;

    public int Count => used - removed;

    /// <summary>The identity's entry; -1 if it has none.</summary>
    public int Find(UInt128 id)
    {
        var hash = KeyHash.Of(id);
        var tag = Vector128.Create(Tag(hash));
        for (var group = Home(hash); ; group = Next(group))
        {
            var present = Vector128.LoadUnsafe(ref tags[group]);
            for (var matches = Vector128.Equals(present, tag).ExtractMostSignificantBits(); matches != 0; matches &= matches - 1)
            {
                var number = numbers[group + BitOperations.TrailingZeroCount(matches)];
                if (pages[number].Id == id)
                    return number;
            }
            if (Vector128.EqualsAny(present, Vector128<byte>.Zero))
                return -1;
        }
    }

    /// <summary>Adds an identity that is not there.</summary>
    public void Add(UInt128 id, int number)
    {
        if ((used + 1L) * 8 > tags.Length * 7L)
            Rebuild();
        Insert(tags, numbers, KeyHash.Of(id), number);
        used++;
    }

    /// <summary>Lets an identity's slot point to another entry.</summary>
    public void Move(UInt128 id, int from, int to) => numbers[SlotOf(id, from)] = to;

    /// <summary>Removes an identity if its slot points to this entry.</summary>
    public void Remove(UInt128 id, int number)
    {
        var slot = SlotOf(id, number);
        if (slot < 0)
            return;
        // Only a group that was never full may get an empty slot back: probes pass on from full ones.
        numbers[slot] = None;
        var group = Vector128.LoadUnsafe(ref tags[slot & ~(GroupSize - 1)]);
        if (Vector128.EqualsAny(group, Vector128<byte>.Zero))
        {
            tags[slot] = Empty;
            used--;
            return;
        }
        tags[slot] = Removed;
        removed++;
    }

    private static int[] NoNumbers(int size)
    {
        var none = new int[size];
        Array.Fill(none, None);
        return none;
    }

    private static byte Tag(ulong hash) => (byte)(FirstTag + (hash >> 32) % (256 - FirstTag));

    private int Home(ulong hash) => (int)(((hash & uint.MaxValue) * (ulong)(tags.Length / GroupSize)) >> 32) * GroupSize;

    private int Next(int group) => group + GroupSize == tags.Length ? 0 : group + GroupSize;

    private int SlotOf(UInt128 id, int number)
    {
        var hash = KeyHash.Of(id);
        for (var group = Home(hash); ; group = Next(group))
        {
            var found = numbers.AsSpan(group, GroupSize).IndexOf(number);
            if (found >= 0)
                return group + found;
            if (Vector128.EqualsAny(Vector128.LoadUnsafe(ref tags[group]), Vector128<byte>.Zero))
                return -1;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Rebuild()
    {
        var groups = (int)(Count * 8L / 5 / GroupSize) + 1;
        var (oldTags, oldNumbers) = (tags, numbers);
        tags = new byte[groups * GroupSize];
        numbers = NoNumbers(groups * GroupSize);
        for (var i = 0; i < oldTags.Length; i++)
        {
            if (oldTags[i] >= FirstTag)
                Insert(tags, numbers, KeyHash.Of(pages[oldNumbers[i]].Id), oldNumbers[i]);
        }
        (used, removed) = (used - removed, 0);
    }

    private void Insert(byte[] intoTags, int[] intoNumbers, ulong hash, int number)
    {
        for (var group = Home(hash); ; group = Next(group))
        {
            var free = Vector128.Equals(Vector128.LoadUnsafe(ref intoTags[group]), Vector128<byte>.Zero).ExtractMostSignificantBits();
            if (free == 0)
                continue;
            var slot = group + BitOperations.TrailingZeroCount(free);
            intoTags[slot] = Tag(hash);
            intoNumbers[slot] = number;
            return;
        }
    }
}
