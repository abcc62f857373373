using System.Diagnostics;
using Confluent.Kafka;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Faults;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Chaos.Tests.Work;
using Xunit.Abstractions;

namespace Streams.Streaming.Chaos.Tests;

/// <summary>The same input gives the same bytes, partition by partition, whoever processes it and however often he is killed.</summary>
public sealed class ReproducibilityTests(ITestOutputHelper output)
{
    private const int Partitions = 4, AtOnce = 3;
    private const string Input = "repro-in";

    /// <summary>How much is fetched ahead and committed at once.</summary>
    private static readonly (int CommitMs, string Ahead)[] Batches = [(20, "1"), (100, "1000"), (1000, "100000")];

    private enum History
    {
        /// <summary>A new application reads the input from its beginning.</summary>
        Fresh,

        /// <summary>An application whose group was set back to the beginning of the input.</summary>
        Replayed,

        /// <summary>An application that is stopped half-way and goes on with nothing but its changelogs.</summary>
        Restored,
    }

    [Theory]
    [InlineData(MeteringWork.Title)]
    [InlineData(LedgerWork.Title)]
    [InlineData(BillingWork.Title)]
    public async Task The_same_input_gives_the_same_bytes(string title)
    {
        var work = IWork.Named(title);
        await using var server = new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-repro-").FullName);
        await server.StartAsync();
        using var broker = new Evidence.Broker(server.BootstrapServers);
        await broker.CreateAsync(Partitions, Input);
        var sent = new Feeder(server.BootstrapServers, Input, Partitions, work, seed: 7).Send(Tier.Of(3000, 6000));
        var watch = Stopwatch.StartNew();
        var tally = new Tally(_ => { });
        var cases = Cases(title).ToList();
        var bytes = new List<string>[cases.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, cases.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
            bytes[i] = await RunAsync(cases[i], $"repro-{i}", work, server.BootstrapServers, broker, tally));

        var expected = new Remains(broker, "repro-0", Input, Partitions);
        work.Check(expected);
        Assert.Empty(expected.Differences);
        for (var i = 1; i < cases.Count; i++) Assert.True(bytes[0].SequenceEqual(bytes[i]), $"{cases[i]} gives other bytes than {cases[0]}");
        Assert.Empty(tally.Failures);
        output.WriteLine($"{title}: {cases.Count} runs over {sent} records, {tally.Kills} kills, {bytes[0].Count} output records each, the same bytes; {watch.Elapsed.TotalSeconds:F0} s");
    }

    /// <summary>All combinations for metering in the full tier; a few otherwise.</summary>
    private static IEnumerable<(int Instances, int Batch, bool Kills, History History)> Cases(string title)
    {
        if (!Tier.IsFull || title != MeteringWork.Title) return [(1, 1, false, History.Fresh), (3, 0, true, History.Restored), (2, 2, false, History.Replayed)];
        return
            from instances in new[] { 1, 2, 3 }
            from batch in new[] { 0, 1, 2 }
            from kills in new[] { false, true }
            from history in Enum.GetValues<History>()
            select (instances, batch, kills, history);
    }

    private static async Task<List<string>> RunAsync((int Instances, int Batch, bool Kills, History History) wanted, string application, IWork work, string bootstrapServers, Evidence.Broker broker, Tally tally)
    {
        var job = new Job
        {
            BootstrapServers = bootstrapServers, Application = application, Work = work.Name, Input = Input, Logs = Directory.CreateTempSubdirectory($"{application}-").FullName,
            SessionMs = 10_000, TransactionMs = 10_000, CommitMs = Batches[wanted.Batch].CommitMs, Client = { ["queued.min.messages"] = Batches[wanted.Batch].Ahead },
        };
        await broker.CreateAsync(Partitions, [.. work.Outputs.Select(job.Topic)]);
        if (wanted.History == History.Replayed) await broker.ResetAsync(application, Input, Partitions);
        if (wanted.History == History.Restored) await WorkAsync(job, work, wanted.Instances, wanted.Kills ? 1 : 0, share: 0.5, broker, tally);
        await WorkAsync(job, work, wanted.Instances, wanted.Kills ? 2 : 0, share: 1, broker, tally);
        if (tally.Failures.IsEmpty) Directory.Delete(job.Logs, recursive: true);
        return [.. work.Outputs.SelectMany(o => broker.Read(job.Topic(o), Partitions).SelectMany((records, p) => records.Select(r => $"{o}[{p}] {r.Text}")))
            .GroupBy(line => work.Unordered.Any(topic => line.StartsWith(topic, StringComparison.Ordinal))).SelectMany(g => g.Key ? g.Select(Bare).Order(StringComparer.Ordinal) : (IEnumerable<string>)g)];
    }

    /// <summary>Records without a key go to any partition.</summary>
    private static string Bare(string line) => line[line.IndexOf(' ', StringComparison.Ordinal)..];

    /// <summary>Works until a share of the input is committed, each instance being killed so many times on the way.</summary>
    private static async Task WorkAsync(Job job, IWork work, int instances, int kills, double share, Evidence.Broker broker, Tally tally)
    {
        var slots = Enumerable.Range(0, instances).Select(i =>
        {
            var (random, left) = (new Random(i), kills);
            return new Slot(
                trap => new WorkerProcess(job with { Instance = $"i{i}", Trap = trap }),
                () => left-- > 0 ? Trap.Choose(random, stop: false, work.Traps) : null, tally, mayNotStart: false);
        }).ToList();
        slots.ForEach(s => s.Open());
        var ends = await broker.EndsAsync([Input], Partitions, IsolationLevel.ReadUncommitted);
        var (still, before) = (Stopwatch.StartNew(), "");
        while (true)
        {
            var committed = await broker.CommittedAsync(job.Application, Input, Partitions);
            var now = string.Join(", ", committed);
            if (now != before) still.Restart();
            before = now;
            if (share < 1 ? committed.Values.Sum(o => Math.Max(0, o)) >= ends.Values.Sum() * share : ends.All(e => committed[e.Key] == e.Value)) break;
            if (still.Elapsed > TimeSpan.FromSeconds(180)) throw new TimeoutException($"{job.Application} does not get on: {now}; logs in {job.Logs}");
            await Task.Delay(50);
        }
        await Task.WhenAll(slots.Select(s => s.CloseAsync()));
    }
}
