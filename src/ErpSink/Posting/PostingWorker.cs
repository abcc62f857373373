using System.Buffers;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Quotas;
using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>
/// Brings claimed documents a step further: posts them and reads them back, or looks them up. Nothing is called before it is on record, nothing is
/// sent twice without a look-up in between, and every end of a call moves each document to a state that says what is known.
/// </summary>
public sealed class PostingWorker(ErpAccount account, ErpSinkOptions options, TimeProvider time, ILogger log)
{
    readonly PostingStore _store = account.Store;
    readonly IErpConnector _connector = account.Connector;
    readonly PostingRules _rules = new(account.Posting, account.Pauses);
    readonly PostingOptions _posting = account.Posting;
    readonly CallBreaker _breaker = new(account.Posting, time);

    /// <summary>Whether the ERP refused the credentials: nothing more is called until someone has put the configuration right and restarted.</summary>
    public string? Blocked { get; private set; }

    /// <summary>The ERP has failed so often that it is left alone for a while.</summary>
    public bool IsOpen => _breaker.IsOpen;

    /// <summary>Handles a claim: one call, and what follows from it. Cancellation lets a call that is under way end; its outcome is recorded.</summary>
    public async Task HandleAsync(Claim claim)
    {
        try
        {
            var first = claim.Documents[0];
            var items = claim.Documents.Select(c => new WorkItem(c, Read(c))).ToList();
            if (first.State == DocumentState.Planned) await PostAsync(claim, items);
            else if (first is { State: DocumentState.Created, Finished: true }) await FinishAsync(items, await claim.BeginAsync(ErpCall.Finish, Keys(items)));
            else await LookUpAsync(items, await claim.BeginAsync(ErpCall.LookUp, Keys(items)), canFinish: true);
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("ER0", StringComparison.Ordinal))
        {
            // Another instance took over after the claim ran out; the database kept the two apart. Or a rule here allows what the ledger does not: nothing was written, and it is tried again.
            if (e.SqlState is "ER004" or "ER006" or "ER007" or "ER008") Log.AgainstTheLedger(log, claim.Documents[0].DocumentKey, e.MessageText);
            else Log.ClaimLost(log, claim.Documents[0].DocumentKey, e.MessageText);
        }
    }

    async Task PostAsync(Claim claim, List<WorkItem> items)
    {
        var refused = items.Select(i => (Item: i, Answer: Preflight(i))).Where(r => r.Answer is not null).ToList();
        if (refused.Count > 0)
        {
            await claim.RefuseAsync([.. refused.Select(r => WithReceipt(r.Item, new Settlement(r.Item.Key, r.Answer!, DocumentState.Refused), r.Item.Claim.Attempts))], options.ReceiptsTopic);
            items = [.. items.Except(refused.Select(r => r.Item))];
            if (items.Count == 0)
            {
                await claim.EndAsync();
                return;
            }
        }
        var began = time.GetTimestamp();
        var call = await claim.BeginAsync(ErpCall.Post, Keys(items));
        KillPoint.Reached("sink.after_attempt_row", options.Instance);
        var name = await _store.NameOfAsync(call);
        var answers = await CallAsync(ErpCall.Post, items.Count, deadline => time.GetElapsedTime(began) < _posting.CallTimeout
            ? _connector.PostAsync([.. items.Select(i => i.Document)], name, deadline) : TooLateAsync(items.Count));
        KillPoint.Reached("sink.after_send", options.Instance);
        await SettlePostsAsync(call, items, answers);
    }

    // A process that stood still since it wrote the call down may not be the only one any more that has these documents in hand.
    static Task<IReadOnlyList<ErpAnswer>> TooLateAsync(int documents) => Task.FromResult<IReadOnlyList<ErpAnswer>>(
        [.. Enumerable.Repeat(new ErpAnswer(ErpOutcome.NotSent, Code: "TOO_LATE", Detail: "the process stood still between writing the call down and making it"), documents)]);

