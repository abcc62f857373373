using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Perf.Broker;

/// <summary>What is measured of a broker. Rates count the client's clock, CPU seconds are the broker process's alone.</summary>
static class Measurements
{
    private const int RecordBytes = 150;
    private static int s_topics;

    public static string CreateTopic(BrokerProcess broker, int partitions)
    {
        var topic = $"perf-{++s_topics}-{Guid.NewGuid():N}";
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Bootstrap }).SetLogHandler((_, _) => { }).Build();
        admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }]).Wait();
        return topic;
    }

    /// <summary>Records through librdkafka, acks=all, linger 50 ms; every delivery is waited for.</summary>
    public static (double RecordsPerSecond, double RecordsPerCpuSecond) Produce(BrokerProcess broker, string topic, CompressionType codec, int records)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = broker.Bootstrap, Acks = Acks.All, LingerMs = 50, CompressionType = codec, EnableIdempotence = true,
            QueueBufferingMaxMessages = 1_000_000, QueueBufferingMaxKbytes = 512 << 10, EnableDeliveryReports = true, DeliveryReportFields = "none",
        };
        var random = new Random(7);
        var values = Enumerable.Range(0, 4096).Select(_ => Value(random)).ToArray();
        var failed = 0;
        using var producer = new ProducerBuilder<Null, byte[]>(config).SetLogHandler((_, _) => { }).Build();
        var (watch, cpu) = (Stopwatch.StartNew(), broker.CpuSeconds);
        for (var i = 0; i < records; i++)
        {
            var message = new Message<Null, byte[]> { Value = values[i & 4095] };
            while (true)
            {
                try
                {
                    producer.Produce(topic, message, i % 1000 == 0 ? r => { if (r.Error.IsError) Interlocked.Increment(ref failed); } : null);
                    break;
                }
                catch (ProduceException<Null, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
                {
                    producer.Poll(TimeSpan.FromMilliseconds(10)); // back-pressure
                }
            }
        }
        if (producer.Flush(TimeSpan.FromMinutes(2)) > 0 || failed > 0) throw new InvalidOperationException("records were not delivered");
        return (records / watch.Elapsed.TotalSeconds, records / (broker.CpuSeconds - cpu));
    }

    /// <summary>A topic read from its beginning in pieces of 1 MB, several times over.</summary>
    public static (double MegabytesPerSecond, double MegabytesPerCpuSecond) Fetch(BrokerProcess broker, string topic, int times)
    {
        using var client = new RawClient(broker);
        var (watch, cpu, bytes) = (Stopwatch.StartNew(), broker.CpuSeconds, 0L);
        for (var t = 0; t < times; t++)
        {
            for (long offset = 0; ;)
            {
                var (error, records) = RawClient.Records(client.Call(RawClient.Fetch(topic, 0, offset, 0, 1, 1 << 20)), topic);
                if (error != 0) throw new InvalidOperationException($"fetch answered error {error}");
                if (records.Length == 0) break;
                bytes += records.Length;
                offset = RawClient.NextOffset(records.Span, offset);
            }
        }
        return (bytes / 1e6 / watch.Elapsed.TotalSeconds, bytes / 1e6 / (broker.CpuSeconds - cpu));
    }

    /// <summary>Times from request to answer of single records, one every 5 ms, milliseconds.</summary>
    public static (double P50, double P99) RoundTrip(BrokerProcess broker, int count)
    {
        using var client = new RawClient(broker);
        var request = RawClient.Produce(CreateTopic(broker, 1), 0, RecordBytes);
        var times = new List<double>();
        for (var i = -200; i < count; i++)
        {
            var started = Stopwatch.GetTimestamp();
            client.Call(request);
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Thread.Sleep(5);
        }
        times.Sort();
        return (times[count / 2], times[count * 99 / 100]);
    }

    /// <summary>Share of one core and MB while nothing happens.</summary>
    public static (double Percent, double Megabytes) Idle(BrokerProcess broker, TimeSpan time)
    {
        Thread.Sleep(TimeSpan.FromSeconds(3));
        var cpu = broker.CpuSeconds;
        Thread.Sleep(time);
        return (100 * (broker.CpuSeconds - cpu) / time.TotalSeconds, broker.Memory.Now);
    }

    /// <summary>MB with a topic of 1,000 partitions that all hold a record and 500 connections that wait in a fetch.</summary>
    public static double Crowd(BrokerProcess broker)
    {
        var topic = CreateTopic(broker, 1000);
        using var writer = new RawClient(broker);
        for (var p = 0; p < 1000; p++) writer.Call(RawClient.Produce(topic, p, RecordBytes));
        var clients = Enumerable.Range(0, 500).Select(_ => new RawClient(broker)).ToList();
        foreach (var (client, i) in clients.Select((c, i) => (c, i))) client.Send(RawClient.Fetch(topic, i, 1, 10_000, 1, 1 << 20));
        Thread.Sleep(3000);
        var peak = broker.Memory.Peak;
        foreach (var client in clients) client.Dispose();
        return peak;
    }

    /// <summary>Seconds until a request on the port is answered.</summary>
    public static double FirstAnswer(Func<BrokerProcess> start)
    {
        var watch = Stopwatch.StartNew();
        using var broker = start();
        using var client = new RawClient(broker);
        client.Call(RawClient.ApiVersions());
        return watch.Elapsed.TotalSeconds;
    }

    // Usage-like: words that compress about threefold.
    private static byte[] Value(Random random)
    {
        var text = $"{{\"customer\":\"customer-{random.Next(1000):D6}\",\"meter\":\"api.requests\",\"quantity\":{random.Next(10_000)},\"source\":\"gateway-{random.Next(20)}\",\"id\":\"{random.NextInt64():x16}{random.NextInt64():x16}\",\"region\":\"eu\"}}";
        return System.Text.Encoding.UTF8.GetBytes(text.PadRight(RecordBytes)[..RecordBytes]);
    }
}
