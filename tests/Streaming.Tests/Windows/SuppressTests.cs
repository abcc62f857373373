using Streams.Streaming.Dsl;
using Streams.Streaming.State;
using static Streams.Streaming.Tests.Windows.WindowDriver;

namespace Streams.Streaming.Tests.Windows;

/// <summary>Updates held back.</summary>
public sealed class SuppressTests
{
    [Fact]
    public void Final_results_pass_through_filters_and_maps_of_the_windowed_table()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(TumblingWindowOptions.Of(10).WithGrace(5)).Count("count")
            .Filter((_, count) => count > 1).MapValues(count => count * 10).Suppress(Suppressed.UntilWindowCloses(BufferConfig.Unbounded()), "final").ToStream().To("out"));
        Assert.Equal("", windows.At(1, 2, 14, 3).Out());
        Assert.Equal("a[0]=30@3", windows.At(15).Out());
        Assert.Equal("", windows.At(26).Out());
        Assert.Equal("a[10]=20@15", windows.At(27, 40).Out());
    }

    [Fact]
    public void A_strict_buffer_that_is_full_stops_the_application()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(TumblingWindowOptions.Of(10).WithGrace(5)).Count("count")
            .Suppress(Suppressed.UntilWindowCloses(BufferConfig.Unbounded().WithMaxRecords(2)), "final").ToStream().To("out"));
        windows.In("a", "v", 1).In("b", "v", 1).In("a", "v", 2);
        Assert.Contains("is full: 3 of 2 records", Assert.Throws<StreamsException>(() => windows.In("c", "v", 3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_eager_buffer_that_is_full_emits_the_oldest_early()
    {
        using var keys = Limited(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(100), BufferConfig.MaxRecords(2)));
        Assert.Equal("", keys.In("b", "v", 1).In("a", "v", 2).In("b", "v", 3).OutKeys());
        Assert.Equal("b=2@3", keys.In("c", "v", 4).OutKeys());
    }

    [Fact]
    public void Bytes_are_limited_as_records_are()
    {
        // An entry is a key of one byte, a head of 21 and a value of 8.
        using var keys = Limited(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(100), BufferConfig.MaxBytes(60)));
        Assert.Equal("", keys.In("b", "v", 1).In("a", "v", 2).OutKeys());
        Assert.Equal("b=1@1", keys.In("c", "v", 4).OutKeys());
    }

    [Fact]
    public void A_time_limit_counts_from_the_first_update_held_back_and_the_last_one_is_emitted()
    {
        using var keys = Limited(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(10), BufferConfig.Unbounded()));
        Assert.Equal("", keys.In("a", "v", 1).In("b", "v", 5).In("a", "v", 9).OutKeys());
        Assert.Equal("a=2@9", keys.In("c", "v", 11).OutKeys());
        Assert.Equal("b=1@5", keys.In("a", "v", 15).OutKeys());
    }

    [Fact]
    public void What_was_held_back_survives_restarts_with_the_time_at_which_it_is_due()
    {
        using var keys = Limited(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(10), BufferConfig.Unbounded()));
        keys.In("a", "v", 1).In("b", "v", 5).Driver.Commit();
        keys.Driver.Restart();
        keys.In("a", "v", 8).Driver.Commit();
        keys.Driver.Restart();
        Assert.Equal("a=2@8", keys.In("c", "v", 11).OutKeys());
        keys.Driver.Commit();
        keys.Driver.Restart();
        Assert.Equal("b=1@5", keys.In("c", "v", 15).OutKeys());
    }

    [Fact]
    public void Later_operators_see_what_was_emitted_before_and_not_what_was_held_back()
    {
        using var keys = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().Count("count")
            .Suppress(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(10), BufferConfig.Unbounded()), "held")
            .GroupBy((_, count) => new KeyValuePair<string, long>("all", count))
            .Reduce((sum, count) => sum + count, (sum, count) => sum - count, InMemory.As<string, long>("sum")).ToStream().To("out"));
        Assert.Equal("all=2@9", keys.In("a", "v", 1).In("a", "v", 9).In("b", "v", 11).OutKeys());
        // a: from 2 to 5, and of b nothing before.
        Assert.EndsWith(" all=6@14", keys.In("a", "v", 12).In("a", "v", 13).In("a", "v", 14).In("z", "v", 22).OutKeys(), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_windows_can_close_and_the_buffer_must_be_named()
    {
        var counts = new StreamBuilder().Stream("in", Text, Text).GroupByKey().Count("count");
        var final = Suppressed.UntilWindowCloses(BufferConfig.Unbounded());
        Assert.Contains("no windowed aggregate", Assert.Throws<TopologyException>(() => counts.Suppress(final.WithName("final"))).Message, StringComparison.Ordinal);
        Assert.Contains("must be named", Assert.Throws<TopologyException>(() => counts.Suppress(final)).Message, StringComparison.Ordinal);
    }

    private static WindowDriver Limited(Suppressed suppressed) => new(b => b.Stream("in", Text, Text).GroupByKey().Count("count").Suppress(suppressed, "limited").ToStream().To("out"));
}
