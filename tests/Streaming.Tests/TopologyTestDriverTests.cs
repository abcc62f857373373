using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;

namespace Streams.Streaming.Tests;

public sealed class TopologyTestDriverTests
{
    [Fact]
    public void Output_CarriesKeyTimestampAndMurmur2Partition()
    {
        using var driver = new TopologyTestDriver(CountingProcessor.Topology("in", "out"), partitions: 4);
        driver.PipeInput("in", 2, "foobar"u8.ToArray(), [], 17);

        var record = Assert.Single(driver.ReadOutput("out"));
        Assert.Equal("foobar"u8.ToArray(), record.Key);
        Assert.Equal(17, record.Timestamp);
        // The Java client's own test vector: murmur2("foobar") = -790332482.
        Assert.Equal((-790332482 & 0x7fffffff) % 4, record.Partition);
        Assert.Empty(driver.ReadOutput("out"));
    }

    [Fact]
    public void Restart_RestoresTheCommitted_AndProcessesTheRestAgain()
    {
        using var driver = new TopologyTestDriver(CountingProcessor.Topology("in", "out"));
        Pipe(driver, "a", "a", "b");
        driver.Commit();
        Assert.Equal(3, driver.ReadOutput("out").Count);
        Pipe(driver, "a");
        Assert.Equal(3, Count(Assert.Single(driver.ReadOutput("out"))));

        driver.Restart();

        Assert.Equal(3, Count(Assert.Single(driver.ReadOutput("out"))));
        var store = driver.GetStateStore<CountStore>("counts", 0);
        Assert.Equal([new("a", 3), new("b", 1)], store.Counts);
    }

    [Fact]
    public void Restart_SeesTheChangelogCompacted_TombstonesIncluded()
    {
        using var driver = new TopologyTestDriver(CountingProcessor.Topology("in", "out"));
        Pipe(driver, "a", "b");
        driver.Commit();
        driver.GetStateStore<CountStore>("counts", 0).Remove("a");
        Pipe(driver, "b");
        driver.Commit();

        driver.Restart();

        Assert.Equal([new("b", 2)], driver.GetStateStore<CountStore>("counts", 0).Counts);
    }

    [Fact]
    public void SetAside_KeepsTheRecord_AndSaysWhereItStood()
    {
        using var driver = new TopologyTestDriver(CountingProcessor.Topology("in", "out"));
        driver.PipeInput("in", 1, null, [1, 2], 9, new Headers { { "trace", "x"u8.ToArray() } });

        var dead = Assert.Single(driver.ReadOutput("dead"));
        Assert.Null(dead.Key);
        Assert.Equal([1, 2], dead.Value);
        Assert.Equal(9, dead.Timestamp);
        var headers = dead.Headers!.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
        Assert.Equal("x", headers["trace"]);
        Assert.Equal(("in", "1", "0"), (headers["__streams.errors.topic"], headers["__streams.errors.partition"], headers["__streams.errors.offset"]));
        Assert.Equal(("KEY_MISSING", "validation", "1"), (headers["streams.errors.code"], headers["streams.errors.stage"], headers["streams.errors.attempt"]));
        Assert.False(headers.ContainsKey("__streams.errors.exception"));
    }

    [Fact]
    public void GlobalTopic_GoesToItsHandler()
    {
        var seen = new List<string>();
        using var driver = new TopologyTestDriver(CountingProcessor.Topology("in", "out")
            .AddGlobalStore("contracts", "contracts", (key, value, deleted) => seen.Add($"{Encoding.UTF8.GetString(key)}:{value.Length}:{deleted}")));
        driver.PipeInput("contracts", 0, "k"u8.ToArray(), [1], 0);
        driver.PipeInput("contracts", 0, "k"u8.ToArray(), null, 0);
        Assert.Equal(["k:1:False", "k:0:True"], seen);
    }

    private static void Pipe(TopologyTestDriver driver, params string[] keys)
    {
        foreach (var key in keys)
            driver.PipeInput("in", 0, Encoding.UTF8.GetBytes(key), [], 5);
    }

    private static long Count(TestOutput record) => BinaryPrimitives.ReadInt64BigEndian(record.Value);
}
