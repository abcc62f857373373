using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;

namespace Streams.ErpSink.Reconciliation;

/// <summary>The ledger's list of differences: first and last seen, gone when it is not seen any more, or accepted by a person with a note.</summary>
public sealed class DifferenceStore(NpgsqlDataSource database)
{
    /// <summary>Writes down what was seen; what a person has accepted as it is stays accepted. Returns those that are new.</summary>
    internal static async Task<IReadOnlyList<Difference>> ReportAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<Difference> seen)
    {
        var fresh = new List<Difference>();
        foreach (var d in seen)
        {
            var isNew = await connection.ExecuteScalarAsync<bool?>("""
                insert into erp.difference (class, subject, account, period, legal_entity, document_key, currency, amount, owner, cause, evidence)
                select @Class, @Subject, @Account, @Period, @LegalEntity, @DocumentKey, @Currency, cast(@amount as numeric), @owner, @Cause, @Evidence
                where not exists (select 1 from erp.difference a where a.class = @Class and a.subject = @Subject and a.account = @Account and a.accepted_by is not null
                                  and a.cause = @Cause and a.amount is not distinct from cast(@amount as numeric))
                on conflict (class, subject, account) where resolved_at is null
                do update set last_seen_at = clock_timestamp(), amount = excluded.amount, cause = excluded.cause, evidence = excluded.evidence
                returning xmax = 0
                """, new { d.Class, d.Subject, d.Account, d.Period, d.LegalEntity, d.DocumentKey, d.Currency, amount = d.Amount?.ToDecimal(), owner = DifferenceClass.Owner(d.Class), d.Cause, d.Evidence },
                transaction);
            if (isNew == true) fresh.Add(d);
        }
        return fresh;
    }

    /// <summary>All of these classes were looked at since that moment: what was not seen is gone.</summary>
    internal static Task<int> ResolveAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<string> classes, DateTime since, string? period) => connection.ExecuteAsync("""
        update erp.difference set resolved_at = clock_timestamp()
        where class = any(@classes) and resolved_at is null and last_seen_at < @since and (@period is null or period = @period)
        """, new { classes = classes.ToArray(), since, period }, transaction);

    /// <summary>These documents were read back in an account: what was not found again is gone.</summary>
    internal static Task<int> ResolveAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string account, IReadOnlyList<string> keys, IReadOnlyList<Difference> seen) => connection.ExecuteAsync("""
        update erp.difference d set resolved_at = clock_timestamp()
        where d.account = @account and d.subject = any(@keys) and d.class = any(@classes) and d.resolved_at is null
          and not exists (select 1 from unnest(@subjects, @seenClasses) as s (subject, class) where s.subject = d.subject and s.class = d.class)
        """, new
    {
        account, keys = keys.ToArray(), classes = DifferenceClass.OfReadBack.ToArray(), subjects = seen.Select(s => s.Subject).ToArray(), seenClasses = seen.Select(s => s.Class).ToArray(),
    }, transaction);

    /// <summary>Open differences, oldest first; with accepted ones when asked for.</summary>
    public async Task<IReadOnlyList<KnownDifference>> ListAsync(string? period = null, string? account = null, bool accepted = false, int most = 10_000, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<Row>("""
            select id as Id, class as Class, subject as Subject, account as Account, period as Period, legal_entity as LegalEntity, document_key as DocumentKey, currency as Currency, amount as Amount,
                   owner as Owner, cause as Cause, evidence as Evidence, first_seen_at as FirstSeenAt, last_seen_at as LastSeenAt,
                   extract(epoch from clock_timestamp() - first_seen_at)::bigint as AgeSeconds, accepted_by as AcceptedBy, accepted_note as AcceptedNote
            from erp.difference where (resolved_at is null or (@accepted and accepted_by is not null)) and (@period is null or period = @period) and (@account is null or account = @account)
            order by first_seen_at, id limit @most
            """, new { period, account, accepted, most });
        return [.. rows.Select(r => new KnownDifference(r.Id, r.Class, r.Subject, r.Account, r.Period, r.LegalEntity, r.DocumentKey, r.Currency, r.Amount?.ToExact(), r.Owner, r.Cause, r.Evidence,
            r.FirstSeenAt, r.LastSeenAt, r.AgeSeconds, r.AcceptedBy, r.AcceptedNote))];
    }

    /// <summary>A person takes a difference as it is. Should it change, it is open again.</summary>
    /// <exception cref="ArgumentException">There is no such open difference, or the note is empty.</exception>
    public async Task AcceptAsync(long id, string by, string note, CancellationToken cancel = default)
    {
        if (string.IsNullOrWhiteSpace(note)) throw new ArgumentException("note: says nothing");
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (await connection.ExecuteAsync("update erp.difference set resolved_at = clock_timestamp(), accepted_by = @by, accepted_note = @note where id = @id and resolved_at is null", new { id, by, note }, transaction) == 0)
            throw new ArgumentException($"There is no open difference {id}");
        await AuditTrail.AppendAsync(connection, transaction, by, "difference.accept", $"difference/{id}", "{}");
        await transaction.CommitAsync(cancel);
    }

    /// <summary>Number and age of the open ones for the metrics, every class.</summary>
    internal async Task<IReadOnlyList<DifferenceFigure>> FiguresAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<DifferenceFigure>("""
            select c.class as Class, count(d.id) as Open, coalesce(extract(epoch from clock_timestamp() - min(d.first_seen_at)), 0)::bigint as OldestSeconds
            from unnest(@classes) as c (class) left join erp.difference d on d.class = c.class and d.resolved_at is null group by c.class order by c.class
            """, new { classes = DifferenceClass.All.ToArray() })).AsList();
    }

    sealed record Row(
        long Id, string Class, string Subject, string Account, string? Period, string? LegalEntity, string? DocumentKey, string? Currency, decimal? Amount,
        string Owner, string Cause, string Evidence, DateTime FirstSeenAt, DateTime LastSeenAt, long AgeSeconds, string? AcceptedBy, string? AcceptedNote);
}
