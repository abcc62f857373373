namespace Streams.Streaming.State;

/// <summary>
/// Serialized keys and a small number for each, from 0 up, under which a store keeps what belongs to the key. Numbers of removed keys are given again.
/// Open addressing with linear probing; a slot holds the key's hash and number, so that a probe reads a key only when the whole hash agrees.
/// </summary>
internal sealed class KeyTable
{
    private const int SmallestTable = 16, WasteThatMatters = 1 << 16;
    private readonly Chunked<KeyPlace> places = new();
    private readonly Stack<int> free = [];
    private ulong[] slots = new ulong[SmallestTable];
    private KeyPages pages = new();
    private long liveBytes, deadBytes;

    public int Count { get; private set; }

    public ReadOnlySpan<byte> this[int number] => pages.Read(places[number]);

    /// <summary>The key's number; -1 if it is not there.</summary>
    public int Find(ReadOnlySpan<byte> key, uint hash)
    {
        var table = slots;
        var mask = (uint)table.Length - 1;
        for (var at = hash & mask; ; at = (at + 1) & mask)
        {
            var slot = table[at];
            if (slot == 0)
                return -1;
            if ((uint)(slot >> 32) == hash && this[Number(slot)].SequenceEqual(key))
                return Number(slot);
        }
    }

    /// <summary>Brings the place of a hash near.</summary>
    public void FetchSlot(uint hash) => CacheLine.Fetch(ref slots[hash & (uint)(slots.Length - 1)]);

    /// <summary>The number that a hash most likely leads to, for fetching ahead; -1 for none. Looks at nothing but the table.</summary>
    public int Guess(uint hash)
    {
        var mask = (uint)slots.Length - 1;
        var at = hash & mask;
        while (slots[at] != 0 && (uint)(slots[at] >> 32) != hash)
            at = (at + 1) & mask;
        return Number(slots[at]);
    }

    /// <summary>Brings near where a key lies.</summary>
    public void FetchPlace(int number) => CacheLine.Fetch(ref places[number]);

    /// <summary>Brings a key near; where it lies is.</summary>
    public void FetchKey(int number) => CacheLine.Fetch(this[number]);

    /// <summary>Adds a key that is not there and returns its number.</summary>
    public int Add(ReadOnlySpan<byte> key, uint hash)
    {
        if ((Count + 1) * 4L > slots.Length * 3L)
            Grow();
        var number = free.TryPop(out var freed) ? freed : places.Add();
        places[number] = pages.Write(key);
        liveBytes += key.Length;
        Insert(slots, ((ulong)hash << 32) | (uint)(number + 1));
        Count++;
        return number;
    }

    public void Remove(int number)
    {
        var hash = KeyHash.Of(this[number]);
        var mask = (uint)slots.Length - 1;
        var at = hash & mask;
        while (Number(slots[at]) != number)
            at = (at + 1) & mask;
        CloseGap(at, mask);
        var length = places[number].Length;
        places[number] = default;
        free.Push(number);
        Count--;
        liveBytes -= length;
        deadBytes += length;
        if (deadBytes > WasteThatMatters && deadBytes > liveBytes)
            Compact();
    }

    /// <summary>Removes all keys and keeps the room they took, unless that was far more than they needed.</summary>
    public void Clear()
    {
        if (slots.Length > 1024 && Count < slots.Length / 8)
            slots = new ulong[slots.Length / 2];
        else
            Array.Clear(slots);
        places.Clear();
        free.Clear();
        pages.Clear();
        (Count, liveBytes, deadBytes) = (0, 0, 0);
    }

    private static int Number(ulong slot) => (int)(slot & uint.MaxValue) - 1;

    private static void Insert(ulong[] table, ulong slot)
    {
        var mask = (uint)table.Length - 1;
        var at = (uint)(slot >> 32) & mask;
        while (table[at] != 0)
            at = (at + 1) & mask;
        table[at] = slot;
    }

    /// <summary>Moves slots back over a removed one where that brings them nearer to home, so that no probe stops too early.</summary>
    private void CloseGap(uint gap, uint mask)
    {
        for (var at = (gap + 1) & mask; slots[at] != 0; at = (at + 1) & mask)
        {
            var home = (uint)(slots[at] >> 32) & mask;
            if ((unchecked(at - home) & mask) < (unchecked(at - gap) & mask))
                continue;
            slots[gap] = slots[at];
            gap = at;
        }
        slots[gap] = 0;
    }

    private void Grow()
    {
        var larger = new ulong[slots.Length * 2];
        foreach (var slot in slots)
        {
            if (slot != 0)
                Insert(larger, slot);
        }
        slots = larger;
    }

    private void Compact()
    {
        var compacted = new KeyPages();
        foreach (var slot in slots)
        {
            if (slot != 0)
                places[Number(slot)] = compacted.Write(this[Number(slot)]);
        }
        pages = compacted;
        deadBytes = 0;
    }
}
