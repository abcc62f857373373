using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using static Streams.Streaming.Tests.Windows.WindowDriver;

namespace Streams.Streaming.Tests.Windows;

/// <summary>Windows of fixed length and sessions, one rule a test.</summary>
public sealed class WindowTests
{
    private static readonly TumblingWindowOptions TenMs = TumblingWindowOptions.Of(10).WithGrace(5);

    [Fact]
    public void Tumbling_windows_are_half_open_and_begin_at_multiples_of_their_size()
    {
        using var windows = Count(g => g.WindowedBy(TenMs));
        Assert.Equal("a[0]=1@0 a[0]=2@9 a[10]=1@10 a[10]=2@19 a[20]=1@20", windows.At(0, 9, 10, 19, 20).Out());
    }

    [Fact]
    public void Hopping_windows_overlap_and_none_begins_before_the_epoch()
    {
        using var windows = Count(g => g.WindowedBy(HoppingWindowOptions.Of(10, 4).WithGrace(0)));
        Assert.Equal("a[0]=1@3 a[0]=2@9 a[4]=1@9 a[8]=1@9", windows.At(3, 9).Out());
    }

    [Fact]
    public void A_record_is_late_when_its_windows_end_and_grace_are_reached()
    {
        using var windows = Count(g => g.WindowedBy(TenMs));
        Assert.Equal("a[0]=1@1 a[10]=1@14 a[0]=2@3", windows.At(1, 14, 3).Out());
        Assert.Equal("a[10]=2@15", windows.At(15, 3).Out());
        Assert.Equal("LATE_RECORD", windows.Dropped());
    }

    [Fact]
    public void A_record_that_is_late_for_some_windows_counts_in_the_others()
    {
        using var windows = Count(g => g.WindowedBy(HoppingWindowOptions.Of(10, 5).WithGrace(0)));
        Assert.Equal("a[5]=1@12 a[10]=1@12 a[5]=2@12", windows.At(12, 7).Out());
        Assert.Equal("", windows.Dropped());
    }

    [Fact]
    public void An_update_has_the_latest_time_of_its_windows_records()
    {
        using var windows = Count(g => g.WindowedBy(TenMs));
        Assert.Equal("a[0]=1@7 a[0]=2@7", windows.At(7, 2).Out());
    }

