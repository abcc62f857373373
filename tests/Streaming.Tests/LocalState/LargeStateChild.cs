using System.Buffers.Binary;
using System.Globalization;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>
/// An instance with a large store, in a process of its own: large-state BOOTSTRAP APPLICATION INPUT OUTPUT STATE_DIR|- INSTANCE. A record's value says what
/// to put (first key, count, value size); each record is answered by one output record. At running it prints milliseconds since the process began,
/// the processor time used till then in milliseconds, and its memory in megabytes.
/// </summary>
internal sealed class LargeStateChild : IProcessor
{
    private IKeyValueStore<byte[], byte[]> store = null!;
    private IProcessorContext context = null!;

    public static async Task<int> RunAsync(string[] args)
    {
        var log = new LogRecorder();
        var config = new StreamConfig
        {
            BootstrapServers = args[1], ApplicationId = args[2], StateDir = args[5] == "-" ? null : args[5], InstanceId = args[6], CommitInterval = TimeSpan.FromMilliseconds(100),
            TransactionTimeout = TimeSpan.FromSeconds(60),
        };
        await using var stream = new KafkaStream(Topology(args[3], args[4]), config, log);
        await stream.StartAsync();
        await stream.WaitUntilRunning();
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        var age = (DateTime.Now - self.StartTime).TotalMilliseconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"running {age:f0} {self.TotalProcessorTime.TotalMilliseconds:f0} {self.PeakWorkingSet64 >> 20} {log.Restores.Sum(r => r.Records)} {log.Restores.Sum(r => r.Entries)}"));
        await stream.Completion;
        return 0;
    }

    public static Topology Topology(string input, string output) => new Topology()
        .AddSource("source", input)
        .AddProcessor("large", () => new LargeStateChild(), "source")
        .AddSink("sink", output, "large")
        .AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("counts"), new ByteArraySerDes(), new ByteArraySerDes()), "large");

    public void Init(IProcessorContext context)
    {
        this.context = context;
        store = context.GetStateStore<IKeyValueStore<byte[], byte[]>>("counts");
    }

    public void Process(in Record record)
    {
        var first = BinaryPrimitives.ReadInt64BigEndian(record.Value);
        var count = BinaryPrimitives.ReadInt32BigEndian(record.Value[8..]);
        var value = new byte[BinaryPrimitives.ReadInt32BigEndian(record.Value[12..])];
        var key = new byte[16];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(key, (first + i) * 0x1000193);
            BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(8), first + i);
            BinaryPrimitives.WriteInt64BigEndian(value, first + i);
            store.Put(key, value);
        }
        context.Forward("sink", record.Key, record.Value, record.Timestamp);
    }
}
