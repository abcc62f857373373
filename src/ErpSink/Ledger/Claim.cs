using Dapper;
using Npgsql;

namespace Streams.ErpSink.Ledger;

/// <summary>A document that this instance has in hand, on its way into one account.</summary>
/// <param name="Age">How long it has been in its state.</param>
public sealed record ClaimedDocument(
    string DocumentKey, string State, byte[] Content, int Attempts, int Absences, string? ErpId, string? Job, DateOnly? PostingDate, int? Split, bool Finished, TimeSpan Age = default);

/// <summary>
/// Documents of one state that this instance alone has in hand, by the locks of an open transaction: nothing is written of them until their call is, in the same transaction. A claim
/// that ends before, with its process or without, leaves no trace.
/// </summary>
public sealed class Claim : IAsyncDisposable
{
    readonly PostingStore _store;
    readonly NpgsqlConnection _connection;
    readonly NpgsqlTransaction _transaction;
    bool _ended;

    internal Claim(PostingStore store, NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<ClaimedDocument> documents) =>
        (_store, _connection, _transaction, Documents) = (store, connection, transaction, documents);

    /// <summary>In the order in which they are due; at least one.</summary>
    public IReadOnlyList<ClaimedDocument> Documents { get; }

    /// <summary>Puts down that some of the documents are not to be sent. They leave the claim; it stays open for the others.</summary>
    public async Task RefuseAsync(IReadOnlyList<Settlement> settlements, string receiptsTopic)
    {
        await _connection.ExecuteAsync("""
            update erp.posting set state = 'claimed', claimed_by = @Instance, claimed_until = clock_timestamp() + @Lease where document_key = any(@keys) and account = @Account
            """, new { _store.Account, _store.Instance, _store.Lease, keys = settlements.Select(s => s.DocumentKey).ToArray() }, _transaction);
        await _store.SettleAsync(_connection, null, settlements, receiptsTopic, null);
    }

    /// <summary>Writes the call ahead of making it and ends the claim: what is posted is sent from now on, in this instance's hands until its lease ends.</summary>
    public async Task<long> BeginAsync(ErpCall kind, IReadOnlyList<string> keys)
    {
        var call = await _store.BeginAsync(_connection, kind, keys);
        await EndAsync();
        return call;
    }

    /// <summary>Ends the claim without a call; what was refused stays so.</summary>
    public async Task EndAsync()
    {
        await _transaction.CommitAsync();
        await ReleaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_ended) return;
        _store.LookFromTheBeginning();
        await ReleaseAsync();
    }

    // Once: the driver gives both to the next who asks.
    async Task ReleaseAsync()
    {
        _ended = true;
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