    async Task SettlePostsAsync(long call, List<WorkItem> items, IReadOnlyList<ErpAnswer> answers)
    {
        var refusedWhole = _connector.Batching.AllOrNothing && items.Count > 1 && answers.All(a => a.Outcome == ErpOutcome.Validation);
        var settlements = items.Select((item, i) => refusedWhole ? _rules.Split(item.Claim, answers[i], items.Count) : AfterPost(item, answers[i])).ToList();
        var made = items.Select((item, i) => (Item: item, Answer: answers[i], Settlement: settlements[i])).Where(m => m.Settlement.KeepsClaim).ToList();
        if (made.Count == 0)
        {
            await SettleAsync(call, items, settlements);
            return;
        }
        var readBack = await SettleAsync(call, items, settlements, ErpCall.LookUp);
        KillPoint.Reached("sink.after_created", options.Instance);
        await LookUpAsync(Held(made.Select(m => m.Item.Known(m.Answer)), readBack.Held), readBack.Call, canFinish: true);
    }

    async Task LookUpAsync(List<WorkItem> items, long call, bool canFinish)
    {
        if (items.Count == 0) return;
        var answers = await CallAsync(ErpCall.LookUp, items.Count, deadline => _connector.LookUpAsync([.. items.Select(i => i.ErpItem)], deadline));
        KillPoint.Reached("sink.before_confirm", options.Instance);
        var settlements = items.Select((item, i) => AfterLookUp(item, answers[i], keeps: canFinish && answers[i].Outcome == ErpOutcome.Unposted)).ToList();
        var drafts = items.Select((item, i) => (Item: item, Answer: answers[i], Settlement: settlements[i])).Where(d => d.Settlement.KeepsClaim).ToList();
        if (drafts.Count == 0)
        {
            await SettleAsync(call, items, settlements);
        }
        else
        {
            var finish = await SettleAsync(call, items, settlements, ErpCall.Finish);
            await FinishAsync(Held(drafts.Select(d => d.Item.Known(d.Answer)), finish.Held), finish.Call);
        }
        KillPoint.Reached("sink.after_confirm", options.Instance);
    }

    /// <summary>Has drafts posted, then reads them back once more.</summary>
    async Task FinishAsync(List<WorkItem> items, long call)
    {
        if (items.Count == 0) return;
        KillPoint.Reached("sink.before_finish", options.Instance);
        var answers = await CallAsync(ErpCall.Finish, items.Count, deadline => _connector.FinishAsync([.. items.Select(i => i.ErpItem)], deadline));
        KillPoint.Reached("sink.after_finish", options.Instance);
        var settlements = items.Select((item, i) => _rules.AfterFinish(item.Claim, item.Document, answers[i])).ToList();
        var readBack = items.Where((_, i) => settlements[i].KeepsClaim).ToList();
        if (readBack.Count == 0)
        {
            await SettleAsync(call, items, settlements);
            return;
        }
        var lookUp = await SettleAsync(call, items, settlements, ErpCall.LookUp);
        await LookUpAsync(Held(readBack, lookUp.Held), lookUp.Call, canFinish: false);
    }

    static List<WorkItem> Held(IEnumerable<WorkItem> items, HashSet<string> held) => [.. items.Where(i => held.Contains(i.Key))];

    Settlement AfterPost(WorkItem item, ErpAnswer answer)
    {
        if (answer.Outcome == ErpOutcome.Unknown) Log.OutcomeUnknown(log, item.Key, answer.Code, answer.Detail);
        return _rules.AfterPost(item.Claim, item.Document, answer) with { Mapping = account.MappingVersion };
    }

    Settlement AfterLookUp(WorkItem item, ErpAnswer answer, bool keeps)
    {
        var settlement = _rules.AfterLookUp(item.Claim, item.Document, answer);
        // Drafts are finished at once; what is only compared is not this sink's to finish.
        return settlement with { KeepsClaim = keeps && settlement.State == DocumentState.Created };
    }

    /// <summary>Writes down where a call leaves its documents. Every end goes through here, whichever call it came from: none is without its receipt.</summary>
    async Task<(long Call, HashSet<string> Held)> SettleAsync(long call, IReadOnlyList<WorkItem> items, IReadOnlyList<Settlement> settlements, ErpCall? next = null)
    {
        var following = await _store.SettleAsync(call, [.. items.Zip(settlements, (item, s) => WithReceipt(item, s, item.Posted))], options.ReceiptsTopic, next);
        Telemetry.Confirmed.Add(settlements.Count(s => s.State == DocumentState.Confirmed), new KeyValuePair<string, object?>("account", account.Name));
        return following;
    }

