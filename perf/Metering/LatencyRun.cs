using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Perf.Metering;

/// <summary>
/// Open loop: events are due at times that are set beforehand, and a window's latency counts from when the event was due that closed it to when a consumer
/// of committed records has its output. Event time runs 59 times as fast, so that each second every customer's meter closes a window.
/// </summary>
sealed class LatencyRun(Setting setting, int wanted, int seconds)
{
    private const string Input = "usage-latency";
    private const int Customers = 1000, Speed = 59, WarmUp = 8;
    private const long WindowAndGrace = 90_000_000;
    private static readonly long Base = new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1000;

    public void Execute()
    {
        var rate = wanted > 0 ? wanted : HalfOfPeak();
        var table = new Report("commit ms", "events/s", "outputs", "p50 ms", "p99 ms", "p99.9 ms", "max ms");
        foreach (var commit in new[] { 100, 1000 })
        {
            var latencies = Measure(rate, commit);
            latencies.Sort();
            string At(double share) => Report.Short(latencies[(int)Math.Min(latencies.Count - 1, latencies.Count * share)]);
            table.Add($"{commit}", Report.Whole(rate), Report.Whole(latencies.Count), At(0.5), At(0.99), At(0.999), At(1));
        }
        table.Print();
    }

    private int HalfOfPeak()
    {
        Child.Generate(setting.Bootstrap, "usage-peak", Math.Min(setting.Events, 5_000_000));
        var peak = Child.Measure("dotnet", Child.Streams(setting.Bootstrap, "usage-peak", "rated-peak")).Number("peak_events_per_s");
        Console.Error.WriteLine($"peak {peak:N0} events/s");
        return (int)(peak / 2);
    }

    private List<double> Measure(int rate, int commit)
    {
        var (input, output) = ($"{Input}-{commit}", $"rated-latency-{commit}");
        Topics.Create(setting.Bootstrap, input, 4);
        Topics.Create(setting.Bootstrap, output, 4);
        using var streams = Child.Start("dotnet", Child.Streams(setting.Bootstrap, input, output, "--commit-ms", $"{commit}", "--until", "Stopped"));
        _ = streams.StandardOutput.ReadToEndAsync();
        _ = streams.StandardError.ReadToEndAsync();
        var start = Stopwatch.GetTimestamp() + 3 * Stopwatch.Frequency;
        var latencies = new List<double>();
        using var done = new CancellationTokenSource();
        var reader = new Thread(() => Collect(output, start, latencies, done.Token)) { IsBackground = true };
        reader.Start();
        Feed(input, rate, start);
        Thread.Sleep(2000 + commit);
        done.Cancel();
        reader.Join();
        Child.Run("kill", "-TERM", $"{streams.Id}");
        streams.WaitForExit();
        return latencies;
    }

    private void Feed(string input, int rate, long start)
    {
        using var load = new LoadGenerator(setting.Bootstrap, input, Customers);
        for (long sent = 0, total = (long)rate * seconds; sent < total;)
        {
            var due = (long)((Stopwatch.GetTimestamp() - start) / (double)Stopwatch.Frequency * rate);
            for (; sent < Math.Min(due, total); sent++) load.Send(sent, Base + (long)(sent * 1e6 / rate * Speed));
            Thread.Sleep(1);
        }
        load.Flush();
    }

    private void Collect(string output, long start, List<double> latencies, CancellationToken done)
    {
        var config = new ConsumerConfig { BootstrapServers = setting.Bootstrap, GroupId = "latency", EnableAutoCommit = false, IsolationLevel = IsolationLevel.ReadCommitted, FetchWaitMaxMs = 100 };
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(config).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p => new TopicPartitionOffset(output, p, Offset.Beginning)));
        while (!done.IsCancellationRequested)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not { } result) continue;
            var closedAt = (result.Message.Timestamp.UnixTimestampMs + 1) * 1000 - 60_000_000 + WindowAndGrace - Base;
            var due = closedAt / (1e6 * Speed);
            if (due > WarmUp) latencies.Add(((Stopwatch.GetTimestamp() - start) / (double)Stopwatch.Frequency - due) * 1000);
        }
    }
}
