using System.Text;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Billing;

/// <summary>
/// The billing of a partition's customers by their contracts: it gathers accepted usage, and makes documents when stream time reaches what the contracts say. One
/// thing after the other by time and contract, so that the partition's log alone decides.
/// </summary>
sealed class Invoicer
{
    readonly MeteringOptions _options;
    readonly InvoicingStore _store;
    readonly ContractTermsCache _terms;
    readonly EditionLedger _editions;
    readonly InvoiceEmitter _emitter;
    readonly IProcessorContext _context;
    object? _met;
    long _meetAgain = long.MinValue;

    public Invoicer(MeteringOptions options, TakenUpTerms terms, EditionLedger editions, InvoicingStore store, IProcessorContext context)
    {
        (_options, _store, _editions, _context) = (options, store, editions, context);
        _terms = new(terms);
        _emitter = new(options, context);
        Usage = new(options, store, _terms);
        store.FinishRestore();
        foreach (var account in store.Accounts.Values) Schedule(account);
    }

    public ContractUsage Usage { get; }

    /// <summary>Before a record is judged: the contracts as they are known now. What has changed is due when the new terms say so.</summary>
    public void Begin()
    {
        if (_editions.IsCurrent) return;
        var changed = _editions.TakeUp();
        _terms.Refresh();
        foreach (var key in changed)
        {
            if (key.Kind == EntryKind.Contract && _store.Find(key.Id) is { } account) Schedule(account);
        }
    }

    /// <summary>
    /// Makes all contracts known whose customers belong to this partition, whether or not they use anything: once an edition, and not more than once a minute
    /// of stream time.
    /// </summary>
    void MeetAll(long streamTime)
    {
        if (ReferenceEquals(_met, _terms.Book) || streamTime < _meetAgain) return;
        (_met, _meetAgain) = (_terms.Book, streamTime + _options.WindowSize);
        foreach (var contract in _terms.Book.Contracts.Values.OrderBy(c => c.Id, StringComparer.Ordinal))
        {
            if (_store.Find(contract.Id) is { Due: < long.MaxValue }) continue;
            if (_context.PartitionOf(_options.InputTopic, Encoding.UTF8.GetBytes(contract.Customer)) == _context.Partition) Meet(contract.Customer);
        }
    }

    /// <summary>Makes the customer's contracts known; their billing begins.</summary>
    public void Meet(string customer)
    {
        foreach (var account in Usage.Meet(customer).ToList()) Schedule(account);
        // A contract that was gone may have come back.
        foreach (var contract in _terms.Book.ContractsOf(customer))
        {
            if (_store.Find(contract.Id) is { Due: long.MaxValue } waiting) Schedule(waiting);
        }
    }

    /// <summary>Adds a closed minute to the period's usage.</summary>
    public void Add(ref Account row, ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter, in OpenWindow window, long streamTime)
    {
        if (!Usage.Add(ref row, customer, meter, window)) _emitter.Unbilled(customer, meter, window, streamTime);
        else if (row.Billed is UsageSlice slice) Used(_store.Find(slice.Key.Contract)!);
    }

    /// <summary>Takes an event that is on time, or whose period is open still.</summary>
    public UsageRefusal? Add(UsagePlace place, MeterEvent usage, long offset)
    {
        if (Usage.Add(place, usage, offset) is { } refusal) return refusal;
        Used(place.Account);
        return null;
    }

    /// <summary>
    /// Takes an event whose minute has closed. An open period takes it; of a closed one the contract's policy decides.
    /// </summary>
    /// <param name="released">Somebody released it after it had been held.</param>
    /// <returns>Why it is listed.</returns>
    public UsageRefusal? AddLate(UsagePlace place, MeterEvent usage, long offset, bool released, long streamTime)
    {
        if (Policy(place, released) is { } listed) return listed;
        if (Add(place, usage, offset) is { } refusal) return refusal;
        Changed(place, streamTime);
        return null;
    }

