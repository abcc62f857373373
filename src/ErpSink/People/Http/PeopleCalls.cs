using Dapper;
using Npgsql;

namespace Streams.ErpSink.People.Http;

/// <summary>Remembers for a month what was answered to which idempotency key, in the transaction of the action itself.</summary>
static class PeopleCalls
{
    /// <summary>The answer that the key got before; null for a new one, which whoever comes second with it waits for.</summary>
    /// <exception cref="PostgresException">The key was used for something else.</exception>
    public static Task<(int? Status, string? Answer)> BeginAsync(NpgsqlConnection c, Person person, string key, string hash) =>
        c.QuerySingleAsync<(int?, string?)>("select status, answer from erp.begin_call(@Name, @key, @hash)", new { person.Name, key, hash });

    public static Task EndAsync(NpgsqlConnection c, Person person, string key, int status, string answer) =>
        c.ExecuteAsync("select erp.end_call(@Name, @key, @status, @answer)", new { person.Name, key, status, answer });
}
