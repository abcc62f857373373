using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Events whose turn comes soon: what they will touch is brought near, step by step, since each step's place stands in what the one before fetched. Their
/// hashes are kept until then.
/// </summary>
/// <param name="schemaId">Only events written with this schema are read ahead, those of others are not laid out alike; null: all are of one schema.</param>
sealed class ExpectedEvents(int? schemaId)
{
    const int Capacity = 64, Step = 8;

    struct Expected
    {
        public long Place;
        public uint Account;
        public (ulong Low, ulong High) Identity;
    }

    // Offset plus one: 0 is nothing.
    readonly Expected[] _ring = new Expected[Capacity];

    public void Add(long offset, ReadOnlySpan<byte> value, MeteringStore store, SeenFilter seen)
    {
        ref var expected = ref _ring[offset & (Capacity - 1)];
        if (!TryRead(value, ref expected)) return;
        expected.Place = offset + 1;
        store.FetchSlot(expected.Account);
        seen.Prefetch(expected.Identity);
        if (TryFind(offset - Step, out var earlier)) store.FetchAccount(earlier);
        if (TryFind(offset - 2 * Step, out var earliest)) store.FetchDetails(earliest);
    }

    /// <summary>The hash of the event's account, and its identity.</summary>
    public (uint Account, (ulong Low, ulong High) Identity) Take(long offset, in UsageEventView usage)
    {
        ref var expected = ref _ring[offset & (Capacity - 1)];
        return expected.Place == offset + 1
            ? (expected.Account, expected.Identity)
            : (MeteringStore.HashOf(usage.CustomerId, usage.Meter), SipHash128.Identity(usage.Source, usage.Id));
    }

    bool TryFind(long offset, out uint account)
    {
        ref var expected = ref _ring[offset & (Capacity - 1)];
        account = expected.Account;
        return expected.Place == offset + 1;
    }

    bool TryRead(ReadOnlySpan<byte> value, ref Expected expected)
    {
        expected.Place = 0;
        if (!WireFormat.TryRead(value, out var written, out var payload) || (schemaId ?? written) != written) return false;
        try
        {
            var reader = new AvroReader(payload);
            var id = reader.ReadBytes();
            expected.Identity = SipHash128.Identity(reader.ReadBytes(), id);
            expected.Account = MeteringStore.HashOf(reader.ReadBytes(), reader.ReadBytes());
            return true;
        }
        catch (AvroException)
        {
            // Whatever is wrong with it is said when its turn comes.
            return false;
        }
    }
}
