using System.Diagnostics;
using Confluent.Kafka;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Chaos.Tests.Work;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>What a run came to.</summary>
internal sealed record ChaosResult(Plan Plan, Tally Tally, int Input, int PercentUnderFaults, int Compared, IReadOnlyList<string> Differences, TimeSpan Time, string Logs)
{
    /// <summary>The output is as it should be, and no worker ended without a reason.</summary>
    public bool IsClean => Differences.Count == 0 && Tally.Failures.IsEmpty;
}

/// <summary>An application with a steady input under faults until enough of them happened; then peace, and the comparison.</summary>
internal sealed class ChaosRun : IAsyncDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(6), Patience = TimeSpan.FromSeconds(120);
    /// <summary>Records committed between one kill and the next of a run amid work.</summary>
    private const int Worked = 50;

    /// <summary>Records committed under faults, of such a run.</summary>
    private static readonly int EnoughWork = Tier.Of(400, 5000);

    private readonly Plan plan;
    private readonly IServer server;
    private readonly FaultyProxy? proxy;
    private readonly Evidence.Broker broker;
    private readonly IWork work;
    private readonly Job job;
    private readonly FileLogger log;
    private readonly Tally tally;
    private readonly Random random;
    private readonly Fleet fleet;
    private long atKill;

    public ChaosRun(Plan plan, IServer server)
    {
        (this.plan, this.server, random) = (plan, server, new Random(plan.Seed));
        var port = int.Parse(server.BootstrapServers.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
        proxy = plan.Connections ? new FaultyProxy(port) : null;
        broker = new Evidence.Broker(server.BootstrapServers);
        work = IWork.Named(plan.Work);
        var application = $"chaos-{plan.Seed}";
        job = new Job
        {
            BootstrapServers = proxy?.BootstrapServers ?? server.BootstrapServers, Application = application, Work = plan.Work, Input = $"{application}-in",
            Logs = Directory.CreateTempSubdirectory($"{application}-").FullName, Threads = plan.Threads, Bug = plan.Bug, Protocol = plan.Protocol,
            // A zombie whose transaction has ended is stopped by its producer's epoch as well.
            TransactionMs = plan.Bug == Bug.NoFencing ? 20_000 : 3000,
        };
        log = new FileLogger(Path.Combine(job.Logs, "faults.log"));
        tally = new Tally(log.Write);
        fleet = new Fleet(job, plan.Seed, plan.Static, plan.BrokerFaults > 0, tally, () => broker.CommittedAsync(job.Application, job.Input, plan.Partitions));
    }

    public async Task<ChaosResult> PlayAsync()
    {
        var watch = Stopwatch.StartNew();
        await broker.CreateAsync(plan.Partitions, [job.Input, .. work.Outputs.Select(job.Topic)]);
        var feeder = new Feeder(server.BootstrapServers, job.Input, plan.Partitions, work, plan.Seed);
        var feeding = Task.Run(() => feeder.RunAsync(plan.PerSecond));
        fleet.Open();
        while (!(Enough(tally) && await HasWorkedAsync(EnoughWork)) && watch.Elapsed < Longest && !feeding.IsCompleted && tally.Failures.IsEmpty) await StrikeAsync();
        var under = await CommittedAsync();
        feeder.Stop();
        await fleet.CalmAsync();
        var input = await feeding;
        var differences = new List<string>();
        if (await CaughtUpAsync() is { } behind) differences.Add(behind);
        await fleet.CloseAsync();
        differences.AddRange(await OpenTransactionsAsync());
        var remains = new Remains(broker, job.Application, job.Input, plan.Partitions);
        if (Enumerable.Range(0, plan.Partitions).Sum(p => remains.Input(p).Count) != input) differences.Add($"the input does not hold the {input} records that were sent");
        if (tally[Tally.Fenced] > tally.Namesakes) differences.Add($"{tally[Tally.Fenced]} workers were fenced, where {tally.Namesakes} had namesakes");
        work.Check(remains);
        differences.AddRange(remains.Differences);
        return new ChaosResult(plan, tally, input, (int)(under * 100 / input), remains.Compared, differences, watch.Elapsed, job.Logs);
    }

    public async ValueTask DisposeAsync()
    {
        await fleet.DisposeAsync();
        if (proxy is not null) await proxy.DisposeAsync();
        broker.Dispose();
        log.Dispose();
    }

    private bool Enough(Tally t) => t.Kills >= plan.Kills && t.Zombies >= plan.Zombies && t.Storms >= plan.Storms && t.BrokerFaults >= plan.BrokerFaults;

    private async Task StrikeAsync()
    {
        for (var end = Environment.TickCount64 + random.Next(200, 1000); Environment.TickCount64 < end; await Task.Delay(40)) fleet.LookForPaused();
        switch (random.Next(10))
        {
            case 0 or 1 when tally.Zombies < plan.Zombies:
                fleet.Pause();
                break;
            case 2 when tally.Storms < plan.Storms:
                await fleet.StormAsync();
                break;
            case 3 when tally.BrokerFaults < plan.BrokerFaults:
                await HurtBrokerAsync();
                break;
            case 4 or 5:
                if (await HasWorkedAsync(atKill + Worked) && fleet.Kill()) atKill = await CommittedAsync();
                break;
            default:
                break; // traps alone
        }
    }

    /// <summary>Of a run amid work: whether so many records are committed by now.</summary>
    private async Task<bool> HasWorkedAsync(long records) => !plan.AmidWork || await CommittedAsync() >= records;

    private async Task<long> CommittedAsync() => (await broker.CommittedAsync(job.Application, job.Input, plan.Partitions)).Values.Sum(o => Math.Max(0, o));

    private async Task HurtBrokerAsync()
    {
        if (proxy is not null)
        {
            proxy.Strike(random);
            tally.Add("connections");
        }
        if (!plan.BrokerKills) return;
        await server.KillAsync();
        await Task.Delay(random.Next(500));
        await server.ResumeAsync();
        tally.Add("broker kill");
    }

    /// <summary>Waits until all input is committed, as long as it gets on; says what is missing otherwise.</summary>
    private async Task<string?> CaughtUpAsync()
    {
        var repartitioned = broker.Topics().Where(t => t.StartsWith(job.Application, StringComparison.Ordinal) && t.EndsWith("-repartition", StringComparison.Ordinal));
        List<string> sources = [job.Input, .. repartitioned];
        var (watch, farthest) = (Stopwatch.StartNew(), long.MinValue);
        while (true)
        {
            var ends = await broker.EndsAsync(sources, plan.Partitions, IsolationLevel.ReadUncommitted);
            var committed = new Dictionary<TopicPartition, long>();
            foreach (var source in sources)
            {
                foreach (var (partition, offset) in await broker.CommittedAsync(job.Application, source, plan.Partitions)) committed[partition] = offset;
            }
            if (ends.All(e => committed[e.Key] == e.Value)) return null;
            if (committed.Values.Sum() is var far && far > farthest)
            {
                farthest = far;
                watch.Restart();
            }
            if (watch.Elapsed > Patience)
                return "committed offsets: " + string.Join(", ", ends.Where(e => committed[e.Key] != e.Value).Select(e => $"{e.Key} {committed[e.Key]} of {e.Value}"));
            await Task.Delay(100);
        }
    }

    /// <summary>Once all workers have ended, and the transaction time-out with them, no transaction may be open anywhere.</summary>
    private async Task<IEnumerable<string>> OpenTransactionsAsync()
    {
        var topics = broker.Topics().Where(t => t.StartsWith(job.Application, StringComparison.Ordinal)).ToList();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var ends = await broker.EndsAsync(topics, plan.Partitions, IsolationLevel.ReadUncommitted);
            var stable = await broker.EndsAsync(topics, plan.Partitions, IsolationLevel.ReadCommitted);
            var open = ends.Where(e => stable[e.Key] != e.Value).Select(e => $"a transaction is open: {e.Key} is stable to {stable[e.Key]} of {e.Value}").ToList();
            if (open.Count == 0 || watch.Elapsed > TimeSpan.FromMilliseconds(job.TransactionMs) + TimeSpan.FromSeconds(20)) return open;
            await Task.Delay(200);
        }
    }
}
