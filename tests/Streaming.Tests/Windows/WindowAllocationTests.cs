using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Streaming.Tests.State;

namespace Streams.Streaming.Tests.Windows;

/// <summary>An open window's update allocates nothing of its own.</summary>
public sealed class WindowAllocationTests
{
    [Fact]
    public void Updates_of_open_windows_allocate_nothing()
    {
        Assert.InRange(PerRecord(g => g.WindowedBy(TumblingWindowOptions.Of(1_000_000).WithGrace(0)).Count("w")), 0, 1);
        Assert.InRange(PerRecord(g => g.WindowedBy(TumblingWindowOptions.Of(1_000_000).WithGrace(0)).EmitStrategy(EmitStrategy.OnWindowClose).Count("w")), 0, 1);
        Assert.InRange(PerRecord(g => g.WindowedBy(HoppingWindowOptions.Of(1_000_000, 500_000).WithGrace(0)).Count("w")), 0, 1);
        Assert.InRange(PerRecord(g => g.WindowedBy(SessionWindowOptions.Of(1_000_000).WithGrace(0)).Count("w")), 0, 1);
        Assert.InRange(PerRecord(g => g.WindowedBy(SlidingWindowOptions.Of(1_000_000).WithGrace(0)).Count("w")), 0, 1);
        Assert.InRange(PerRecord(g => g.Count("w")), 0, 1);
    }

    /// <summary>Bytes a record of a topology without sinks: what the driver itself allocates is not measured.</summary>
    private static double PerRecord<TKey>(Func<IKGroupedStream<long, long>, IKTable<TKey, long>> aggregate)
    {
        const int Records = 1000;
        var builder = new StreamBuilder();
        aggregate(builder.Stream("in", new Int64SerDes(), new Int64SerDes()).GroupByKey()).Filter((_, _) => false, "none").ToStream("end").Foreach((_, _) => { });
        using var driver = new TopologyTestDriver(builder.Build(), 1, "app");
        var bytes = new byte[8];
        driver.PipeInput("in", 0, bytes, bytes, 5000);
        var task = driver.Task("in", 0);
        var entrance = task.Entrance("in");
        return Allocation.Of(() =>
        {
            for (var i = 0; i < Records; i++)
                task.Process(entrance, new Record { Topic = "in", Partition = 0, Offset = i, Timestamp = 5000, Key = bytes, HasKey = true, Value = bytes, HasValue = true });
        }) / (double)Records;
    }
}