    /// <summary>Takes an event back and puts another one in its place, all of it or nothing.</summary>
    /// <param name="open">What open minutes hold; null: the original's minute is itself open.</param>
    public UsageRefusal? Correct(UsagePlace original, UsagePlace? replacement, UsageEvent usage, UsageCorrection correction, OpenUsage? open, long offset, long streamTime)
    {
        var released = usage.Dimensions.ContainsKey(UsageCorrection.Release);
        if (Policy(original, released) is { } listed) return listed;
        if (replacement is { } other && Policy(other, released) is { } also) return also;
        var account = original.Account;
        if (account.Corrected.Count >= ContractAccount.MaxCorrected) return new("CORRECTION_LIMIT", $"The contract's periods hold {ContractAccount.MaxCorrected} corrections already");
        if (Usage.Remove(original, correction.Original, open) is { } unknown) return unknown;
        if (replacement is { } place && Usage.Add(place, correction.Replacement!, offset) is { } refusal)
        {
            if (Usage.Add(original, correction.Original, offset) is { } lost) throw new InvalidOperationException($"{lost.Code}: an event could not be put back: {lost.Reason}");
            return refusal;
        }
        account.Corrected.Add((original.Ordinal, correction.Original.Id), UsageCorrection.IdentityOf(usage.Source, usage.Id));
        _store.Touch(account);
        Changed(original, streamTime);
        Used(account);
        if (replacement is { } changed)
        {
            Changed(changed, streamTime);
            Used(changed.Account);
        }
        _emitter.Corrected(account, original.Ordinal, usage, correction, streamTime);
        return null;
    }

    /// <summary>
    /// Voids the documents of a closed period, or has it billed again: by the next correction of the period, at midnight. What cannot be done, or is so already, is on record with
    /// its reason.
    /// </summary>
    public void Order(UsageEvent usage, long streamTime)
    {
        if (VoidOrder.Read(usage, out var fault) is not { } order)
        {
            _emitter.Ordered(usage, "VOID_INVALID", fault, streamTime);
            return;
        }
        Meet(usage.CustomerId);
        if (_store.Find(order.Contract) is not { State: { } state } account || account.Customer != usage.CustomerId) _emitter.Ordered(usage, "DOCUMENT_UNKNOWN", $"No document {order.Document} of customer {usage.CustomerId}", streamTime);
        else if (state.Closed.FirstOrDefault(c => c.Document == order.Document) is not { } closed) _emitter.Ordered(usage, "DOCUMENT_FINAL", $"Document {order.Document} is not of a period that can be corrected", streamTime);
        else if (closed.Voided != order.Rebill) _emitter.Ordered(usage, order.Rebill ? "NOT_VOID" : "VOID_ALREADY", $"Document {order.Document} is {(order.Rebill ? "not void" : "void already")}", streamTime);
        else
        {
            account.State = InvoicingEngine.Void(state, order.Ordinal, !order.Rebill);
            account.Change(order.Ordinal, streamTime);
            _store.Touch(account);
            Schedule(account);
            _emitter.Ordered(usage, "", "", streamTime);
        }
    }

    /// <summary>Lists an event that nothing prices in the periods that it would have belonged to.</summary>
    public void Parked(string customer, Timestamp at, long offset)
    {
        Meet(customer);
        foreach (var contract in _terms.Book.ContractsOf(customer))
        {
            if (contract.At(at) is null || _store.Find(contract.Id) is not { } account) continue;
            account.Park(_terms.Find(contract.Id)!.Agreement.OrdinalOf(at), offset);
            _store.Touch(account);
        }
    }

    /// <summary>Does all that is due at a stream time.</summary>
    public void Advance(long streamTime)
    {
        MeetAll(streamTime);
        while (_store.FirstDue(streamTime) is { } account)
        {
            Act(account, streamTime);
            // What was made ready to price the period that is over is not needed any more.
            _terms.Forget(account.Contract);
            Schedule(account);
        }
    }

    /// <summary>Looks for thresholds in the contracts that had usage, when a minute that ended at <paramref name="closed"/> has closed.</summary>
    public void LookForThresholds(long closed, long streamTime)
    {
        if (_store.Touched.Count == 0) return;
        foreach (var contract in _store.Touched.ToList()) LookForThreshold(_store.Find(contract)!, closed, streamTime);
    }

    /// <param name="account">A contract with usage since thresholds were looked for last.</param>
    /// <param name="closed">The time that is looked at.</param>
    /// <param name="streamTime">The time of now.</param>
    void LookForThreshold(ContractAccount account, long closed, long streamTime)
    {
        if (account.Ended) _store.SetTouched(account, false);
        if (_terms.Find(account.Contract) is not { } known || !account.IsBegun || account.Ended) return;
        var period = known.Agreement.Period(account.Next).InForce;
        var at = new Timestamp(Math.Min(closed, period.End.Micros) - 1);
        if (at < period.Start) return;
        // Usage of the next period waits until that is the open one.
        if (closed <= period.End.Micros) _store.SetTouched(account, false);
        Guarded(account, streamTime, () => Book(account, known, Engine(known).Threshold(account.State!, Figures(account, known, account.Next), at), account.Next));
    }

