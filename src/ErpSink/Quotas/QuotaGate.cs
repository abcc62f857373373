using System.Data;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.Quotas;

/// <summary>The right to make one request.</summary>
public readonly record struct Slot(int Way, int? Place);

/// <summary>
/// Lets requests to one account through as its quota allows, whichever process makes them: the places are rows in PostgreSQL. A place is taken before the request
/// and lasts until its lease ends unless the answer comes: a server that has not answered may still be at work.
/// </summary>
public sealed class QuotaGate(NpgsqlDataSource database, string account, string instance, AccountQuota quota, TimeSpan lease, TimeProvider time)
{
    /// <summary>Percent of the quota that are left at least when others use the account.</summary>
    const int SmallestShare = 10;

    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    readonly SemaphoreSlim _turn = new(1, 1), _urgentTurn = new(1, 1);
    TaskCompletionSource _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes the account's quota and places known, or changes them to what the configuration says now.</summary>
    public async Task PrepareAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            insert into erp.quota (account, concurrency, requests, length, reserve) values (@account, @Concurrency, @Requests, @Window, @Reserve)
            on conflict (account) do update set concurrency = @Concurrency, requests = @Requests, length = @Window, reserve = @Reserve
            where (erp.quota.concurrency, erp.quota.requests, erp.quota.length, erp.quota.reserve) is distinct from (@Concurrency, @Requests, @Window, @Reserve);
            insert into erp.slot (account, kind, slot) select @account, 'way', generate_series(0, @Concurrency - 1) on conflict do nothing;
            insert into erp.slot (account, kind, slot) select @account, 'window', generate_series(0, coalesce(@Requests, 0) - 1) on conflict do nothing
            """, new { account, quota.Concurrency, quota.Requests, quota.Window, quota.Reserve });
    }

    /// <summary>Waits for a place.</summary>
    /// <exception cref="OperationCanceledException">None came in time.</exception>
    public async Task<Slot> TakeAsync(bool urgent, CancellationToken cancel) => (await TakeAsync(urgent, null, cancel))!.Value;

    /// <summary>Waits for a place, at most for so long (null: until cancelled); null when there was none.</summary>
    public async Task<Slot?> TakeAsync(bool urgent, TimeSpan? most, CancellationToken cancel)
    {
        // One of a process asks at a time, so that those who wait cost the database nothing; urgent work does not stand behind the other.
        var (turn, began) = (urgent ? _urgentTurn : _turn, time.GetTimestamp());
        if (!await InTurnAsync(turn, most, cancel)) return null;
        try
        {
            while (true)
            {
                var given = Volatile.Read(ref _given).Task;
                var (slot, wait) = await TryTakeAsync(urgent, cancel);
                if (slot is { } taken) return taken;
                var left = most - time.GetElapsedTime(began) ?? LongestWait;
                if (left <= TimeSpan.Zero) return null;
                await GivenAsync(given, new[] { wait, left, LongestWait }.Min(), cancel);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    async Task<bool> InTurnAsync(SemaphoreSlim turn, TimeSpan? most, CancellationToken cancel)
    {
        if (await turn.WaitAsync(TimeSpan.Zero, cancel)) return true;
        using var deadline = new CancellationTokenSource(most ?? Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        try
        {
            await turn.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Until a place of this process is given back, or for so long.</summary>
    async Task GivenAsync(Task given, TimeSpan most, CancellationToken cancel)
    {
        try
        {
            await given.WaitAsync(most, time, cancel);
        }
        catch (TimeoutException)
        {
            // Others may have given some back.
        }
    }

    /// <summary>A place, or how long there will be none at least.</summary>
    public async Task<(Slot? Slot, TimeSpan Wait)> TryTakeAsync(bool urgent, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        // Once asked for it is waited for: a place that was taken for somebody who has gone would stay taken until its lease ends.
        var (way, place, wait) = await connection.QuerySingleAsync<(int?, int?, TimeSpan?)>(
            "select way, place, wait from erp.take_slot(@account, @instance, @urgent, @lease)", new { account, instance, urgent, lease });
        if (way is { } taken) return (new Slot(taken, place), TimeSpan.Zero);
        return (null, wait is { } least && least > TimeSpan.FromMilliseconds(1) ? least : TimeSpan.FromMilliseconds(1));
    }

    /// <summary>The answer to the request came.</summary>
    public Task GiveAsync(Slot slot) => GiveAsync(slot, used: true);

    /// <summary>No request was made: the place counts for nothing.</summary>
    public Task ReturnAsync(Slot slot) => GiveAsync(slot, used: false);

    async Task GiveAsync(Slot slot, bool used)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("select erp.give_slot(@account, @instance, @Way, @place, @used)", new { account, instance, slot.Way, place = slot.Place ?? -1, used });
        Interlocked.Exchange(ref _given, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    /// <summary>
    /// The ERP refused a request for want of quota: all instances pause, for as long as it says or for longer with each refusal in a row, once per burst; and they
    /// take half of what they took, because others use the account.
    /// </summary>
    public async Task ThrottledAsync(TimeSpan? retryAfter, Func<int, TimeSpan> pauseFor)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var (throttled, pausing) = await connection.QuerySingleAsync<(int, bool)>(
            "select throttled, paused_until > clock_timestamp() from erp.quota where account = @account for update", new { account }, transaction);
        if (pausing && retryAfter is null) return;
        await connection.ExecuteAsync("""
            update erp.quota set throttled = throttled + 1, paused_until = greatest(paused_until, clock_timestamp() + @pause), share = greatest(@SmallestShare, share / 2)
            where account = @account
            """, new { account, pause = retryAfter ?? pauseFor(throttled), SmallestShare }, transaction);
        await transaction.CommitAsync();
    }

    /// <summary>The ERP answers: the next refusal counts as the first, and the share grows again, a tenth of the whole each time that it is called.</summary>
    public async Task RecoveredAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            update erp.quota set throttled = 0, share = least(100, share + 10) where account = @account and (throttled > 0 or share < 100) and paused_until < clock_timestamp()
            """, new { account });
    }
}
