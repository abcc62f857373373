using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Confluent.Kafka;
using Streams.Streaming;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Perf.Metering;

/// <summary>
/// Counts records by key in the runtime's own key-value store: one changelog record a key and commit. Run as a process of its own, first to build the
/// changelog, then to restore it.
/// </summary>
static class KeyValueApplication
{
    public const string Verb = "key-value";

    public static string[] Arguments(string bootstrap, string input, bool restore) => [typeof(KeyValueApplication).Assembly.Location, Verb, bootstrap, input, $"{restore}"];

    public static async Task<int> RunAsync(string[] arguments)
    {
        var (bootstrap, input, restore) = (arguments[1], arguments[2], bool.Parse(arguments[3]));
        var topology = new Topology().AddSource("source", [input], new StringSerDes(), new ByteArraySerDes())
            .AddProcessor("count", () => new Count(), "source")
            .AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("counts"), new StringSerDes(), new Int64SerDes()), "count");
        var stream = new KafkaStream(topology, new StreamConfig { ApplicationId = "key-value", BootstrapServers = bootstrap });
        var (ends, cpu, since) = (Ends(bootstrap, input), Cpu(), Stopwatch.GetTimestamp());
        using var restored = new RestoredRecords();
        await stream.StartAsync().ConfigureAwait(false);
        await stream.WaitUntilRunning(CancellationToken.None).ConfigureAwait(false);
        var line = string.Create(CultureInfo.InvariantCulture, $$"""{"records":{{restored.Count}},"seconds":{{Stopwatch.GetElapsedTime(since).TotalSeconds:F2}},"cpu_s":{{(Cpu() - cpu).TotalSeconds:F2}}}""");
        if (!restore) await stream.WaitUntilCommittedAsync(ends, CancellationToken.None).ConfigureAwait(false);
        await stream.DisposeAsync().ConfigureAwait(false);
        Console.WriteLine(line);
        return 0;
    }

    private static Dictionary<int, long> Ends(string bootstrap, string topic)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "ends" }).Build();
        return Enumerable.Range(0, 4).ToDictionary(p => p, p => consumer.QueryWatermarkOffsets(new(topic, p), TimeSpan.FromSeconds(30)).High.Value);
    }

    private static TimeSpan Cpu()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }

    private sealed class Count : IProcessor<string, byte[], string, long>
    {
        private IKeyValueStore<string, long> counts = null!;

        public void Init(IProcessorContext<string, long> context) => counts = context.GetStateStore<IKeyValueStore<string, long>>("counts");

        public void Process(in Record<string, byte[]> record) => counts.Put(record.Key, counts.Get(record.Key) + 1);
    }

    private sealed class RestoredRecords : IDisposable
    {
        private readonly MeterListener listener = new();
        private long count;

        public RestoredRecords()
        {
            listener.InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "streams.streaming.restore") l.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((_, more, _, _) => Interlocked.Add(ref count, more));
            listener.Start();
        }

        public long Count => Interlocked.Read(ref count);

        public void Dispose() => listener.Dispose();
    }
}
