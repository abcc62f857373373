using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Aggregators.Rating;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>The settings of a measured run. A killed run goes on when it is started again with the same options.</summary>
public sealed record MeteringBenchmarkOptions
{
    public required string BootstrapServers { get; init; }

    public required string Input { get; init; }

    public required string Output { get; init; }

    /// <summary>The file with the prices.</summary>
    public required string PlanFile { get; init; }

    public int Threads { get; init; } = 1;

    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The application id; null: one that follows from the output topic.</summary>
    public string? Id { get; init; }

    /// <summary>Where local state is kept; null: nowhere, all is restored from the changelogs.</summary>
    public string? StateDir { get; init; }

    public MeteringBenchmarkEnd Until { get; init; } = MeteringBenchmarkEnd.Processed;
}

/// <summary>When a measured run ends.</summary>
public enum MeteringBenchmarkEnd
{
    /// <summary>When all that the input held at the start is processed and committed.</summary>
    Processed,

    /// <summary>When all state is restored.</summary>
    Restored,

    /// <summary>When it is told to.</summary>
    Stopped,
}

/// <summary>The figures of a run. Seconds and CPU count from the start of the process, the peak rate from the first record to the last.</summary>
public sealed record MeteringBenchmarkResult(double Seconds, long Events, double EventsPerS, double PeakEventsPerS, double CpuS, double PeakRssMb, long OutputRecords,
    long Duplicates, long Late, double AllocatedMb, RestoreFigures Restore);

/// <summary>What restoring state took: changelog records applied, accounts and identities in them and in local state, seconds from the start of the stream, and the process' CPU seconds meanwhile.</summary>
public sealed record RestoreFigures(long Records, long Entries, decimal Seconds, decimal CpuS);

/// <summary>The metering job alone, exactly once, over everything that the input holds at the start.</summary>
public static class MeteringBenchmark
{
    static readonly TimeSpan AdminTimeout = TimeSpan.FromSeconds(30);

    public static async Task<MeteringBenchmarkResult> RunAsync(MeteringBenchmarkOptions options, CancellationToken cancel)
    {
        var ends = Ends(options);
        await CreateOutput(options, ends.Count).ConfigureAwait(false);
        var metering = new MeteringOptions { InputTopic = options.Input, RatedTopic = options.Output, LateTopic = null, DispositionsTopic = null, DocumentsTopic = null };
        var progress = new MeteringProgress();
        var terms = FixedTerms.Parse(await File.ReadAllBytesAsync(options.PlanFile, cancel).ConfigureAwait(false));
        var config = new StreamConfig
        {
            ApplicationId = options.Id ?? "metering-" + options.Output,
            BootstrapServers = options.BootstrapServers,
            NumStreamThreads = options.Threads,
            CommitInterval = options.CommitInterval,
            StateDir = options.StateDir,
            // A name that survives a kill, as local state does: the next start need not wait until the group misses this one.
            InstanceId = options.StateDir is null ? null : "bench",
            SessionTimeout = TimeSpan.FromSeconds(10),
        };
        var stream = new KafkaStream(MeteringTopology.Build(metering, terms, progress: progress), config);
        await using (stream.ConfigureAwait(false))
        {
            using var restored = new RestoreCount();
            await stream.StartAsync(cancel).ConfigureAwait(false);
            await stream.WaitUntilRunning(cancel).ConfigureAwait(false);
            var restore = restored.Figures;
            if (options.Until == MeteringBenchmarkEnd.Processed) await stream.WaitUntilCommittedAsync(ends, cancel).ConfigureAwait(false);
            if (options.Until == MeteringBenchmarkEnd.Stopped) await StoppedAsync(stream, cancel).ConfigureAwait(false);
            return Measure(progress, restore);
        }
    }

    /// <summary>Until the caller cancels, or the stream fails.</summary>
    static async Task StoppedAsync(KafkaStream stream, CancellationToken cancel)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = cancel.Register(stopped.SetResult).ConfigureAwait(false);
        await (await Task.WhenAny(stream.Completion, stopped.Task).ConfigureAwait(false)).ConfigureAwait(false);
    }

    static MeteringBenchmarkResult Measure(MeteringProgress progress, RestoreFigures restore)
    {
        using var process = Process.GetCurrentProcess();
        var seconds = (DateTime.Now - process.StartTime).TotalSeconds;
        var totals = progress.Totals;
        var busy = progress.Busy.TotalSeconds;
        return new(Round(seconds), totals.Events, Math.Round(totals.Events / seconds), busy > 0 ? Math.Round(totals.Events / busy) : 0,
            Round(process.TotalProcessorTime.TotalSeconds), PeakRssMb(), totals.Windows, totals.Duplicates, totals.Late, Round(GC.GetTotalAllocatedBytes() / 1048576.0), restore);
    }

    static double Round(double value) => Math.Round(value, 2);

    /// <summary>The kernel's high-water mark of resident memory; 0 where there is no /proc.</summary>
    static double PeakRssMb()
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status)) return 0;
        var line = File.ReadLines(Status).First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        var kilobytes = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2];
        return Round(double.Parse(kilobytes, CultureInfo.InvariantCulture) / 1024);
    }

    static Dictionary<int, long> Ends(MeteringBenchmarkOptions options)
    {
        var config = new ConsumerConfig { BootstrapServers = options.BootstrapServers, GroupId = "metering-ends" };
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(config).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(options.Input, AdminTimeout).Topics.Single();
        if (topic.Error.IsError) throw new StreamsException($"Topic {options.Input}: {topic.Error.Reason}");
        return topic.Partitions.ToDictionary(p => p.PartitionId, p => consumer.QueryWatermarkOffsets(new(options.Input, p.PartitionId), AdminTimeout).High.Value);
    }

    static async Task CreateOutput(MeteringBenchmarkOptions options, int partitions)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = options.BootstrapServers }).Build();
        var settings = new Dictionary<string, string> { ["retention.ms"] = "-1", ["message.timestamp.after.max.ms"] = long.MaxValue.ToString(CultureInfo.InvariantCulture) };
        try
        {
            await admin.CreateTopicsAsync([new TopicSpecification { Name = options.Output, NumPartitions = partitions, ReplicationFactor = -1, Configs = settings }]).ConfigureAwait(false);
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // A killed run goes on with the topic that it had made.
        }
    }
}
