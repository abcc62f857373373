using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Restore;

namespace Streams.ErpSink.Posting;

/// <summary>Posts what is due to one account: as many calls at a time as its quota allows, a place in the quota before each claim.</summary>
public sealed class PostingLoop(ErpAccount account, PostingWorker worker, ErpSinkOptions options, TimeProvider time, ILogger<PostingLoop> log, RestoreGuard? guard = null)
{
    readonly PostingOptions _posting = account.Posting;
    long _recoverAt;

    public string Account => account.Name;

    /// <summary>Why nothing is posted, or null: see <see cref="PostingWorker.Blocked"/>.</summary>
    public string? Blocked => worker.Blocked;

    /// <summary>Runs until cancelled. A database that does not answer is waited for.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested && worker.Blocked is null)
        {
            try
            {
                if (guard is not null) await guard.CheckAsync(cancel);
                await account.Gate.PrepareAsync(cancel);
                await RecoverAsync(own: true, cancel);
                await PostAsync(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                if (e is LedgerWentBackException) guard?.Suspect(e.Message);
                // The outcomes that could not be recorded are recovered as unknown: the claims of this instance are its own former life now.
                Log.LedgerUnavailable(log, e);
                await Task.Delay(_posting.ThrottlePause, time, CancellationToken.None);
            }
        }
    }

    // All lines end before a failure goes on: a call under way is never abandoned by this process.
    async Task PostAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // One more than the quota lets through: a place that comes free is taken while the outcomes of its call are written.
        var lines = Enumerable.Range(0, account.Options.Quota.Concurrency + 1).Select(_ => PostInLineAsync(stop)).ToArray();
        await Task.WhenAll(lines);
    }

    async Task PostInLineAsync(CancellationTokenSource stop)
    {
        try
        {
            while (!stop.IsCancellationRequested && worker.Blocked is null)
            {
                if (worker.IsOpen || !await StepAsync(stop.Token)) await Task.Delay(_posting.IdleDelay, time, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to end.
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>Makes one call and what follows from it; false when nothing is due, or the quota lets nothing through.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        if (_recoverAt <= time.GetTimestamp())
        {
            _recoverAt = time.GetTimestamp() + (long)(_posting.IdleDelay.TotalSeconds * time.TimestampFrequency);
            await RecoverAsync(own: false, cancel);
        }
        if (await account.Store.UrgencyAsync(cancel) is not { } urgent) return false;
        if (await account.Gate.TakeAsync(urgent, _posting.IdleDelay, cancel) is not { } taken) return true;
        var call = QuotaHandler.Begin(taken, urgent);
        try
        {
            KillPoint.Reached("sink.after_permit", options.Instance);
            // While the place was waited for, the ERP may have refused the credentials or have failed once too often.
            if (worker.Blocked is not null || worker.IsOpen) return false;
            await using var claim = await account.Store.ClaimAsync(account.Connector.Batching, cancel);
            if (claim is null) return false;
            KillPoint.Reached("sink.after_claim", options.Instance);
            await worker.HandleAsync(claim);
            return true;
        }
        finally
        {
            if (call.Take() is { } unused) await account.Gate.ReturnAsync(unused);
        }
    }

    async Task RecoverAsync(bool own, CancellationToken cancel)
    {
        var (planned, unknown) = await account.Store.RecoverAsync(own, cancel);
        if (planned + unknown > 0) Log.Recovered(log, planned, unknown);
    }
}
