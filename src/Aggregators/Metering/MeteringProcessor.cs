using System.Buffers;
using System.Text;
using Streams.Aggregators.Billing;
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
public sealed class MeteringProcessor(MeteringOptions options, ITermsSource termsSource, IWriterSchemas? writerSchemas, MeteringProgress? progress = null)
    : IProcessor, ILookAhead
{
    public const string Rated = "rated", DispositionsSink = "dispositions", Store = "metering", Seen = "seen";

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
    RatedUsageWriter _writer = null!;
    int _sweptPeriod;

    public void Init(IProcessorContext context)
    {
        _context = context;
        _store = context.GetStateStore<MeteringStore>(Store);
        _store.FinishRestore();
        _seen = context.GetStateStore<SeenFilter>(Seen);
        _writer = new(options.Schemas.RatedUsage, context.Partition, options.WindowSize);
        if (options.DocumentsTopic is null) return;
        _billing = context.GetStateStore<BillingLedger>(BillingLedger.Store);
        _documents = new(options, context);
    }

    public void Process(in Record record)
    {
        if (_counts.Records == 0) progress?.Begin();
        _counts.Saw(record.Offset);
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
        if (Refusal(record, usage, known: account != Account.None) is var (code, reason)) DeadLetter(record, code, Validation, reason);
        else Judge(record, usage, identity, account);
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

    void Judge(in Record record, in UsageEventView usage, (ulong Low, ulong High) identity, int account)
    {
        var at = usage.OccurredAt.Micros;
        if (usage.Meter.SequenceEqual(_flushMeter)) _counts.Control++;
        else Meter(record, usage, at, identity, account);
        if (at <= _store.StreamTime) return;
        _store.Advance(at);
        Close();
    }

    void Meter(in Record record, in UsageEventView usage, long at, (ulong Low, ulong High) identity, int account)
    {
        var start = at - at % options.WindowSize;
        if (ClosesAt(start) <= _store.StreamTime)
        {
            Late(record);
            return;
        }
        if (_seen.Contains(identity, Remembered, out var place))
        {
            _counts.Duplicate++;
            return;
        }
        var number = WindowOf(record, usage, start, account);
        if (number == Account.None) return;
        _seen.Add(identity, at, place);
        ref var window = ref _store.Window(number);
        if (window.Events++ == 0) window.FirstOffset = record.Offset;
        window.LastOffset = record.Offset;
        window.Quantity += usage.Quantity;
        _store.Touch(window.Account);
        _counts.Accepted++;
    }

    /// <summary>Since when accepted identities count. Before the first event there are none.</summary>
    long Remembered => _store.StreamTime == long.MinValue ? long.MinValue : _store.StreamTime - options.DuplicateHorizon;

    long ClosesAt(long start) => start + options.WindowSize + options.Grace;

    /// <summary>The number of the event's window, opened under the terms in force at its start; <see cref="Account.None"/> when the event was set aside.</summary>
    int WindowOf(in Record record, in UsageEventView usage, long start, int account)
    {
        var window = _store.FindWindow(account, start);
        Terms terms;
        if (window != Account.None) terms = _store.Window(window).Terms.Terms!;
        else if (TermsOf(usage, start, account, out var lease) is { } code)
        {
            _counts.Parked++;
            _context.SetAside(options.ParkedTopic, record, code, Rating, $"Nothing to rate the event of {usage.OccurredAt} by");
            return Account.None;
        }
        else
        {
            terms = lease!.Terms;
            if (account != Account.None) _store[account].Lease = lease;
        }
        if (usage.Quantity > terms.Rates.MaxQuantity - Held(account))
        {
            DeadLetter(record, "QUANTITY_TOO_LARGE", Rating, $"With quantity {usage.Quantity} the billing period holds more than can be priced, {terms.Rates.MaxQuantity}");
            return Account.None;
        }
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
        var answer = termsSource.Find(Encoding.UTF8.GetString(usage.CustomerId), Encoding.UTF8.GetString(usage.Meter), new(start));
        lease = answer.Code is null ? _leases.Of(answer.Terms!, edition, start, answer.Until.Micros) : null;
        return answer.Code;
    }

    void Close()
    {
        if (_store.FirstOpen != long.MaxValue && ClosesAt(_store.FirstOpen) <= _store.StreamTime)
        {
            do
            {
                var windows = _store.TakeFirst();
                for (var i = 0; i < windows.Length; i++)
                {
                    _store.FetchBehind(windows, i);
                    Rate(windows[i]);
                }
            }
            while (_store.FirstOpen != long.MaxValue && ClosesAt(_store.FirstOpen) <= _store.StreamTime);
            Forget();
        }
        if (_billing is not null) _documents!.Emit(_billing, _store.StreamTime);
    }

    /// <summary>Lets go of identities that have expired and, once a month, of accounts whose billing period is over.</summary>
    void Forget()
    {
        _seen.Expire(Remembered);
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
        var amount = window.Terms.Terms!.Rates.Amount(before, after);
        (account.Period, account.Quantity) = (period, after);
        _store.Touch(window.Account);
        _counts.WindowsClosed++;
        _context.Forward(Rated, customer, _writer.Write(customer, meter, window, after, amount), (window.Start + options.WindowSize) / 1000 - 1);
        _billing?.Add(ref account, customer, meter, window, period, amount);
        _store.Close(number);
    }

    void Late(in Record record)
    {
        _counts.Late++;
        if (options.LateTopic is { } topic) _context.SetAside(topic, record, "LATE", Metering, "The event's window has closed");
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
