using Dapper;
using Npgsql;

namespace Streams.ErpSink.Status;

/// <summary>A call to an ERP. <paramref name="Milliseconds"/> is null while it has no end; <paramref name="Outcomes"/> counts its documents by outcome.</summary>
public sealed record CallRow(long Id, string Account, string Call, string Instance, int Documents, DateTime StartedAt, long? Milliseconds, string Outcomes);

/// <summary>An account's quota and its use now.</summary>
public sealed record QuotaRow(string Account, long UnderWay, int Concurrency, long InWindow, int? Requests, long? WindowSeconds, int SharePercent, long PausedSeconds);

/// <summary>Questions about calls and quotas, for the command line and the console.</summary>
public sealed class CallStatus(NpgsqlDataSource database)
{
    /// <summary>The newest calls first.</summary>
    public async Task<IReadOnlyList<CallRow>> CallsAsync(string? account, int most, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<CallRow>("""
            select c.id as Id, c.account as Account, c.call as Call, c.instance as Instance, c.documents as Documents, c.started_at as StartedAt,
                   (extract(epoch from c.finished_at - c.started_at) * 1000)::bigint as Milliseconds,
                   coalesce((select string_agg(o.n || ' ' || o.outcome, ', ' order by o.outcome) from (select a.outcome, count(*) as n from erp.attempt a where a.call_id = c.id group by a.outcome) o), '') as Outcomes
            from (select * from erp.call where @account is null or account = @account order by id desc limit @most) c order by c.id desc
            """, new { account, most })).AsList();
    }

    public async Task<IReadOnlyList<QuotaRow>> QuotasAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<QuotaRow>("""
            select q.account as Account, (select count(*) from erp.slot s where s.account = q.account and s.kind = 'way' and s.free_at > clock_timestamp()) as UnderWay, q.concurrency as Concurrency,
                   (select count(*) from erp.slot s where s.account = q.account and s.kind = 'window' and s.free_at > clock_timestamp()) as InWindow, q.requests as Requests,
                   case when q.requests is not null then extract(epoch from q.length)::bigint end as WindowSeconds, q.share as SharePercent,
                   case when q.paused_until > clock_timestamp() then ceil(extract(epoch from q.paused_until - clock_timestamp()))::bigint else 0 end as PausedSeconds
            from erp.quota q order by q.account
            """)).AsList();
    }
}
