using System.Buffers;
using System.Buffers.Binary;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

/// <summary>What stores take of the heap. Alone, as other tests' garbage would be counted.</summary>
[Collection("alone")]
public sealed class StoreMemoryTests(ITestOutputHelper output)
{
    [Fact]
    public void A_million_open_windows_fit_into_200_MB()
    {
        var kind = Stores.InMemoryWindowStore("s", TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(60));
        var (store, bytes) = Allocation.Kept(() =>
        {
            var made = Stores.TimestampedWindowStoreBuilder(kind, new StringSerDes(), new TotalSerDes()).Build();
            for (var i = 0; i < 1_000_000; i++)
                made.Put($"customer-{i / 4:D8}|meter-{i % 4}", ValueAndTimestamp.Make(new Total(i, 1), 60_000), 60_000);
            made.Flush(new Sink());
            return made;
        });
        output.WriteLine($"{bytes / 1e6:F0} MB for a million windows with keys of 25 bytes and an object of two longs");

        Assert.InRange(bytes, 100_000_000, 200_000_000);
        Assert.True(store.TryFetch("customer-00000007|meter-3", 60_000, out _));
    }

    [Fact]
    public void An_identity_takes_at_most_32_bytes()
    {
        var worst = 0.0;
        foreach (var count in new[] { 300_000, 400_000, 550_000, 750_000, 1_000_000 })
        {
            var (filter, bytes) = Allocation.Kept(() =>
            {
                var made = new DuplicateFilter("s", 3_600_000);
                var sink = new Sink();
                for (var i = 0; i < count; i++)
                {
                    made.Add(SipHash128.Identity(BitConverter.GetBytes(i)), 3_600_000L * i / count);
                    if (i % 10_000 == 0)
                        made.Flush(sink);
                }
                made.Flush(sink);
                return made;
            });
            Assert.Equal(count, filter.Count);
            worst = Math.Max(worst, (double)bytes / count);
        }
        output.WriteLine($"at most {worst:F1} bytes an identity");

        Assert.InRange(worst, 20, 32);
    }

    [Fact]
    public void Memory_stays_level_while_identities_come_and_expire()
    {
        var (filter, sink) = (new DuplicateFilter("s", 100_000), new Sink());
        void Add(int from, int count)
        {
            for (var i = from; i < from + count; i++)
            {
                filter.Add(SipHash128.Identity(BitConverter.GetBytes(i)), i);
                if (i % 10_000 == 0)
                    filter.Flush(sink);
            }
        }

        Add(0, 300_000);
        var (_, bytes) = Allocation.Kept(() =>
        {
            Add(300_000, 1_000_000);
            return filter;
        });

        Assert.True(bytes < 1_000_000, $"{bytes} bytes more");
        Assert.InRange(filter.Count, 100_000, 115_000);
    }

    [Fact]
    public void Memory_stays_level_while_windows_come_and_expire()
    {
        var kind = Stores.InMemoryWindowStore("s", TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(60));
        var (store, sink) = (Stores.WindowStoreBuilder(kind, new Int64SerDes(), new Int64SerDes()).Build(), new Sink());
        void Add(int from, int count)
        {
            for (var minute = from; minute < from + count; minute++)
            {
                for (var key = 0; key < 5000; key++)
                    store.Put(key, 1, minute * 60_000L);
                for (var commit = 0; commit < 10; commit++)
                    store.Flush(sink);
            }
        }

        Add(0, 10);
        var (_, bytes) = Allocation.Kept(() =>
        {
            Add(10, 200);
            return store;
        });

        Assert.True(bytes < 2_000_000, $"{bytes} bytes more");
    }

    private sealed record Total(long Count, long Sum);

    private sealed class TotalSerDes : ISerDes<Total>
    {
        public void Serialize(Total value, IBufferWriter<byte> writer)
        {
            var bytes = writer.GetSpan(16);
            BinaryPrimitives.WriteInt64BigEndian(bytes, value.Count);
            BinaryPrimitives.WriteInt64BigEndian(bytes[8..], value.Sum);
            writer.Advance(16);
        }

        public Total Deserialize(ReadOnlySpan<byte> data) => new(BinaryPrimitives.ReadInt64BigEndian(data), BinaryPrimitives.ReadInt64BigEndian(data[8..]));
    }
}

[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
