using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;

namespace Streams.ErpSink.Reconciliation;

/// <summary>What a walk has read.</summary>
public sealed record ReadBackCounts(long Documents, long Differences, long Unanswered);

/// <summary>
/// Reads confirmed documents back from one account and compares them line by line, with a small share of its quota: after each call it waits so long that the share
/// is kept, and priority work goes first. Nothing in the ERP or of the postings changes.
/// </summary>
public sealed class ReadBack(ErpAccount account, NpgsqlDataSource database, ErpSinkOptions options, TimeProvider time, ILogger log)
{
    const int MaxUnanswered = 5;

    readonly ReadBackStore _store = new(database, account.Name);

    /// <summary>Walks on and on over the documents of open periods, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                if (!await StepAsync(cancel)) await Task.Delay(options.Reconciliation.Interval, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                Log.ReconciliationPauses(log, e.Message, e);
                await Task.Delay(options.Reconciliation.Interval, time, CancellationToken.None);
            }
        }
    }

    /// <summary>One call of the continuous walk; false when there is nothing to be read now, or the ERP does not answer.</summary>
    public async Task<bool> StepAsync(CancellationToken cancel)
    {
        var most = account.Connector.Batching.BatchSize;
        var suspects = await _store.SuspectsAsync(account.Posting.LookupSpacing, account.Posting.AbsenceLookups, most, cancel);
        if (suspects.Count > 0) return await ReadAsync(suspects, cancel) is { Unanswered: 0 };
        if (await _store.LeaseAsync(options.Instance, account.Posting.ClaimLease, options.Reconciliation.ReadBackInterval, cancel) is not { } place) return false;
        var documents = await _store.NextAsync(place, null, most, cancel);
        if (documents.Count == 0)
        {
            await _store.AdvanceAsync(options.Instance, null, 0, cancel);
            return false;
        }
        var read = await ReadAsync(documents, cancel);
        if (read.Unanswered > 0) return false;
        await _store.AdvanceAsync(options.Instance, documents[^1].DocumentKey, documents.Count, cancel);
        return true;
    }

    /// <summary>Reads every confirmed document of a period (null: of all that are not signed off), and what was not found once more.</summary>
    public async Task<ReadBackCounts> WalkAsync(string? period, CancellationToken cancel)
    {
        var (total, place, most) = (new ReadBackCounts(0, 0, 0), "", account.Connector.Batching.BatchSize);
        while (await _store.NextAsync(place, period, most, cancel) is { Count: > 0 } documents)
        {
            total = Add(total, await PatientlyAsync(documents, cancel));
            place = documents[^1].DocumentKey;
        }
        while (await _store.HasSuspectsAsync(account.Posting.AbsenceLookups, cancel))
        {
            var suspects = await _store.SuspectsAsync(account.Posting.LookupSpacing, account.Posting.AbsenceLookups, most, cancel);
            if (suspects.Count == 0) await Task.Delay(account.Posting.LookupSpacing / 4 + TimeSpan.FromMilliseconds(10), time, cancel);
            else if (await PatientlyAsync(suspects, cancel) is var again) total = total with { Differences = total.Differences + again.Differences, Unanswered = total.Unanswered + again.Unanswered };
            if (total.Unanswered > 0) break;
        }
        return total;
    }

    // What the ERP does not answer is asked for a few times more, and then told.
    async Task<ReadBackCounts> PatientlyAsync(IReadOnlyList<ConfirmedDocument> documents, CancellationToken cancel)
    {
        var counts = await ReadAsync(documents, cancel);
        for (var attempt = 1; counts.Unanswered > 0 && attempt < MaxUnanswered; attempt++)
        {
            await Task.Delay(account.Pauses.AfterFailure(attempt), time, cancel);
            counts = await ReadAsync(documents, cancel);
        }
        return counts;
    }

    async Task<ReadBackCounts> ReadAsync(IReadOnlyList<ConfirmedDocument> documents, CancellationToken cancel)
    {
        var results = new List<ReadBackResult>();
        var groups = account.Connector.Batching.SameKind ? documents.GroupBy(d => d.Kind).Select(g => g.ToList()) : [documents.ToList()];
        foreach (var group in groups)
        {
            var (answers, pause) = await CallAsync(group, cancel);
            results.AddRange(group.Select((d, i) => ReadBackRules.Judge(account.Name, d, answers[i], account.Posting.AbsenceLookups)).Where(r => r is not null)!);
            await Task.Delay(pause, time, cancel);
        }
        foreach (var outcome in results.GroupBy(r => r.Outcome)) Telemetry.Read(account.Name, outcome.Key, outcome.Count());
        if (results.Count == 0) return new ReadBackCounts(0, 0, documents.Count);
        foreach (var d in await _store.RecordAsync(results, cancel)) Log.Difference(log, d.Class, d.Subject, d.Account, d.Cause);
        return new ReadBackCounts(results.Count, results.Count(r => r.Difference is not null), documents.Count - results.Count);
    }

    async Task<(IReadOnlyList<ErpAnswer> Answers, TimeSpan Pause)> CallAsync(List<ConfirmedDocument> documents, CancellationToken cancel)
    {
        while (await account.Store.UrgencyAsync(cancel) == true) await Task.Delay(account.Posting.IdleDelay, time, cancel);
        var slot = await account.Gate.TakeAsync(urgent: false, cancel);
        var (call, began) = (QuotaHandler.Begin(slot, urgent: false), time.GetTimestamp());
        try
        {
            using var deadline = new CancellationTokenSource(account.Posting.CallTimeout, time);
            // Not by the jobs that made them: those have said what they had to, and "made, but not found" would be no answer.
            var answers = await account.Connector.LookUpAsync([.. documents.Select(d => new ErpItem(d.Document, d.ErpId))], deadline.Token);
            if (answers.FirstOrDefault(a => a.Outcome == ErpOutcome.Throttled) is { } throttled) await account.Gate.ThrottledAsync(throttled.RetryAfter, account.Pauses.AfterThrottling);
            return (answers, Pause(account.Options.Quota, options.Reconciliation.ReadBackPercent, Math.Max(1, call.Requests), time.GetElapsedTime(began)));
        }
        finally
        {
            if (call.Take() is { } unused) await account.Gate.ReturnAsync(unused);
        }
    }

    /// <summary>How long to wait after so many requests so that they stay within the share of the quota.</summary>
    public static TimeSpan Pause(AccountQuota quota, int percent, int requests, TimeSpan took)
    {
        if (quota.Requests is { } allowed)
        {
            var due = TimeSpan.FromTicks(quota.Window.Ticks * requests / allowed * 100 / percent);
            return due > took ? due - took : TimeSpan.Zero;
        }
        // One request at a time is a share of the concurrency; where that is more than allowed, the rest is waited for.
        var line = quota.Concurrency * percent;
        return line >= 100 ? TimeSpan.Zero : TimeSpan.FromTicks(took.Ticks * (100 - line) / line);
    }

    static ReadBackCounts Add(ReadBackCounts a, ReadBackCounts b) => new(a.Documents + b.Documents, a.Differences + b.Differences, a.Unanswered + b.Unanswered);
}
