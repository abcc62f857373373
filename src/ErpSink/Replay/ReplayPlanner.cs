using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Replay;

/// <summary>
/// Reads a part of the documents topic again and compares it with the ledger: what is there already is only compared, what is missing is planned,
/// once. No position goes back; the posting itself is the sink's, which knows each key. An execution that was interrupted goes on where it was.
/// </summary>
public sealed class ReplayPlanner(NpgsqlDataSource database, IntakeStore store, DocumentReader reader, ErpSinkOptions options, TimeProvider time, ILogger<ReplayPlanner> log)
{
    static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(15);

    readonly DocumentScan _scan = new(database, store, reader, options, time);

    public ReplayStore Runs { get; } = new(database);

    /// <summary>What a replay of this scope would do now. Changes nothing but the list of plans.</summary>
    public async Task<(ReplayRun Run, ReplayPlan Plan)> PlanAsync(ReplayScope scope, string by, CancellationToken cancel = default)
    {
        var plan = await MakeAsync(scope.Validated(), cancel);
        return (await Runs.AddAsync(plan, options.Group, by, cancel), plan);
    }

    /// <summary>Executes a plan that still holds, or the rest of one that was interrupted.</summary>
    /// <exception cref="ReplayRefusedException">The group has active members, the topic or the ledger have moved since the plan was made, it is done or aborted already,
    /// another one is running, or it would post into a period that is signed off.</exception>
    public async Task<ReplayRun> ExecuteAsync(long id, string by, CancellationToken cancel = default)
    {
        await using var held = await Runs.LockAsync(cancel);
        await RefuseActiveGroupAsync();
        var run = (await Runs.ListAsync(id, 1, cancel)).SingleOrDefault() ?? throw new ReplayRefusedException($"There is no replay {id}");
        var scope = ReplayScope.Parse(run.Scope);
        if (run.State == "planned") await RefuseMovedAsync(run, scope, cancel);
        await Runs.BeginAsync(id, by, cancel);
        KillPoint.Reached("replay.after_begin", options.Instance);
        var keys = await KeysAsync(scope, cancel);
        await _scan.ReadAsync(scope, keys?.ToHashSet(StringComparer.Ordinal), await Runs.LeftAsync(id, cancel), batch => TakeAsync(id, batch, cancel), cancel);
        KillPoint.Reached("replay.before_end", options.Instance);
        await Runs.EndAsync(id, by, cancel);
        run = (await Runs.ListAsync(id, 1, cancel)).Single();
        Log.Replayed(log, run.Records, run.Planned, run.Compared);
        return run;
    }

    async Task TakeAsync(long id, ScannedBatch batch, CancellationToken cancel)
    {
        KillPoint.Reached("replay.before_batch", options.Instance);
        await store.ReplayAsync(batch.Records, (connection, transaction, counts) => ReplayStore.AdvanceAsync(connection, transaction, id, batch, counts), cancel);
        KillPoint.Reached("replay.after_batch", options.Instance);
    }

    async Task RefuseMovedAsync(ReplayRun run, ReplayScope scope, CancellationToken cancel)
    {
        var plan = await MakeAsync(scope, cancel);
        if (plan.Hash != run.PlanHash) throw new ReplayRefusedException($"The topic or the ledger have moved since plan {run.PlanHash[..12]} was made: plan again");
        if (plan.IntoSignedOff > 0) throw new ReplayRefusedException($"{plan.IntoSignedOff} documents would be posted into periods that are signed off: void the sign-off first");
    }

    async Task<ReplayPlan> MakeAsync(ReplayScope scope, CancellationToken cancel)
    {
        var keys = await KeysAsync(scope, cancel);
        var ranges = await _scan.RangesAsync(scope, keys, cancel);
        var routes = await new RouteStore(database).LatestAsync(cancel) ?? options.EffectiveRoutes;
        await using var tally = await ReplayTally.StartAsync(database, d => routes.Of(d).FirstOrDefault(r => r.Mode == RouteMode.Post)?.Account, cancel);
        await _scan.ReadAsync(scope, keys?.ToHashSet(StringComparer.Ordinal), ranges, tally.AddAsync, cancel);
        return tally.ToPlan(options.DocumentsTopic, scope, ranges, await CostsAsync(tally.ByAccount, cancel));
    }

    /// <summary>The documents that a scope names one by one, or null.</summary>
    async Task<IReadOnlyList<string>?> KeysAsync(ReplayScope scope, CancellationToken cancel)
    {
        if (scope.Batch is not { } call) return scope.Keys;
        await using var connection = await database.OpenConnectionAsync(cancel);
        var keys = (await connection.QueryAsync<string>("""
            select document_key from erp.attempt where call_id = @call union select document_key from erp.posting where call_id = @call order by 1 limit @MaxKeys
            """, new { call, ReplayScope.MaxKeys })).AsList();
        return keys.Count > 0 ? [.. keys.Where(k => scope.Keys?.Contains(k) ?? true)] : throw new ReplayRefusedException($"Call {call} is not in the ledger, or held no document");
    }

    /// <summary>Requests by what calls of the past carried, and time by the quota or by how long they took.</summary>
    async Task<IReadOnlyList<ReplayCost>> CostsAsync(IReadOnlyDictionary<string, long> documents, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var costs = new List<ReplayCost>();
        foreach (var (account, count) in documents)
        {
            var (perCall, millis, perSecond, concurrency) = await connection.QuerySingleAsync<(decimal, decimal?, decimal?, int?)>("""
                select coalesce(avg(c.documents) filter (where c.call = 'post'), 1), avg(extract(epoch from c.finished_at - c.started_at)) * 1000,
                       (select q.requests * q.share::numeric / extract(epoch from q.length) from erp.quota q where q.account = @account), (select q.concurrency from erp.quota q where q.account = @account)
                from (select * from erp.call where account = @account and finished_at is not null order by id desc limit 1000) c
                """, new { account });
            var requests = (long)Math.Ceiling(2 * count / Math.Max(1, perCall));
            var seconds = perSecond is > 0 ? requests / perSecond : millis is { } each ? requests * each / 1000 / Math.Max(1, concurrency ?? 1) : null;
            costs.Add(new ReplayCost(account, count, requests, seconds is { } s ? (long)Math.Ceiling(s) : null));
        }
        return costs;
    }

    async Task RefuseActiveGroupAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig(options.KafkaSettings.ToDictionary()) { BootstrapServers = options.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        var groups = await admin.DescribeConsumerGroupsAsync([options.Group], new DescribeConsumerGroupsOptions { RequestTimeout = KafkaTimeout });
        var members = groups.ConsumerGroupDescriptions.Sum(g => g.Members.Count);
        if (members > 0) throw new ReplayRefusedException($"Group {options.Group} has {members} active members: stop the sink first");
    }
}
