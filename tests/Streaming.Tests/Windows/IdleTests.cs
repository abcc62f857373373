using Streams.Streaming.Dsl;
using Streams.Streaming.State;
using static Streams.Streaming.Tests.Windows.WindowDriver;

namespace Streams.Streaming.Tests.Windows;

/// <summary>Windows of idle partitions that the wall clock closes, by markers in the log.</summary>
public sealed class IdleTests
{
    [Fact]
    public void Windows_of_an_idle_partition_close_by_a_marker_in_its_log()
    {
        using var windows = Closing();
        windows.Advance(1000).At(1000);
        Assert.Equal("", windows.Advance(99).Out());
        windows.Advance(25);
        Assert.Equal("a[1000]=1@1000", windows.Advance(25).Out());
        var marker = Assert.Single(windows.Driver.ReadOutput("in"));
        Assert.Equal((null, null, 0), (marker.Key, marker.Value, marker.Partition));
        Assert.True(marker.Headers!.TryGetLastBytes("streams.stream-time", out _));
    }

    [Fact]
    public void A_replay_of_the_log_gives_the_same_without_the_clock_moving()
    {
        var log = new List<TestOutput>();
        string outputs, dropped;
        using (var windows = Closing())
        {
            foreach (var time in new long[] { 5, 7, 500, 480, 502, 490, 900 })
            {
                windows.At(time);
                log.Add(new TestOutput("in", 0, "a"u8.ToArray(), "v"u8.ToArray(), time, null));
                windows.Advance(time % 3 * 200);
                log.AddRange(windows.Driver.ReadOutput("in"));
            }
            (outputs, dropped) = (windows.Out(), windows.Dropped());
            Assert.True(log.Count > 7);
            Assert.NotEqual("", dropped);
        }
        using var replayed = Closing();
        foreach (var record in log)
            replayed.Driver.PipeInput("in", record.Partition, record.Key, record.Value, record.Timestamp, record.Headers);
        Assert.Equal(outputs, replayed.Out());
        Assert.Equal(dropped, replayed.Dropped());
    }

    [Fact]
    public void A_marker_that_was_not_committed_is_written_again()
    {
        using var windows = Closing();
        windows.At(1).Driver.Commit();
        windows.Advance(400);
        windows.Driver.Restart();
        Assert.Equal("", windows.Out());
        // The task comes to be with its next record; time then goes on from the clock.
        Assert.Equal("a[0]=2@2", windows.At(2).Advance(400).Out());
    }

    [Fact]
    public void Without_records_nothing_is_written_once_every_window_must_be_closed()
    {
        using var windows = Closing();
        windows.At(1);
        for (var i = 0; i < 100; i++)
            windows.Advance(50);
        Assert.InRange(windows.Driver.ReadOutput("in").Count, 1, 2);
        Assert.Equal("a[0]=1@1", windows.Out());
    }

    [Fact]
    public void Before_windows_behind_a_repartition_topic_the_marker_is_written_there()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Consumed<string, string>.With(Text, Text).WithIdleTimeout(TimeSpan.FromMilliseconds(100)))
            .GroupBy((_, value) => value, Grouped<string, string>.As("by-value")).WindowedBy(TumblingWindowOptions.Of(10).WithGrace(0))
            .EmitStrategy(EmitStrategy.OnWindowClose).Count("count").ToStream().To("out"));
        Assert.Equal("v[0]=1@1", windows.At(1).Advance(500).Out());
        Assert.Empty(windows.Driver.ReadOutput("in"));
        Assert.Equal(2, windows.Driver.ReadOutput("app-by-value-repartition").Count);
    }

    [Fact]
    public void Held_back_updates_of_an_idle_partition_are_emitted()
    {
        using var keys = new WindowDriver(b => Idle(b).GroupByKey().Count("count")
            .Suppress(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(50), BufferConfig.Unbounded()), "held").ToStream().To("out"));
        Assert.Equal("a=1@1", keys.At(1).Advance(500).OutKeys());
    }

    [Fact]
    public void Where_nobody_asked_for_it_markers_are_passed_over_and_none_is_written()
    {
        using var windows = Count(g => g.WindowedBy(TumblingWindowOptions.Of(10).WithGrace(0)));
        windows.At(1).Advance(10_000);
        Assert.Empty(windows.Driver.ReadOutput("in"));
        windows.Driver.PipeInput("in", 0, null, null, 1000, new Confluent.Kafka.Headers { { "streams.stream-time", [0, 0, 0, 0, 0, 0, 3, 232] } });
        Assert.Equal("a[0]=1@1 a[0]=2@2", windows.At(2).Out());
        Assert.Equal("", windows.Dropped());
    }

    [Fact]
    public void Stream_time_is_not_moved_back_nor_where_records_are_ahead_of_the_clock()
    {
        using var windows = Closing();
        windows.At(5000).Advance(1000);
        Assert.Empty(windows.Driver.ReadOutput("in"));
    }

    private static IKStream<string, string> Idle(StreamBuilder builder) => builder.Stream("in", Consumed<string, string>.With(Text, Text).WithIdleTimeout(TimeSpan.FromMilliseconds(100)));

    private static WindowDriver Closing() => new(b => Idle(b).GroupByKey().WindowedBy(TumblingWindowOptions.Of(10).WithGrace(5))
        .EmitStrategy(EmitStrategy.OnWindowClose).Count("count").ToStream().To("out"));
}