    [Fact]
    public void Time_is_one_for_all_keys_of_a_partition_and_apart_for_partitions()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(TenMs).Count("count").ToStream().To("out"), 2);
        var input = windows.Driver.CreateInputTopic("in", Text, Text);
        input.PipeInput(new Record<string, string>("a", "v", 100), 0);
        input.PipeInput(new Record<string, string>("b", "v", 1), 0);
        input.PipeInput(new Record<string, string>("c", "v", 1), 1);
        Assert.Equal("a[100]=1@100 c[0]=1@1", windows.Out());
        Assert.Equal("LATE_RECORD", windows.Dropped());
    }

    [Fact]
    public void Late_records_can_be_a_stream_of_their_own()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(TenMs).WithLate(late => late.To("late")).Count("count").ToStream().To("out"));
        Assert.Equal("a[0]=1@1 a[30]=1@30", windows.At(1, 30, 2).Out());
        var late = Assert.Single(windows.Driver.CreateOutputTopic("late", Text, Text).ReadRecords());
        Assert.Equal(("a", "v", 2L), (late.Key, late.Value, late.Timestamp));
        Assert.Equal("", windows.Dropped());
    }

    [Fact]
    public void Windows_that_close_together_come_by_their_ends_and_then_by_key()
    {
        using var windows = Count(g => g.WindowedBy(TenMs).EmitStrategy(EmitStrategy.OnWindowClose));
        windows.In("c", "v", 12).In("b", "v", 3).In("a", "v", 11).In("d", "v", 4);
        Assert.Equal("", windows.Out());
        Assert.Equal("b[0]=1@3 d[0]=1@4 a[10]=1@11 c[10]=1@12", windows.In("z", "v", 99).Out());
    }

    [Fact]
    public void Emission_on_close_waits_for_no_clock_and_emits_once()
    {
        using var windows = Count(g => g.WindowedBy(TenMs).EmitStrategy(EmitStrategy.OnWindowClose));
        Assert.Equal("", windows.At(1, 14).Out());
        Assert.Equal("a[0]=1@1", windows.At(15).Out());
        Assert.Equal("", windows.At(16, 24, 2).Out());
        Assert.Equal("a[10]=3@16", windows.At(25).Out());
    }

    [Fact]
    public void Whether_a_record_is_late_does_not_depend_on_a_restart()
    {
        // Kafka Streams and Streamiz keep an operator's time in memory only: after a restart they count what they would have dropped before.
        using var windows = Count(g => g.WindowedBy(TenMs));
        windows.At(1, 40).Driver.Commit();
        windows.Driver.Restart();
        Assert.Equal("a[0]=1@1 a[40]=1@40", windows.At(2).Out());
        Assert.Equal("LATE_RECORD", windows.Dropped());
    }

    [Fact]
    public void Windows_that_were_open_at_a_restart_close_once_with_all_they_held()
    {
        using var windows = Count(g => g.WindowedBy(TenMs).EmitStrategy(EmitStrategy.OnWindowClose));
        windows.At(1, 2, 14).Driver.Commit();
        windows.Driver.Restart();
        windows.At(15).Driver.Commit();
        windows.Driver.Restart();
        Assert.Equal("a[0]=2@2 a[10]=2@15", windows.At(60).Out());
    }

    [Fact]
    public void Records_without_key_or_countable_value_leave_by_the_dead_letters()
    {
        using var windows = new WindowDriver(b =>
        {
            var grouped = b.Stream("in", Text, new Int64SerDes()).GroupByKey();
            grouped.WindowedBy(TenMs).Reduce((a, c) => a + c, "sum").ToStream().To("out");
        });
        windows.Driver.PipeInput("in", 0, null, new byte[8], 1);
        windows.Driver.PipeInput("in", 0, "a"u8.ToArray(), null, 1);
        Assert.Equal("NULL_KEY NULL_VALUE", windows.Dropped());
        Assert.Equal("", windows.Out());
    }

    [Fact]
    public void An_aggregate_of_null_deletes_the_window()
    {
        using var windows = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(TenMs)
            .Aggregate(() => (long?)0, (_, value, sum) => value == "none" ? null : sum + 1, InMemoryWindows.As<string, long?>("sum")).ToStream().To("out"));
        Assert.Equal("a[0]=1@1 a[0]=-@2 a[0]=1@2", windows.In("a", "v", 1).In("a", "none", 2).In("a", "v", 2).Out());
    }

    [Fact]
    public void Sliding_windows_have_one_window_for_each_content()
    {
        // The example of Kafka Streams' documentation, by KIP-450: 10 ms, records at 8000, 9200, 12400 of 5 s.
        using var windows = Count(g => g.WindowedBy(SlidingWindowOptions.Of(5000).WithGrace(30_000)));
        Assert.Equal("a[3000]=1@8000", windows.At(8000).Out());
        Assert.Equal("a[8001]=1@9200 a[4200]=2@9200", windows.At(9200).Out());
        Assert.Equal("a[8001]=2@12400 a[9201]=1@12400 a[7400]=3@12400", windows.At(12400).Out());
    }

    [Fact]
    public void Sliding_windows_close_when_time_has_passed_their_end()
    {
        using var windows = Count(g => g.WindowedBy(SlidingWindowOptions.Of(10).WithGrace(0)).EmitStrategy(EmitStrategy.OnWindowClose));
        Assert.Equal("", windows.At(20, 20).Out());
        Assert.Equal("a[10]=2@20", windows.At(21).Out());
    }

    [Fact]
    public void A_record_whose_own_sliding_window_is_closed_counts_in_the_open_ones_that_there_are()
    {
        using var windows = Count(g => g.WindowedBy(SlidingWindowOptions.Of(10).WithGrace(0)));
        Assert.Equal("a[90]=1@100 a[90]=2@100 a[96]=1@100", windows.At(100, 95).Out());
        Assert.Equal("", windows.At(89).Out());
        Assert.Equal("LATE_RECORD", windows.Dropped());
    }

    [Fact]
    public void A_record_between_two_sessions_removes_them_and_makes_one_of_three()
    {
        using var sessions = Sessions(SessionWindowOptions.Of(5).WithGrace(100));
        Assert.Equal("a[10,10]=1@10 a[20,20]=1@20 a[10,10]=-@10 a[10,12]=2@12", sessions.At(10, 20, 12).OutSessions());
        Assert.Equal("a[10,12]=-@12 a[20,20]=-@20 a[10,20]=4@20", sessions.At(16).OutSessions());
    }

    [Fact]
    public void A_pause_of_one_gap_is_within_a_session_and_a_longer_one_is_not()
    {
        using var sessions = Sessions(SessionWindowOptions.Of(5).WithGrace(100));
        Assert.Equal("a[10,10]=1@10 a[10,10]=-@10 a[10,15]=2@15 a[21,21]=1@21", sessions.At(10, 15, 21).OutSessions());
    }

    [Fact]
    public void A_session_is_late_past_gap_and_grace_and_a_closed_one_is_joined_no_more()
    {
        using var sessions = Sessions(SessionWindowOptions.Of(5).WithGrace(2));
        sessions.At(10, 17);
        _ = sessions.OutSessions();
        Assert.Equal("a[10,10]=2@10", sessions.At(10).OutSessions());
        Assert.Equal("", sessions.In("b", "v", 18).At(10).OutSessions("in"));
        Assert.Equal("LATE_RECORD", sessions.Dropped());
        // The record between them joins the one that is open.
        _ = sessions.OutSessions();
        Assert.Equal("a[17,17]=-@17 a[13,17]=2@17", sessions.At(13).OutSessions());
    }

    [Fact]
    public void Sessions_that_close_come_by_their_ends()
    {
        using var sessions = new WindowDriver(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(SessionWindowOptions.Of(5).WithGrace(0))
            .EmitStrategy(EmitStrategy.OnWindowClose).Count(InMemorySessions.As<string, long>("sessions")).ToStream().To("out"));
        Assert.Equal("", sessions.In("b", "v", 1).In("a", "v", 3).In("b", "v", 4).OutSessions());
        Assert.Equal("", sessions.In("z", "v", 8).OutSessions());
        Assert.Equal("a[3,3]=1@3 b[1,4]=2@4", sessions.In("z", "v", 50).OutSessions()[..21]);
    }

    [Fact]
    public void Grace_must_be_said() =>
        Assert.Contains("grace", Assert.Throws<TopologyException>(() => Count(g => g.WindowedBy(TumblingWindowOptions.Of(10)))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_store_that_is_logged_must_be_named()
    {
        var grouped = new StreamBuilder().Stream("in", Text, Text).GroupByKey();
        Assert.Contains("must be named", Assert.Throws<TopologyException>(() => grouped.WindowedBy(TenMs).Count()).Message, StringComparison.Ordinal);
        Assert.Contains("must be named", Assert.Throws<TopologyException>(() => grouped.Count()).Message, StringComparison.Ordinal);
        grouped.Count(InMemory.As<string, long>().WithLoggingDisabled());
    }

    [Fact]
    public void A_retention_shorter_than_size_and_grace_is_refused()
    {
        var windows = new StreamBuilder().Stream("in", Text, Text).GroupByKey().WindowedBy(TenMs);
        var shorter = InMemoryWindows.As<string, long>("short").WithRetention(TimeSpan.FromMilliseconds(14));
        Assert.Contains("retention", Assert.Throws<TopologyException>(() => windows.Count(shorter)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_windows_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TumblingWindowOptions.Of(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => HoppingWindowOptions.Of(10, 11));
        Assert.Throws<ArgumentOutOfRangeException>(() => SessionWindowOptions.Of(5).WithGrace(-1));
    }

    [Fact]
    public void Windowed_keys_have_Kafka_Streams_bytes_and_the_partition_of_the_bare_key()
    {
        using var windows = new WindowDriver(
            b =>
            {
                var grouped = b.Stream("in", Text, Text).GroupByKey();
                grouped.WindowedBy(TenMs).Count("time").ToStream().To("out");
                grouped.WindowedBy(SessionWindowOptions.Of(5).WithGrace(0)).Count("sessions").ToStream().To("sessions");
                grouped.Count("keys").ToStream().To("keys");
            },
            partitions: 64);
        windows.In("customer", "v", 257).In("meter", "v", 513);
        var (time, session, keys) = (windows.Driver.ReadOutput("out"), windows.Driver.ReadOutput("sessions"), windows.Driver.ReadOutput("keys"));
        Assert.Equal([.. "customer"u8, 0, 0, 0, 0, 0, 0, 0, 250], time[0].Key);
        Assert.Equal([.. "customer"u8, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1], session[0].Key);
        Assert.Equal(keys.Select(o => o.Partition), time.Select(o => o.Partition));
        Assert.Equal(keys.Select(o => o.Partition), session.Select(o => o.Partition));
        var read = new TimeWindowedSerDes<string>(Text, 10).Deserialize(time[0].Key!);
        Assert.Equal(new Windowed<string>("customer", new Window(250, 260)), read);
        Assert.Equal(new Windowed<string>("customer", new Window(257, 257)), new SessionWindowedSerDes<string>(Text).Deserialize(session[0].Key!));
    }

    private static WindowDriver Sessions(SessionWindowOptions windows) =>
        new(b => b.Stream("in", Text, Text).GroupByKey().WindowedBy(windows).Count("sessions").ToStream().To("out"));
}
