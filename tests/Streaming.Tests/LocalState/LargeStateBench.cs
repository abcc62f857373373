using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>
/// Measures restores: state-bench ENTRIES VALUE_BYTES [PARTITIONS] [CHANGELOG]. Fills a store through the runtime on an embedded broker in this process, then kills
/// the instance and starts it again: with local state (process start to first output) and without (changelog records a second and a processor second).
/// </summary>
internal static class LargeStateBench
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(300);

    public static async Task<int> RunAsync(string[] args)
    {
        var entries = int.Parse(args[1], CultureInfo.InvariantCulture);
        var size = int.Parse(args[2], CultureInfo.InvariantCulture);
        var partitions = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 2;
        var folder = Directory.CreateTempSubdirectory("streams-large-");
        using var broker = new Embedded();
        var topics = new TestTopics(broker.BootstrapServers, partitions);
        await topics.CreateAsync();
        try
        {
            using (var child = Start(broker, topics, folder.FullName))
            {
                await ReadAsync(child);
                Fill(broker, topics, entries, size, partitions);
                child.Kill();
                await child.WaitForExitAsync();
            }
            var bytes = folder.EnumerateFiles("*.log", SearchOption.AllDirectories).Sum(f => f.Length);
            Console.WriteLine($"{entries} entries, {size} bytes each, {partitions} partitions; local state {bytes >> 20} MiB");
            for (var i = 0; i < 3; i++)
                await RestartAsync(broker, topics, folder.FullName, partitions, "local state");
            await RestartAsync(broker, topics, "-", partitions, "changelog");
            await RestartAsync(broker, topics, "-", partitions, "changelog");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        return 0;
    }

    private static async Task RestartAsync(Embedded broker, TestTopics topics, string folder, int partitions, string what)
    {
        using var consumer = Consumer(broker, topics, partitions);
        var watch = Stopwatch.StartNew();
        using var child = Start(broker, topics, folder);
        Send(broker, topics, 0, 1, 16, 0);
        while (consumer.Consume(Limit) is { IsPartitionEOF: true })
        {
        }
        var first = watch.Elapsed;
        var line = (await ReadAsync(child)).Split(' ').Skip(1).Select(w => double.Parse(w, CultureInfo.InvariantCulture)).ToArray();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: first output after {first.TotalMilliseconds:f0} ms; running after {line[0]:f0} ms and {line[1]:f0} ms of processor time, peak {line[2]} MiB; {line[3]} changelog records, {line[4]} local entries; {(line[3] + line[4]) / line[1] / 1000:f2} M a processor second"));
        child.Kill();
        await child.WaitForExitAsync();
    }

    private static void Fill(Embedded broker, TestTopics topics, int entries, int size, int partitions)
    {
        const int Chunk = 20_000;
        var sent = 0;
        using var consumer = Consumer(broker, topics, partitions);
        for (var first = 0; first < entries; first += Chunk)
            Send(broker, topics, first, Math.Min(Chunk, entries - first), size, sent++ % partitions);
        for (var seen = 0; seen < sent;)
            seen += consumer.Consume(Limit).IsPartitionEOF ? 0 : 1;
    }

    private static void Send(Embedded broker, TestTopics topics, long first, int count, int size, int partition)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, LingerMs = 0 }).Build();
        var value = new byte[16];
        BinaryPrimitives.WriteInt64BigEndian(value, first);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(8), count);
        BinaryPrimitives.WriteInt32BigEndian(value.AsSpan(12), size);
        producer.Produce(new TopicPartition(topics.Input, partition), new Message<byte[], byte[]> { Key = value, Value = value });
        producer.Flush(Limit);
    }

    private static IConsumer<byte[], byte[]> Consumer(Embedded broker, TestTopics topics, int partitions)
    {
        var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
        {
            BootstrapServers = broker.BootstrapServers, GroupId = "bench", EnablePartitionEof = true, IsolationLevel = IsolationLevel.ReadCommitted, FetchWaitMaxMs = 10,
        }).Build();
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(
            topics.Output, p, consumer.QueryWatermarkOffsets(new TopicPartition(topics.Output, p), Limit).High)));
        for (var ends = 0; ends < partitions;)
            ends += consumer.Consume(Limit).IsPartitionEOF ? 1 : 0;
        return consumer;
    }

    private static Process Start(Embedded broker, TestTopics topics, string folder) => Process.Start(new ProcessStartInfo(
        "dotnet", ["exec", typeof(LargeStateBench).Assembly.Location, "large-state", broker.BootstrapServers, topics.Application, topics.Input, topics.Output, folder, "one"])
    { RedirectStandardOutput = true })!;

    private static async Task<string> ReadAsync(Process child)
    {
        using var limit = new CancellationTokenSource(Limit);
        return await child.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException("the child ended");
    }
}
