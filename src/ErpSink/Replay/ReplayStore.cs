using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;

namespace Streams.ErpSink.Replay;

/// <summary>The ledger's rows of replays. Each change of state is one transaction and enters the audit trail.</summary>
public sealed class ReplayStore(NpgsqlDataSource database)
{
    const long LockKey = 0x5354_524D_5245_5001;

    const string Columns = """
        id as Id, plan_hash as PlanHash, state as State, scope::text as Scope, planned_by as PlannedBy, planned_at as PlannedAt, executed_by as ExecutedBy, started_at as StartedAt,
        aborted_by as AbortedBy, finished_at as FinishedAt, records as Records, planned as Planned, compared as Compared, conflicts as Conflicts, rejected as Rejected,
        coalesce((select sum(p.end_offset - p.next_offset) from erp.replay_partition p where p.replay_id = r.id), 0)::bigint as Left
        """;

    public async Task<ReplayRun> AddAsync(ReplayPlan plan, string group, string by, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        // The same plan of the same person is one row.
        var id = await connection.ExecuteScalarAsync<long?>("select max(id) from erp.replay where plan_hash = @Hash and state = 'planned' and planned_by = @by", new { plan.Hash, by }, transaction)
            ?? await connection.ExecuteScalarAsync<long>("""
                insert into erp.replay (plan_hash, scope, plan, consumer_group, topic, planned_by) values (@Hash, cast(@scope as jsonb), cast(@json as jsonb), @group, @Topic, @by) returning id
                """, new { plan.Hash, scope = plan.Scope.ToJson(), json = plan.ToJson(), group, plan.Topic, by }, transaction);
        foreach (var p in plan.Partitions)
            await connection.ExecuteAsync("insert into erp.replay_partition values (@id, @Partition, @New, @End) on conflict do nothing", new { id, p.Partition, p.New, p.End }, transaction);
        await AuditTrail.AppendAsync(connection, transaction, by, "replay.plan", $"replay/{id}", plan.ToJson());
        var run = await connection.QuerySingleAsync<ReplayRun>($"select {Columns} from erp.replay r where id = @id", new { id }, transaction);
        await transaction.CommitAsync(cancel);
        return run;
    }

    /// <summary>The newest replays, or the one of an id.</summary>
    public async Task<IReadOnlyList<ReplayRun>> ListAsync(long? id = null, int most = 50, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<ReplayRun>($"select {Columns} from erp.replay r where @id is null or id = @id order by id desc limit @most", new { id, most })).AsList();
    }

    /// <summary>The newest replay of a plan.</summary>
    /// <exception cref="ReplayRefusedException">There is none, or the first characters fit several plans.</exception>
    public async Task<long> FindAsync(string hash, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var found = (await connection.QueryAsync<(long Id, string Hash)>("select max(id), plan_hash from erp.replay where starts_with(plan_hash, @hash) group by plan_hash", new { hash })).AsList();
        return hash.Length >= 8 && found.Count == 1 ? found[0].Id
            : throw new ReplayRefusedException(found.Count > 1 ? $"{hash} is the beginning of several plans" : $"There is no plan {hash}: plan first (at least 8 characters of the hash name it)");
    }

    public Task BeginAsync(long id, string by, CancellationToken cancel) => ChangeAsync(id, by, "replay.execute",
        "update erp.replay set state = 'running', executed_by = @by, started_at = coalesce(started_at, clock_timestamp()) where id = @id and state in ('planned', 'running')", cancel);

    public Task EndAsync(long id, string by, CancellationToken cancel) => ChangeAsync(id, by, "replay.done", "update erp.replay set state = 'done', finished_at = clock_timestamp() where id = @id and state = 'running'", cancel);

    /// <summary>A running one stops before its next batch; what it has planned stays planned.</summary>
    public Task AbortAsync(long id, string by, CancellationToken cancel) => ChangeAsync(id, by, "replay.abort",
        "update erp.replay set state = 'aborted', aborted_by = @by, finished_at = clock_timestamp() where id = @id and state in ('planned', 'running')", cancel);

    public async Task<IReadOnlyList<ReplayPartition>> LeftAsync(long id, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<(int Partition, long Next, long End)>("select partition, next_offset, end_offset from erp.replay_partition where replay_id = @id order by partition", new { id });
        return [.. rows.Select(r => new ReplayPartition(r.Partition, 0, r.Next, r.End, 0))];
    }

    /// <summary>Writes down how far the replay has come, in the transaction that took a batch in.</summary>
    /// <exception cref="ReplayRefusedException">It was aborted.</exception>
    public static async Task AdvanceAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, long id, ScannedBatch batch, IntakeCounts counts)
    {
        var running = await connection.ExecuteAsync("""
            update erp.replay set records = records + @Count, planned = planned + @Planned, compared = compared + @Duplicates, conflicts = conflicts + @Conflicts, rejected = rejected + @Rejected
            where id = @id and state = 'running'
            """, new { id, batch.Records.Count, counts.Planned, counts.Duplicates, counts.Conflicts, counts.Rejected }, transaction);
        if (running == 0) throw new ReplayRefusedException($"Replay {id} was aborted");
        await connection.ExecuteAsync("update erp.replay_partition set next_offset = @NextOffset where replay_id = @id and partition = @Partition and next_offset <= @NextOffset",
            new { id, batch.NextOffset, batch.Partition }, transaction);
    }

    /// <summary>Held while a replay is executed; disposing of it lets the next one in.</summary>
    /// <exception cref="ReplayRefusedException">Another one is being executed.</exception>
    public async Task<IAsyncDisposable> LockAsync(CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        if (await connection.ExecuteScalarAsync<bool>("select pg_try_advisory_lock(@LockKey)", new { LockKey })) return new Held(connection);
        await connection.DisposeAsync();
        throw new ReplayRefusedException("Another replay is being executed: one at a time");
    }

    async Task ChangeAsync(long id, string by, string action, string statement, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (await connection.ExecuteAsync(statement, new { id, by }, transaction) == 0)
        {
            var state = await connection.ExecuteScalarAsync<string?>("select state from erp.replay where id = @id", new { id }, transaction);
            throw new ReplayRefusedException(state is null ? $"There is no replay {id}" : $"Replay {id} is {state}");
        }
        await AuditTrail.AppendAsync(connection, transaction, by, action, $"replay/{id}", "{}");
        await transaction.CommitAsync(cancel);
    }

    sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(@LockKey)", new { LockKey });
            await connection.DisposeAsync();
        }
    }
}