    /// <param name="posted">How often it was posted, this call included.</param>
    Settlement WithReceipt(WorkItem item, Settlement settlement, int posted)
    {
        if (settlement.State is DocumentState.Refused or DocumentState.Held) Log.Refused(log, item.Key, settlement.State, settlement.Answer.Code, settlement.Answer.Detail);
        return settlement.State switch
        {
            DocumentState.Confirmed => settlement with { Receipt = Receipt(item, ReceiptState.Confirmed, settlement.Answer, posted) },
            DocumentState.Refused => settlement with { Receipt = Receipt(item, ReceiptState.Refused, settlement.Answer, posted) },
            _ => settlement,
        };
    }

    ErpAnswer? Preflight(WorkItem item) => _connector.Preflight(item.Document) ?? (item.Claim.Attempts < _posting.MaxAttempts ? null
        : new ErpAnswer(ErpOutcome.Validation, Code: "ATTEMPTS_EXHAUSTED", Detail: $"posted {item.Claim.Attempts} times without a certain outcome"));

    byte[] Receipt(WorkItem item, ReceiptState state, ErpAnswer answer, int attempts)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new ErpReceipt
        {
            DocumentKey = item.Key,
            ContentHash = item.Document.ContentHash,
            Erp = _connector.Erp,
            State = state,
            ErpId = answer.ErpId ?? (state == ReceiptState.Confirmed ? item.Claim.ErpId : null),
            Code = state == ReceiptState.Confirmed ? null : answer.Code,
            Detail = state == ReceiptState.Confirmed ? null : answer.Detail,
            Total = item.Document.Total,
            Currency = item.Document.Currency,
            Attempts = attempts,
            RecordedAt = Timestamp.From(time.GetUtcNow()),
        }.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    async Task<IReadOnlyList<ErpAnswer>> CallAsync(ErpCall kind, int documents, Func<CancellationToken, Task<IReadOnlyList<ErpAnswer>>> send)
    {
        // The time-out is the call's own: the caller's cancellation would only make a certain outcome uncertain.
        using var deadline = new CancellationTokenSource(_posting.CallTimeout, time);
        var began = Stopwatch.GetTimestamp();
        Telemetry.CallBegins();
        try
        {
            var answers = await _breaker.CallAsync(documents, () => send(deadline.Token));
            Telemetry.CallEnds(account.Name, kind.Name(), answers, Stopwatch.GetElapsedTime(began));
            await HeedAsync(answers);
            return answers;
        }
        finally
        {
            Telemetry.CallLeaves();
        }
    }

    /// <summary>What the answers say of the account as a whole.</summary>
    async Task HeedAsync(IReadOnlyList<ErpAnswer> answers)
    {
        if (answers.FirstOrDefault(a => a.Outcome == ErpOutcome.Throttled) is { } throttled) await account.Gate.ThrottledAsync(throttled.RetryAfter, account.Pauses.AfterThrottling);
        else if (account.Pauses.IsRecovering(time.GetUtcNow())) await account.Gate.RecoveredAsync();
        if (answers.FirstOrDefault(a => a.Outcome == ErpOutcome.Unauthorized) is not { } refused) return;
        Blocked = $"{refused.Code}: {refused.Detail}";
        Log.Blocked(log, account.Name, Blocked);
    }

    static ErpDocument Read(ClaimedDocument claim)
    {
        var document = ErpDocument.Read(claim.Content);
        return claim.PostingDate is { } moved ? document with { DocumentDate = moved } : document;
    }

    static List<string> Keys(List<WorkItem> items) => [.. items.Select(i => i.Key)];

    /// <summary>A claimed document while it is worked on.</summary>
    sealed record WorkItem(ClaimedDocument Claim, ErpDocument Document)
    {
        public string Key => Claim.DocumentKey;

        public ErpItem ErpItem => new(Document, Claim.ErpId, Claim.Job);

        /// <summary>How often it was posted: the call that it was claimed for as planned is the next one.</summary>
        public int Posted => Claim.State == DocumentState.Planned ? Claim.Attempts + 1 : Claim.Attempts;

        /// <summary>After the ERP said that it has it: by its key from now on, whatever a job said.</summary>
        public WorkItem Known(ErpAnswer answer) => this with
        {
            Claim = Claim with { State = DocumentState.Created, ErpId = answer.ErpId ?? Claim.ErpId, Job = null, Attempts = Posted, Absences = 0 },
        };
    }
}
