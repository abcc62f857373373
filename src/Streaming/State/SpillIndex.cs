namespace Streams.Streaming.State;

/// <summary>
/// Where each key's entry lies in the log: eight bytes a slot, hash and address, open addressing with linear probing. In 256 parts that grow one by one, so that
/// no single put waits for a large table to be copied. The part is chosen by eight bits of the hash that the slots do not hold: of twenty million keys one
/// probe in fifty thousand reads a key in vain, and in vain is from the disk.
/// </summary>
internal sealed class SpillIndex(SpillLog log)
{
    private const int PartBits = 8, SmallestPart = 16;
    private readonly Part[] parts = [.. Enumerable.Range(0, 1 << PartBits).Select(_ => new Part())];

    public long Count { get; private set; }

    public bool TryFind(ReadOnlySpan<byte> key, ulong hash, out uint address)
    {
        var part = PartOf(hash);
        var at = part.Find(key, Stored(hash), log);
        address = at < 0 ? 0 : Address(part.Slots[at]);
        return at >= 0;
    }

    /// <summary>Lets the key point to an address; returns whether it pointed to another before.</summary>
    public bool Set(ReadOnlySpan<byte> key, ulong hash, uint address, out uint before)
    {
        var part = PartOf(hash);
        var at = part.Find(key, Stored(hash), log);
        var slot = ((ulong)Stored(hash) << 32) | address;
        if (at >= 0)
        {
            before = Address(part.Slots[at]);
            part.Slots[at] = slot;
            return true;
        }
        before = 0;
        part.Add(slot);
        Count++;
        return false;
    }

    public bool Remove(ReadOnlySpan<byte> key, ulong hash, out uint address)
    {
        var part = PartOf(hash);
        var at = part.Find(key, Stored(hash), log);
        address = at < 0 ? 0 : Address(part.Slots[at]);
        if (at < 0)
            return false;
        part.Remove((uint)at);
        Count--;
        return true;
    }

    /// <summary>Every address, in no order that means anything.</summary>
    public IEnumerable<uint> Addresses()
    {
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Slots.Length; i++)
            {
                if (part.Slots[i] != Part.Empty)
                    yield return Address(part.Slots[i]);
            }
        }
    }

    private static uint Address(ulong slot) => (uint)(slot & uint.MaxValue);

    private static uint Stored(ulong hash) => (uint)(hash & uint.MaxValue);

    private Part PartOf(ulong hash) => parts[hash >> (64 - PartBits)];

    private sealed class Part
    {
        /// <summary>No slot: the last address of all with a hash of ones, where no entry can begin.</summary>
        public const ulong Empty = ulong.MaxValue;

        private int count;

        public ulong[] Slots { get; private set; } = NoSlots(SmallestPart);

        public int Find(ReadOnlySpan<byte> key, uint hash, SpillLog log)
        {
            var mask = (uint)Slots.Length - 1;
            for (var at = hash & mask; ; at = (at + 1) & mask)
            {
                var slot = Slots[at];
                if (slot == Empty)
                    return -1;
                if ((uint)(slot >> 32) == hash && log.Key(Address(slot)).SequenceEqual(key))
                    return (int)at;
            }
        }

        public void Add(ulong slot)
        {
            if ((count + 1) * 4L > Slots.Length * 3L)
                Grow();
            Insert(Slots, slot);
            count++;
        }

        public void Remove(uint gap)
        {
            var mask = (uint)Slots.Length - 1;
            for (var at = (gap + 1) & mask; Slots[at] != Empty; at = (at + 1) & mask)
            {
                var home = (uint)(Slots[at] >> 32) & mask;
                if ((unchecked(at - home) & mask) < (unchecked(at - gap) & mask))
                    continue;
                Slots[gap] = Slots[at];
                gap = at;
            }
            Slots[gap] = Empty;
            count--;
        }

        private static ulong[] NoSlots(int size)
        {
            var slots = new ulong[size];
            Array.Fill(slots, Empty);
            return slots;
        }

        private static void Insert(ulong[] slots, ulong slot)
        {
            var mask = (uint)slots.Length - 1;
            var at = (uint)(slot >> 32) & mask;
            while (slots[at] != Empty)
                at = (at + 1) & mask;
            slots[at] = slot;
        }

        private void Grow()
        {
            var larger = NoSlots(Slots.Length * 2);
            foreach (var slot in Slots)
            {
                if (slot != Empty)
                    Insert(larger, slot);
            }
            Slots = larger;
        }
    }
}
