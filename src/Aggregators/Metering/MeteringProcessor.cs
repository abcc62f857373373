using System.Buffers;
using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Metering of one partition: duplicates out, windows, exact sums, rating at the close. docs/adr/0004-metering-state.md says in which order an event is judged.
/// </summary>
public sealed partial class MeteringProcessor(MeteringOptions options, ITermsSource termsSource, IWriterSchemas? writerSchemas, MeteringProgress? progress = null)
    : IProcessor, ILookAhead
{
    public const string Rated = "rated", DispositionsSink = "dispositions", RoutedSink = "routed", Store = "metering", Seen = "seen";

    const string Deserialization = "deserialization", Validation = "validation", Metering = "metering", Rating = "rating";

    static readonly long EarliestTime = BillingPeriod.Start(2000 * 12), LatestTime = BillingPeriod.Start(2100 * 12);

    readonly byte[] _flushMeter = Encoding.UTF8.GetBytes(options.FlushMeter);
    readonly ArrayBufferWriter<byte> _value = new(256);
    readonly TermsLeases _leases = new();
    readonly ExpectedEvents _expected = new(options.UsageEventSchemaId);
    DispositionCounts _counts = new();
    IProcessorContext _context = null!;
    MeteringStore _store = null!;
    SeenFilter _seen = null!;
    BillingLedger? _billing;
    BillingEmitter? _documents;
    Invoicer? _invoicer;
    EntitlementTracker? _entitlements;
    RatedUsageWriter _writer = null!;
    int _sweptPeriod;

    /// <summary>What became of the records since the last commit.</summary>
    internal DispositionCounts Counts => _counts;

    public void Init(IProcessorContext context)
    {
        _context = context;
        _store = context.GetStateStore<MeteringStore>(Store);
        _store.FinishRestore();
        _seen = context.GetStateStore<SeenFilter>(Seen);
        _writer = new(options.Schemas.RatedUsage, context.Partition, options.WindowSize);
        if (options.DocumentsTopic is null) return;
        if (termsSource.Contracts is { } contracts)
        {
            var taken = new TakenUpTerms(contracts);
            termsSource = taken;
            var editions = new EditionLedger(options, taken, context.GetStateStore<EditionStore>(EditionStore.Store), context);
            _invoicer = new(options, taken, editions, context.GetStateStore<InvoicingStore>(InvoicingStore.Store), context);
            _entitlements = new(taken, context.GetStateStore<EntitlementStore>(EntitlementStore.Store), new(context), context.Partition, _store.StreamTime);
            return;
        }
        _billing = context.GetStateStore<BillingLedger>(BillingLedger.Store);
        _documents = new(options, context);
    }

    public void Process(in Record record)
    {
        if (_counts.Records == 0) progress?.Begin();
        _counts.Saw(record.Offset);
        _invoicer?.Begin();
        if (!record.HasValue) DeadLetter(record, "VALUE_MISSING", Deserialization, "The record has no value");
        else if (!WireFormat.TryRead(record.Value, out var schemaId, out var payload)) DeadLetter(record, "WIRE_FORMAT", Deserialization, "The value is not in Confluent's wire format");
        else if (options.UsageEventSchemaId is not { } known || known == schemaId) Read(record, payload);
        else if (writerSchemas is null) DeadLetter(record, "SCHEMA_UNKNOWN", Deserialization, $"Schema id {schemaId} is not known");
        else if (writerSchemas.TryTranscode(schemaId, payload, out var transcoded, out var code)) Read(record, transcoded);
        else DeadLetter(record, code, Deserialization, $"The value cannot be read with schema id {schemaId}");
    }

    public void LookAhead(long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _expected.Add(offset, value, _store, _seen);

    public void BeforeCommit()
    {
        if (_counts.Records == 0) return;
        _store.Count(_counts.Totals);
        progress?.Add(_counts.Totals);
        Telemetry.Count(_counts);
        if (options.DispositionsTopic is not null) WriteDispositions();
        _counts = new();
    }

    void Read(in Record record, ReadOnlySpan<byte> payload)
    {
        UsageEventView usage;
        try
        {
            usage = UsageEventView.Read(payload);
        }
        catch (AvroException e)
        {
            DeadLetter(record, "AVRO_MALFORMED", Deserialization, e.Message, e);
            return;
        }
        var (hash, identity) = _expected.Take(record.Offset, usage);
        var account = _store.FindAccount(hash, usage.CustomerId, usage.Meter);
        if (Refusal(record, usage, known: account != Account.None) is var (code, reason))
        {
            DeadLetter(record, code, Validation, reason);
            return;
        }
        // Under contracts, what the event's time ends is ended before the event counts: a document never holds usage from after it.
        if (_invoicer is not null && MoveOn(usage.OccurredAt.Micros)) account = _store.FindAccount(hash, usage.CustomerId, usage.Meter);
        Judge(record, usage, identity, account, payload);
    }

    /// <summary>Why the event is none, or null. An account that is known has a good customer and meter.</summary>
    (string Code, string Reason)? Refusal(in Record record, in UsageEventView usage, bool known)
    {
        if (!record.HasKey) return ("KEY_MISSING", "The record has no key");
        if (EventText.Check(usage.Id) is { } id) return ("ID_" + id, "id breaks the rules for text");
        if (EventText.Check(usage.Source) is { } source) return ("SOURCE_" + source, "source breaks the rules for text");
        if (!known && EventText.Check(usage.CustomerId) is { } customer) return ("CUSTOMER_" + customer, "customer_id breaks the rules for text");
        if (!known && EventText.Check(usage.Meter) is { } meter) return ("METER_" + meter, "meter breaks the rules for text");
        if (!record.Key.SequenceEqual(usage.CustomerId)) return ("KEY_MISMATCH", "The record's key is not its customer_id");
        if (usage.OccurredAt.Micros < EarliestTime || usage.OccurredAt.Micros >= LatestTime) return ("TIME_OUT_OF_RANGE", $"occurred_at {usage.OccurredAt} is outside the years 2000 to 2099");
        if (usage.Quantity < ExactDecimal.Zero) return ("QUANTITY_NEGATIVE", $"quantity {usage.Quantity} is negative");
        if (usage.Quantity > options.MaxQuantity) return ("QUANTITY_TOO_LARGE", $"quantity {usage.Quantity} is above {options.MaxQuantity}");
        return null;
    }

    void Judge(in Record record, in UsageEventView usage, (ulong Low, ulong High) identity, int account, ReadOnlySpan<byte> payload)
    {
        var at = usage.OccurredAt.Micros;
        if (usage.Meter.SequenceEqual(_flushMeter)) Control(payload);
        else if (_invoicer is not null && IsCorrection(payload)) Correct(record, UsageEvent.Read(payload), identity);
        else Meter(record, usage, at, identity, account, payload);
        MoveOn(at);
    }

    /// <summary>Moves stream time on to an event's, and does what is due then; false: it was there already.</summary>
    bool MoveOn(long at)
    {
        if (at <= _store.StreamTime) return false;
        _store.Advance(at);
        Close();
        return true;
    }

    void Meter(in Record record, in UsageEventView usage, long at, (ulong Low, ulong High) identity, int account, ReadOnlySpan<byte> payload)
    {
        var start = at - at % options.WindowSize;
        if (ClosesAt(start) <= _store.StreamTime)
        {
            if (_invoicer is null) Late(record, "LATE", "The event's window has closed");
            else MeterLate(record, payload, identity);
            return;
        }
        if (_seen.Contains(identity, Remembered, out var place))
        {
            _counts.Duplicate++;
            return;
        }
        var number = WindowOf(record, usage, start, account, identity, payload);
        if (number == Account.None) return;
        _seen.Add(identity, at, place);
        ref var window = ref _store.Window(number);
        if (window.Events++ == 0) window.FirstOffset = record.Offset;
        window.LastOffset = record.Offset;
        window.Quantity += usage.Quantity;
        _store.Touch(window.Account);
        _counts.Accepted++;
    }

    /// <summary>Since when accepted identities count: each of them is known. Before the first event there are none.</summary>
    long Remembered => _store.StreamTime == long.MinValue ? long.MinValue : Math.Max(_store.StreamTime - options.DuplicateHorizon, _seen.Since);

    long ClosesAt(long start) => start + options.WindowSize + options.Grace;

    /// <summary>The number of the event's window, opened under the terms in force at its start; <see cref="Account.None"/> when the event was set aside.</summary>
    int WindowOf(in Record record, in UsageEventView usage, long start, int account, (ulong Low, ulong High) identity, ReadOnlySpan<byte> payload)
    {
        var window = _store.FindWindow(account, start);
        Terms terms;
        if (window != Account.None) terms = _store.Window(window).Terms.Terms!;
        else if (TermsOf(usage, start, account, out var lease) is { } code)
        {
            RouteOrPark(record, usage, payload, code, $"Nothing to rate the event of {usage.OccurredAt} by");
            return Account.None;
        }
        else
        {
            terms = lease!.Terms;
            if (account != Account.None) _store[account].Lease = lease;
        }
        if (usage.Quantity > terms.MaxQuantity - Held(account))
        {
            DeadLetter(record, "QUANTITY_TOO_LARGE", Rating, $"With quantity {usage.Quantity} the billing period holds more than can be priced, {terms.MaxQuantity}");
            return Account.None;
        }
        if (terms.EachEvent && !IsTaken(record, usage, terms, identity, payload)) return Account.None;
        if (window != Account.None) return window;
        return _store.Open(account != Account.None ? account : _store.AddAccount(usage.CustomerId, usage.Meter), start, terms);
    }

    /// <summary>The closed and open windows' quantity: the billing period cannot come to hold more by closing them.</summary>
    ExactDecimal Held(int account)
    {
        if (account == Account.None) return ExactDecimal.Zero;
        ref var row = ref _store[account];
        var sum = row.Quantity;
        for (var window = row.Windows; window != Account.None; window = _store.Window(window).Next) sum += _store.Window(window).Quantity;
        return sum;
    }

    string? TermsOf(in UsageEventView usage, long start, int account, out TermsLease? lease)
    {
        var edition = termsSource.Edition;
        lease = account == Account.None ? null : _store[account].Lease;
        if (lease is not null && lease.Edition == edition && lease.From <= start && start < lease.Until) return null;
        var (customer, meter) = (Encoding.UTF8.GetString(usage.CustomerId), Encoding.UTF8.GetString(usage.Meter));
        var answer = termsSource.Find(customer, meter, new(start));
        if (_invoicer is not null)
        {
            _invoicer.Meet(customer);
            answer = ForPeriods(answer, customer, meter, start, usage.OccurredAt);
        }
        else if (answer.Terms is { Rates: null }) answer = new(WindowPrice.NotByWindow, null, new(start));
        lease = answer.Code is null ? _leases.Of(answer.Terms!, edition, start, answer.Until.Micros) : null;
        return answer.Code;
    }

    void Close()
    {
        if (_store.FirstOpen != long.MaxValue && ClosesAt(_store.FirstOpen) <= _store.StreamTime)
        {
            do
            {
                var end = _store.FirstOpen + options.WindowSize;
                var windows = _store.TakeFirst();
                for (var i = 0; i < windows.Length; i++)
                {
                    _store.FetchBehind(windows, i);
                    Rate(windows[i]);
                }
                _invoicer?.LookForThresholds(end, _store.StreamTime);
            }
            while (_store.FirstOpen != long.MaxValue && ClosesAt(_store.FirstOpen) <= _store.StreamTime);
            Forget();
        }
        if (_invoicer is not null) AdvanceContracts();
        if (_billing is not null) _documents!.Emit(_billing, _store.StreamTime);
    }

    /// <summary>Lets go of identities that have expired and, once a month, of accounts whose billing period is over.</summary>
    void Forget()
    {
        _seen.Expire(Remembered);
        _seen.Trim(_store.StreamTime - MeteringOptions.ShortestMemory, options.MostRemembered);
        var period = BillingPeriod.Of(_store.StreamTime - options.WindowSize - options.Grace);
        if (period <= _sweptPeriod) return;
        _store.Sweep(period);
        _sweptPeriod = period;
    }

    void Rate(int number)
    {
        ref var window = ref _store.Window(number);
        ref var account = ref _store[window.Account];
        var customer = _store.Customer(window.Account);
        var meter = _store.Meter(window.Account);
        var period = BillingPeriod.Of(window.Start);
        var before = account.Period == period ? account.Quantity : ExactDecimal.Zero;
        var after = before + window.Quantity;
        var terms = window.Terms.Terms!;
        (account.Period, account.Quantity) = (period, after);
        _store.Touch(window.Account);
        _counts.WindowsClosed++;
        if (terms.Rates is { } rates)
        {
            var amount = rates.Amount(before, after);
            _context.Forward(Rated, customer, _writer.Write(customer, meter, window, after, amount), (window.Start + options.WindowSize) / 1000 - 1);
            _billing?.Add(ref account, customer, meter, window, period, amount);
        }
        if (!terms.ByEvent) _invoicer?.Add(ref account, customer, meter, window, _store.StreamTime);
        _store.Close(number);
    }

    void Late(in Record record, string code, string reason)
    {
        _counts.Late++;
        if (_invoicer is not null) Telemetry.Listed(code);
        if (options.LateTopic is { } topic) _context.SetAside(topic, record, code, Metering, reason);
    }

    void Park(in Record record, in UsageEventView usage, string code, string reason)
    {
        _counts.Parked++;
        _context.SetAside(options.ParkedTopic, record, code, Rating, reason);
        _invoicer?.Parked(Encoding.UTF8.GetString(usage.CustomerId), usage.OccurredAt, record.Offset);
    }

    void DeadLetter(in Record record, string code, string stage, string message, Exception? exception = null)
    {
        _counts.DeadLettered++;
        _context.SetAside(options.DeadLetterTopic, record, code, stage, message, exception);
    }

    void WriteDispositions()
    {
        _value.ResetWrittenCount();
        WireFormat.WriteHeader(_value, options.Schemas.Dispositions);
        var streamTime = _store.StreamTime == long.MinValue ? 0 : _store.StreamTime;
        _counts.ToRecord(options.InputTopic, _context.Partition, streamTime).Write(_value);
        var key = Encoding.UTF8.GetBytes($"{options.InputTopic}/{_context.Partition}");
        _context.Forward(DispositionsSink, key, _value.WrittenSpan, streamTime / 1000);
    }
}
