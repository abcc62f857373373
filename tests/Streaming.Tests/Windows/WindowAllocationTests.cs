using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Streaming.Tests.State;

namespace Streams.Streaming.Tests.Windows;

/// <summary>An open window's update allocates nothing of its own. Alone, as the JIT puts its optimized code off while others start.</summary>
[Collection("alone")]
public sealed class WindowAllocationTests
{
    [Fact]
    public void Updates_of_open_windows_allocate_nothing()
    {
        var tumbling = TumblingWindowOptions.Of(1_000_000).WithGrace(0);
        double[] bytes =
        [
            PerRecord(g => g.WindowedBy(tumbling).Count("w")),
            PerRecord(g => g.WindowedBy(tumbling).EmitStrategy(EmitStrategy.OnWindowClose).Count("w")),
            PerRecord(g => g.WindowedBy(HoppingWindowOptions.Of(1_000_000, 500_000).WithGrace(0)).Count("w")),
            PerRecord(g => g.WindowedBy(SessionWindowOptions.Of(1_000_000).WithGrace(0)).Count("w")),
            PerRecord(g => g.WindowedBy(SlidingWindowOptions.Of(1_000_000).WithGrace(0)).Count("w")),
            PerRecord(g => g.WindowedBy(tumbling).Count("w").Suppress(Suppressed.UntilWindowCloses(BufferConfig.Unbounded()), "s")),
            PerRecord(g => g.Count("w")),
        ];
        Assert.All(bytes, each => Assert.InRange(each, 0, 1));
    }

    /// <summary>Bytes a record of a topology without sinks: what the driver itself allocates is not measured.</summary>
    private static double PerRecord<TKey>(Func<IKGroupedStream<long, long>, IKTable<TKey, long>> aggregate)
    {
        const int Records = 1000;
        var builder = new StreamBuilder();
        aggregate(builder.Stream("in", new Int64SerDes(), new Int64SerDes()).GroupByKey());
        using var driver = new TopologyTestDriver(builder.Build(), 1, "app");
        var bytes = new byte[8];
        driver.PipeInput("in", 0, bytes, bytes, 5000);
        var task = driver.Task("in", 0);
        var entrance = task.Entrance("in");
        void Work()
        {
            for (var i = 0; i < Records; i++)
                task.Process(entrance, new Record { Topic = "in", Partition = 0, Offset = i, Timestamp = 5000, Key = bytes, HasKey = true, Value = bytes, HasValue = true });
        }
        // Code that is not optimized yet boxes where it asks whether a value type is null; it is measured until it is.
        var least = long.MaxValue;
        for (var i = 0; i < 2000 && least > Records; i++)
            least = Math.Min(least, Allocation.Of(Work));
        return least / (double)Records;
    }
}
