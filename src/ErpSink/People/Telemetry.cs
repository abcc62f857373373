using System.Diagnostics.Metrics;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.People;

/// <summary>What waits for people, as gauges.</summary>
public static class Telemetry
{
    static readonly Meter Meter = new("Streams.ErpSink.People");
    static PeopleFigures _figures = new([], 0, [], 0, 0);

    static Telemetry()
    {
        Meter.CreateObservableGauge("streams.erp.work.open", () => Volatile.Read(ref _figures).Open.Select(o => new Measurement<long>(o.Items, new("code", o.Code), new("owner", o.Owner ?? "nobody"))),
            "{item}", "Open work items by code and owner");
        Meter.CreateObservableGauge("streams.erp.work.overdue", () => Volatile.Read(ref _figures).Overdue, "{item}", "Open work items behind their deadline");
        Meter.CreateObservableGauge("streams.erp.approvals.waiting", () => Volatile.Read(ref _figures).Waiting.Select(w => new Measurement<long>(w.Requests, new KeyValuePair<string, object?>("action", w.Action))),
            "{request}", "Requests that wait for approval, by action");
        Meter.CreateObservableGauge("streams.erp.approvals.oldest_age", () => Volatile.Read(ref _figures).OldestSeconds, "s", "Age of the oldest request that waits for approval");
        Meter.CreateObservableGauge("streams.erp.audit.heads_waiting", () => Volatile.Read(ref _figures).HeadsWaiting, "{head}", "Heads of the audit trail that Kafka does not have yet");
    }

    internal static async Task ShowAsync(NpgsqlConnection c, string headsTopic)
    {
        var open = await c.QueryAsync<(string, string?, long)>("select code, owner, count(*) from erp.work_item where resolved_at is null group by 1, 2 order by 3 desc, 1, 2 limit 500");
        var overdue = await c.ExecuteScalarAsync<long>("select count(*) from erp.work_item where resolved_at is null and due_at < clock_timestamp()");
        var waiting = await c.QueryAsync<(string, long)>("select a, (select count(*) from erp.request where status = 'open' and action = a) from unnest(array['post', 'retry', 'release', 'write_off', 'reverse']) a");
        var oldest = await c.ExecuteScalarAsync<long>("select coalesce(extract(epoch from clock_timestamp() - min(requested_at)), 0)::bigint from erp.request where status = 'open'");
        var heads = await c.ExecuteScalarAsync<long>("select count(*) from erp.outbox where topic = @headsTopic and published_at is null", new { headsTopic });
        Volatile.Write(ref _figures, new PeopleFigures(open.AsList(), overdue, waiting.AsList(), oldest, heads));
    }

    sealed record PeopleFigures(IReadOnlyList<(string Code, string? Owner, long Items)> Open, long Overdue, IReadOnlyList<(string Action, long Requests)> Waiting, long OldestSeconds, long HeadsWaiting);
}
