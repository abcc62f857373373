using Dapper;
using Npgsql;

namespace Streams.ErpSink.People;

/// <summary>Who acts, and how that is known.</summary>
/// <param name="Method">How the person was authenticated, e.g. "api-key:ann-laptop".</param>
public sealed record Person(string Name, string Method);

/// <summary>What a person asked for is not done; <paramref name="code"/> says why to programs.</summary>
public sealed class PeopleException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Code { get; } = code;
}

/// <summary>Transactions in the database role erp_people, where that role exists: what the functions there refuse, this program cannot do either.</summary>
public sealed class PeopleDatabase(NpgsqlDataSource database)
{
    /// <summary>Does the work in one transaction.</summary>
    /// <exception cref="PeopleException">The ledger refuses.</exception>
    public async Task<T> InAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancel = default)
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            await using var transaction = await connection.BeginTransactionAsync(cancel);
            await connection.ExecuteAsync("""
                set local lock_timeout = '10s'; set local statement_timeout = '300s';
                select set_config('role', rolname, true) from pg_roles where rolname = 'erp_people' and pg_has_role(session_user, oid, 'member')
                """);
            var result = await work(connection);
            await transaction.CommitAsync(cancel);
            return result;
        }
        catch (PostgresException e) when (Code(e) is string code)
        {
            throw new PeopleException(code, e.MessageText, e);
        }
    }

    static string? Code(PostgresException e) => e.SqlState switch
    {
        "ER030" => e.Hint ?? "REFUSED",
        "ER022" => "EXPIRED",
        "ER023" => "HASH_DIFFERS",
        "ER024" => "APPROVALS_LACKING",
        "ER025" => "OWN_REQUEST",
        PostgresErrorCodes.UniqueViolation => "DECIDED",
        PostgresErrorCodes.CheckViolation or PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter or PostgresErrorCodes.DatetimeFieldOverflow => "FIELD_INVALID",
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.QueryCanceled => "BUSY",
        _ when e.SqlState.StartsWith("ER0", StringComparison.Ordinal) => "REFUSED_BY_LEDGER",
        _ => null,
    };
}
