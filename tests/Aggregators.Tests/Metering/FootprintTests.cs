using System.Runtime.CompilerServices;
using Streams.Aggregators.Metering;
using Streams.Schemas.Identity;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>What an event, an identity and an open window may cost. Alone, as other tests' objects would be counted.</summary>
[Collection("alone")]
public sealed class FootprintTests(ITestOutputHelper output)
{
    const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    [Fact]
    public void An_event_of_a_steady_stream_allocates_less_than_a_byte()
    {
        var task = new BareTask();
        const int PerHour = 200_000;
        Run(task, 0, 3 * PerHour, PerHour); // fills tables, chunks and lists
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(task, 3 * PerHour, 6 * PerHour, PerHour);
        var each = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(3 * PerHour);
        output.WriteLine($"{each:F3} bytes an event, {task.Outputs} outputs, {task.ChangelogRecords} changelog records, {task.Seen.Count} identities");
        Assert.True(task.Outputs > 300 * 300 && task.ChangelogRecords > 1000 && task.Seen.Count < 1.3 * PerHour, "the run is not what it should be");
        Assert.True(each < 1, $"{each} bytes an event");
    }

    static void Run(BareTask task, int from, int to, int perHour)
    {
        for (var i = from; i < to; i++)
        {
            task.Send(i % 300, Bench.Noon + i * (Hour / perHour));
            if (i % 5000 == 0) task.Commit();
        }
        task.Commit();
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(200_000)]
    [InlineData(500_000)]
    [InlineData(1_000_000)]
    [InlineData(1_300_000)]
    public void An_identity_takes_at_most_32_bytes(int identities)
    {
        var filter = new SeenFilter("seen");
        for (var i = 0; i < identities; i++)
        {
            var identity = SipHash128.Hash(BitConverter.GetBytes(i), 1, 2);
            Assert.False(filter.Contains(identity, 0, out var place));
            filter.Add(identity, Bench.Noon + i, place);
        }
        output.WriteLine($"{filter.Bytes / (double)identities:F1} bytes an identity");
        Assert.Equal(identities, filter.Count);
        // A chunk of the log may be nearly empty.
        Assert.True(filter.Bytes <= 32L * identities + 4096 * 20, $"{filter.Bytes / (double)identities} bytes an identity");
    }

    [Fact]
    public void A_million_open_windows_of_a_million_accounts_take_less_than_200_megabytes()
    {
        const int Windows = 1_000_000;
        var before = Heap.Settled();
        var task = Opened(Windows);
        // What the filter holds of as many identities is measured by itself.
        var bytes = Heap.Settled() - before - task.Seen.Bytes;
        output.WriteLine($"{bytes / (double)Windows:F1} bytes a window with its account; with identities {(bytes + task.Seen.Bytes) / (double)Windows:F1}");
        Assert.Equal((Windows, Windows), (task.Store.WindowCount, task.Store.AccountCount));
        Assert.True(bytes < 200_000_000, $"{bytes} bytes");
        GC.KeepAlive(task);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static BareTask Opened(int windows)
    {
        var task = new BareTask();
        for (var i = 0; i < windows; i++)
        {
            task.Send(i, Bench.Noon);
            if (i % 50_000 == 0) task.Commit();
        }
        task.Commit();
        return task;
    }
}

[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