    /// <summary>Why late usage is not taken, or null.</summary>
    static UsageRefusal? Policy(UsagePlace place, bool released)
    {
        if (!place.IsClosed) return null;
        if (!place.IsCorrectable) return new("LATE_FINAL", $"Period {place.Ordinal} of contract '{place.Account.Contract}' can no longer be corrected");
        return place.Contract.Agreement.Contract.LateUsage switch
        {
            LateUsage.List => new("LATE_LISTED", "The contract says that late usage is listed"),
            LateUsage.Hold when !released => new("LATE_HELD", $"The contract says that late usage waits until it is sent again with {UsageCorrection.Release}"),
            _ => null,
        };
    }

    void Changed(UsagePlace place, long streamTime)
    {
        if (!place.IsClosed) return;
        place.Account.Change(place.Ordinal, streamTime);
        _store.Touch(place.Account);
        Schedule(place.Account);
    }

    void Used(ContractAccount account)
    {
        if (!account.Touched && _terms.Book.Contracts.TryGetValue(account.Contract, out var contract) && contract.Versions.Any(v => v.Threshold is not null)) _store.SetTouched(account, true);
    }

    void Schedule(ContractAccount account) => _store.SetDue(account, _terms.Find(account.Contract) is { } known ? DueOf(account, known.Agreement) : long.MaxValue);

    long DueOf(ContractAccount account, Agreement agreement)
    {
        if (account.Blocked is not null) return ContractAccount.Midnight(account.BlockedAt);
        return account.IsBegun ? Math.Min(CloseOf(account, agreement), account.ChangesDue) : agreement.Start.Micros;
    }

    /// <summary>When the open period closes: behind its grace, and behind every minute that meets it.</summary>
    long CloseOf(ContractAccount account, Agreement agreement) => account.Ended ? long.MaxValue
        : agreement.Period(account.Next).InForce.End.Micros + Math.Max(agreement.Contract.GraceMicros, _options.WindowSize + _options.Grace);

    void Act(ContractAccount account, long streamTime)
    {
        if (_terms.Find(account.Contract) is not { } known) return;
        var blocked = account.Blocked;
        _store.SetBlocked(account, null, 0);
        Guarded(account, streamTime, () =>
        {
            if (account.State is not { } state) Book(account, known, Engine(known).Start(), 0);
            else if (account.ChangesDue <= CloseOf(account, known.Agreement)) Correct(account, known, state);
            else
            {
                Book(account, known, Engine(known).Close(state, Figures(account, known, state.Next)), state.Next);
                if (account.Touched) LookForThreshold(account, CloseOf(account, known.Agreement), streamTime);
            }
        }, blocked);
    }

    void Correct(ContractAccount account, KnownContract known, InvoicingState state)
    {
        var first = account.Changed.Min;
        var usage = state.Closed.Where(c => c.Ordinal >= first).ToDictionary(c => c.Ordinal, c => Figures(account, known, c.Ordinal));
        var open = known.Agreement.Period(state.Ended ? state.Next - 1 : state.Next).InForce;
        var at = new Timestamp(Math.Min(account.ChangesDue, open.End.Micros));
        var corrected = Engine(known).Correct(state, usage, at);
        account.State = corrected.State;
        account.Changed.Clear();
        foreach (var document in corrected.Documents) _emitter.Emit(account, known.Agreement, _terms.Book, Edition(known), document, state.Closed.First(c => c.Document == document.Corrects).Ordinal);
    }

    void Book(ContractAccount account, KnownContract known, Invoiced invoiced, int ordinal)
    {
        account.State = invoiced.State;
        _store.Touch(account);
        if (invoiced.Document is { } document) _emitter.Emit(account, known.Agreement, _terms.Book, Edition(known), document, ordinal);
        _store.Forget(account);
    }

    /// <summary>A contract that cannot be priced does not hold up the others: its reason is on record, and it is tried again the next day.</summary>
    void Guarded(ContractAccount account, long streamTime, Action bill, string? knownReason = null)
    {
        try
        {
            bill();
        }
        catch (Exception e) when (e is PricingException or MeterException or OverflowException)
        {
            _store.SetBlocked(account, e.Message, streamTime);
            Schedule(account);
            if (e.Message != knownReason) _emitter.Blocked(account, e.Message, streamTime);
        }
    }

    string Edition(KnownContract known) => known.Edition ??= _editions.EditionOf(known.Agreement.Contract);

    InvoicingEngine Engine(KnownContract known) => new(known.Agreement, explain: _options.Billed is not null);

    static PeriodUsage Figures(ContractAccount account, KnownContract known, int ordinal) => PeriodFigures.Of(account, known.Agreement, ordinal);
}
