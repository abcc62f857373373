using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>
/// Brings one claimed document a step further: posts and reads back, or looks up. Nothing is called before it is on record, nothing is
/// sent twice without a look-up in between, and every end of a call moves the document to a state that says what is known.
/// </summary>
public sealed class PostingWorker(
    PostingStore store, IErpConnector connector, ErpSinkOptions options, Pauses pauses, TimeProvider time, ILogger log)
{
    static readonly TimeSpan PermitPoll = TimeSpan.FromMilliseconds(20);

    readonly PostingOptions _posting = options.Posting;

    /// <summary>Whether the ERP refused the credentials: nothing more is called until someone has put the configuration right and restarted.</summary>
    public string? Blocked { get; private set; }

    /// <summary>Handles one claim. Cancellation lets a call that is under way end; its outcome is recorded.</summary>
    public async Task HandleAsync(ClaimedDocument claim, CancellationToken cancel)
    {
        try
        {
            var document = ErpDocument.Read(claim.Content);
            if (claim.State == DocumentState.Claimed) await PostAsync(claim, document, cancel);
            else await LookUpAsync(claim, document, cancel);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("ER0", StringComparison.Ordinal))
        {
            // Another instance took over after the claim ran out; the database kept the two apart.
            Log.ClaimLost(log, claim.DocumentKey, e.MessageText);
        }
    }

    async Task PostAsync(ClaimedDocument claim, ErpDocument document, CancellationToken cancel)
    {
        var refusal = connector.Preflight(document);
        if (refusal is null && claim.Attempts >= _posting.MaxAttempts)
            refusal = new ErpAnswer(ErpOutcome.Validation, Code: "ATTEMPTS_EXHAUSTED", Detail: $"posted {claim.Attempts} times without a certain outcome");
        if (refusal is not null)
        {
            await RefuseAsync(claim, document, null, refusal, DocumentState.Refused);
            return;
        }
        if (await BeginAsync(claim, post: true, cancel) is not { } attempt) return;
        KillPoint.Reached("sink.after_attempt_row", options.Instance);
        var answer = await CallAsync("post", deadline => connector.PostAsync(document, deadline));
        KillPoint.Reached("sink.after_send", options.Instance);
        await SettlePostAsync(claim, document, attempt, answer);
    }

    async Task SettlePostAsync(ClaimedDocument claim, ErpDocument document, long attempt, ErpAnswer answer)
    {
        switch (answer.Outcome)
        {
            case ErpOutcome.Created or ErpOutcome.Duplicate:
                var readBack = await store.BeginReadBackAsync(claim.DocumentKey, attempt, answer);
                var found = await CallAsync("lookup", deadline => connector.LookUpAsync(document, deadline));
                await SettleLookUpAsync(claim with { Attempts = claim.Attempts + 1, ErpId = answer.ErpId ?? claim.ErpId, Absences = 0 }, document, readBack, found);
                break;
            case ErpOutcome.Throttled:
                var pause = await PauseAsync();
                await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Planned) { Uncounted = true, Delay = pause });
                break;
            case ErpOutcome.Unauthorized:
                Block(answer);
                await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Planned) { Uncounted = true });
                break;
            case ErpOutcome.NotSent:
                await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Planned)
                    { Uncounted = true, Delay = pauses.AfterFailure(claim.Attempts) });
                break;
            case ErpOutcome.Validation:
                await RefuseAsync(claim, document, attempt, answer, DocumentState.Refused);
                break;
            case ErpOutcome.PeriodClosed:
                await RefuseAsync(claim, document, attempt, answer, DocumentState.Held);
                break;
            default:
                Log.OutcomeUnknown(log, claim.DocumentKey, answer.Code, answer.Detail);
                await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Unknown) { Delay = _posting.SettleDelay, KeepPermit = true });
                break;
        }
    }

    async Task LookUpAsync(ClaimedDocument claim, ErpDocument document, CancellationToken cancel)
    {
        if (await BeginAsync(claim, post: false, cancel) is not { } attempt) return;
        var answer = await CallAsync("lookup", deadline => connector.LookUpAsync(document, deadline));
        await SettleLookUpAsync(claim, document, attempt, answer);
    }

    async Task SettleLookUpAsync(ClaimedDocument claim, ErpDocument document, long attempt, ErpAnswer answer)
    {
        switch (answer.Outcome)
        {
            case ErpOutcome.Found:
                await ConfirmAsync(claim, document, attempt, answer);
                break;
            case ErpOutcome.Different:
                await RefuseAsync(claim, document, attempt, answer, DocumentState.Refused);
                break;
            case ErpOutcome.Absent:
                await SettleAbsenceAsync(claim, document, attempt, answer);
                break;
            case ErpOutcome.Throttled:
                await StayUnknownAsync(claim, attempt, answer, await PauseAsync());
                break;
            case ErpOutcome.Unauthorized:
                Block(answer);
                await StayUnknownAsync(claim, attempt, answer, TimeSpan.Zero);
                break;
            default:
                await StayUnknownAsync(claim, attempt, answer, _posting.LookupSpacing);
                break;
        }
    }

    async Task SettleAbsenceAsync(ClaimedDocument claim, ErpDocument document, long attempt, ErpAnswer answer)
    {
        var absences = claim.Absences + 1;
        if (absences < _posting.AbsenceLookups)
        {
            await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Unknown) { Absences = absences, Delay = _posting.LookupSpacing });
            return;
        }
        // The ERP once said that it made the record: that it cannot be found is for a person to see, not for another posting.
        if (claim.ErpId is not null)
        {
            var missing = answer with { Code = "CREATED_BUT_MISSING", Detail = $"the ERP reported record {claim.ErpId} and does not find it by its key" };
            await RefuseAsync(claim, document, attempt, missing, DocumentState.Refused);
            return;
        }
        // Out of the read-back of a posting the document is still sent; its next look-up is an ordinary one.
        var state = claim.State == DocumentState.Unknown ? DocumentState.Planned : DocumentState.Unknown;
        await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, state) { Absences = absences, Delay = pauses.AfterFailure(claim.Attempts) });
    }

    Task StayUnknownAsync(ClaimedDocument claim, long attempt, ErpAnswer answer, TimeSpan delay) =>
        store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Unknown)
            { Absences = claim.Absences, Delay = delay, KeepPermit = answer.Outcome == ErpOutcome.Unknown });

    async Task ConfirmAsync(ClaimedDocument claim, ErpDocument document, long attempt, ErpAnswer answer)
    {
        KillPoint.Reached("sink.before_confirm", options.Instance);
        var receipt = Receipt(document, ReceiptState.Confirmed, answer, claim.Attempts);
        await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, DocumentState.Confirmed) { ReceiptsTopic = options.ReceiptsTopic, Receipt = receipt });
        Telemetry.Confirmed.Add(1);
        if (pauses.EndOfThrottling()) await store.EndThrottlingAsync();
        KillPoint.Reached("sink.after_confirm", options.Instance);
    }

    async Task RefuseAsync(ClaimedDocument claim, ErpDocument document, long? attempt, ErpAnswer answer, string state)
    {
        Log.Refused(log, claim.DocumentKey, state, answer.Code, answer.Detail);
        var attempts = claim.Attempts + (attempt is not null && claim.State == DocumentState.Claimed ? 1 : 0);
        var receipt = state == DocumentState.Refused ? Receipt(document, ReceiptState.Refused, answer, attempts) : null;
        await store.SettleAsync(new Settlement(claim.DocumentKey, attempt, answer, state) { ReceiptsTopic = options.ReceiptsTopic, Receipt = receipt });
    }

    byte[] Receipt(ErpDocument document, ReceiptState state, ErpAnswer answer, int attempts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new ErpReceipt
        {
            DocumentKey = document.DocumentKey,
            ContentHash = document.ContentHash,
            Erp = connector.Erp,
            State = state,
            ErpId = answer.ErpId,
            Code = state == ReceiptState.Confirmed ? null : answer.Code,
            Detail = state == ReceiptState.Confirmed ? null : answer.Detail,
            Total = document.Total,
            Currency = document.Currency,
            Attempts = attempts,
            RecordedAt = Timestamp.From(time.GetUtcNow()),
        }.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    async Task<long?> BeginAsync(ClaimedDocument claim, bool post, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested && Blocked is null)
        {
            var (start, attempt) = await store.BeginAsync(claim.DocumentKey, post, cancel);
            if (start == CallStart.Begun) return attempt;
            if (start == CallStart.Lost) return null;
            await Task.Delay(PermitPoll, time, cancel);
        }
        await store.GiveBackAsync([claim.DocumentKey]);
        return null;
    }

    async Task<ErpAnswer> CallAsync(string call, Func<CancellationToken, Task<ErpAnswer>> send)
    {
        // The time-out is the permit's: the caller's cancellation would only make a certain outcome uncertain.
        using var deadline = new CancellationTokenSource(_posting.CallTimeout, time);
        var began = Stopwatch.GetTimestamp();
        Telemetry.CallBegins();
        try
        {
            var answer = await send(deadline.Token);
            Telemetry.CallEnds(call, answer.OutcomeName, Stopwatch.GetElapsedTime(began));
            return answer;
        }
        finally
        {
            Telemetry.CallLeaves();
        }
    }

    async Task<TimeSpan> PauseAsync()
    {
        await store.PauseAsync(pauses.AfterThrottling);
        return TimeSpan.Zero;
    }

    void Block(ErpAnswer answer)
    {
        Blocked = $"{answer.Code}: {answer.Detail}";
        Log.Blocked(log, connector.Account, Blocked);
    }
}
