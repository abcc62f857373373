using System.Globalization;
using Confluent.Kafka;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.EndToEnd.Tests;

/// <summary>kill -9 of the embedded broker under load: what it acknowledged is there afterwards, once and in order.</summary>
public sealed class BrokerKillTests(ITestOutputHelper output)
{
    const int Kills = 12;
    const string Topic = "acknowledged";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Acknowledged_records_survive_every_kill_once_and_in_order()
    {
        const int seed = 4711;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var data = Directory.CreateTempSubdirectory("streams-broker-kill-").FullName;
        try
        {
            var (broker, port) = await StartAsync(data, $"{FreePorts.Take(1)}");
            var acknowledged = new HashSet<long>();
            using (var producer = Producer(port))
            using (var stop = new CancellationTokenSource())
            {
                var writing = Task.Run(() => WriteAsync(producer, acknowledged, stop.Token));
                for (var kill = 0; kill < Kills; kill++)
                {
                    await WaitForMoreAsync(acknowledged, random.Next(50, 600));
                    broker.Kill();
                    broker.Dispose();
                    (broker, _) = await StartAsync(data, port);
                }
                await WaitForMoreAsync(acknowledged, 200);
                await stop.CancelAsync();
                await writing;
            }
            Check(port, acknowledged);
            broker.Dispose();
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    static async Task<(StreamsProcess, string Port)> StartAsync(string data, string port)
    {
        var broker = StreamsProcess.Start("bootstrap=127.0.0.1:", null, "broker", "--port", port, "--data", data);
        return (broker, await broker.ReadyAsync());
    }

    static IProducer<string, string> Producer(string port) => new ProducerBuilder<string, string>(new ProducerConfig
    {
        BootstrapServers = $"127.0.0.1:{port}", EnableIdempotence = true, Acks = Acks.All, LingerMs = 2, MessageTimeoutMs = 60_000, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 200,
    }).SetLogHandler((_, _) => { }).Build();

    static async Task WriteAsync(IProducer<string, string> producer, HashSet<long> acknowledged, CancellationToken stop)
    {
        var number = 0L;
        while (!stop.IsCancellationRequested)
        {
            var batch = Enumerable.Range(0, 50).Select(_ => number++).ToList();
            await Task.WhenAll(batch.Select(async n =>
            {
                await producer.ProduceAsync(Topic, new Message<string, string> { Key = $"{n % 7}", Value = n.ToString(CultureInfo.InvariantCulture) });
                lock (acknowledged) acknowledged.Add(n);
            }));
        }
    }

    static async Task WaitForMoreAsync(HashSet<long> acknowledged, int more)
    {
        int Count()
        {
            lock (acknowledged) return acknowledged.Count;
        }
        using var deadline = new CancellationTokenSource(Patience);
        for (var goal = Count() + more; Count() < goal;) await Task.Delay(5, deadline.Token);
    }

    static void Check(string port, HashSet<long> acknowledged)
    {
        var config = new ClientConfig { BootstrapServers = $"127.0.0.1:{port}" };
        var seen = new HashSet<long>();
        var last = new Dictionary<string, long>();
        foreach (var record in Cli.TopicReader.ReadAll(config, Topic))
        {
            var (key, number) = (System.Text.Encoding.UTF8.GetString(record.Message.Key), long.Parse(System.Text.Encoding.UTF8.GetString(record.Message.Value), CultureInfo.InvariantCulture));
            Assert.True(seen.Add(number), $"{number} is there twice");
            Assert.True(last.GetValueOrDefault(key, -1) < number, $"{number} stands behind {last.GetValueOrDefault(key)}");
            last[key] = number;
        }
        Assert.NotEmpty(acknowledged);
        Assert.Empty(acknowledged.Except(seen));
    }
}
