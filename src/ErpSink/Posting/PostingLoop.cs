using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;

namespace Streams.ErpSink.Posting;

/// <summary>Claims due documents in batches and has them worked on, as many at a time as the account allows.</summary>
public sealed class PostingLoop(PostingStore store, PostingWorker worker, ErpSinkOptions options, TimeProvider time, ILogger<PostingLoop> log)
{
    readonly PostingOptions _posting = options.Posting;

    /// <summary>Why nothing is posted, or null: see <see cref="PostingWorker.Blocked"/>.</summary>
    public string? Blocked => worker.Blocked;

    /// <summary>Runs until cancelled. A database that does not answer is waited for.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var started = false;
        while (!cancel.IsCancellationRequested && worker.Blocked is null)
        {
            try
            {
                if (!started)
                {
                    await store.PrepareAsync(cancel);
                    await RecoverAsync(own: true, cancel);
                    started = true;
                }
                if (!await StepAsync(cancel)) await Task.Delay(_posting.IdleDelay, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // The outcomes that could not be recorded are recovered as unknown: the claims of this instance are its own former life now.
                Log.LedgerUnavailable(log, e);
                started = false;
                await Task.Delay(_posting.ThrottlePause, time, CancellationToken.None);
            }
        }
    }

    /// <summary>Claims and handles one batch to its end; false when nothing was due.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        await RecoverAsync(own: false, cancel);
        var claims = await store.ClaimAsync(_posting.ClaimBatch, cancel);
        if (claims.Count == 0) return false;
        KillPoint.Reached("sink.after_claim", options.Instance);
        var queue = new ConcurrentQueue<ClaimedDocument>(claims);
        // All workers end before a failure goes on: a call under way is never abandoned by this process.
        await Task.WhenAll(Enumerable.Range(0, Math.Min(_posting.ConcurrencyLimit, claims.Count)).Select(_ => WorkAsync(queue, cancel)));
        if (!queue.IsEmpty) await store.GiveBackAsync([.. queue.Select(c => c.DocumentKey)], CancellationToken.None);
        return true;
    }

    async Task WorkAsync(ConcurrentQueue<ClaimedDocument> queue, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested && worker.Blocked is null && queue.TryDequeue(out var claim)) await worker.HandleAsync(claim, cancel);
    }

    async Task RecoverAsync(bool own, CancellationToken cancel)
    {
        var (planned, unknown) = await store.RecoverAsync(own, cancel);
        if (planned + unknown > 0) Log.Recovered(log, planned, unknown);
    }
}
