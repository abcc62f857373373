using Dapper;
using Npgsql;

namespace Streams.ErpSink.Routing;

/// <summary>The ledger's copy of the routes, each version with its time: tools plan by the same routes as the sink, and the past can be told.</summary>
public sealed class RouteStore(NpgsqlDataSource database)
{
    /// <summary>Writes the routes down where they are not the latest ones.</summary>
    public async Task SaveAsync(RouteTable routes, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            insert into erp.route_table (content) select cast(@content as jsonb)
            where cast(@content as jsonb) is distinct from (select content from erp.route_table order by version desc limit 1)
            """, new { content = routes.ToJson() });
    }

    /// <summary>The latest routes; null where no sink has run yet.</summary>
    public async Task<RouteTable?> LatestAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var content = await connection.ExecuteScalarAsync<string?>("select content::text from erp.route_table order by version desc limit 1");
        return content is null ? null : RouteTable.Parse(content);
    }
}
