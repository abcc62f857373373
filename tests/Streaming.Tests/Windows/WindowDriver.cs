using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Windows;

/// <summary>A topology with windows of texts under the driver, at wall-clock time 0.</summary>
internal sealed class WindowDriver : IDisposable
{
    public static StringSerDes Text { get; } = new();

    public WindowDriver(Action<StreamBuilder> describe, int partitions = 1)
    {
        var builder = new StreamBuilder();
        describe(builder);
        Driver = new TopologyTestDriver(builder.Build(), partitions, "app", DateTimeOffset.UnixEpoch);
    }

    public TopologyTestDriver Driver { get; }

    /// <summary>A counted table of windows of the topic "in", written to "out".</summary>
    public static WindowDriver Count(Func<IKGroupedStream<string, string>, ITimeWindowedKStream<string, string>> windows) =>
        new(builder => windows(builder.Stream("in", Text, Text).GroupByKey()).Count("count").ToStream().To("out"));

    public WindowDriver In(string? key, string? value, long time)
    {
        Driver.CreateInputTopic("in", Text, Text).PipeInput(key!, value!, time);
        return this;
    }

    /// <summary>Records of the key "a", one at each time.</summary>
    public WindowDriver At(params long[] times)
    {
        foreach (var time in times)
            In("a", "v", time);
        return this;
    }

    /// <summary>Moves the wall clock, a millisecond at a time.</summary>
    public WindowDriver Advance(long ms)
    {
        for (; ms > 0; ms--)
            Driver.AdvanceWallClockTime(TimeSpan.FromMilliseconds(1));
        return this;
    }

    /// <summary>What was written since this was last asked, "key[start]=count@time" of windows of fixed length.</summary>
    public string Out(string topic = "out") => Show(topic, key => FormattableString.Invariant($"{Encoding.UTF8.GetString(key.AsSpan(0, key.Length - 8))}[{Long(key, 8)}]"));

    /// <summary>As the other of sessions: "key[start,end]=count@time".</summary>
    public string OutSessions(string topic = "out") =>
        Show(topic, key => FormattableString.Invariant($"{Encoding.UTF8.GetString(key.AsSpan(0, key.Length - 16))}[{Long(key, 8)},{Long(key, 16)}]"));

    public string OutKeys(string topic = "out") => Show(topic, Encoding.UTF8.GetString);

    /// <summary>The codes of the dead letters since this was last asked.</summary>
    public string Dropped() => string.Join(" ", Driver.ReadOutput("app-dead-letters").Select(o => Encoding.UTF8.GetString(o.Headers!.GetLastBytes("streams.errors.code"))));

    public void Dispose() => Driver.Dispose();

    private static long Long(byte[] key, int fromEnd) => BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - fromEnd));

    private string Show(string topic, Func<byte[], string> key) =>
        string.Join(" ", Driver.ReadOutput(topic).Select(o => string.Create(CultureInfo.InvariantCulture, $"{key(o.Key!)}={(o.Value is null ? "-" : new Int64SerDes().Deserialize(o.Value))}@{o.Timestamp}")));
}
