using System.Text;
using Confluent.Kafka;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Streaming;
using Streams.Streaming.Runtime;

namespace Streams.Aggregators.Replay;

/// <summary>What became of a record.</summary>
public enum Disposition
{
    Accepted,
    Duplicate,
    Late,
    Parked,
    DeadLettered,

    /// <summary>It only moves stream time.</summary>
    Control,

    /// <summary>Sent on to the partition of the customer above, by whose contract it is rated.</summary>
    Routed,
}

/// <summary>Which partition is replayed, and how its records are read.</summary>
/// <param name="Partitions">How many partitions the topic has.</param>
/// <param name="UsageEventSchemaId">The registered id of the events' own schema; null: every id is taken for it.</param>
public sealed record ReplaySource(string Topic, int Partition, int Partitions, int? UsageEventSchemaId = null, IWriterSchemas? WriterSchemas = null);

/// <summary>Called for each record with what became of it, and, where it was set aside, the code of why.</summary>
public delegate void RecordJudged(in Streams.Streaming.Record record, Disposition disposition, string? code);

/// <summary>
/// One partition of usage.events once more, through the processor that bills, under the contracts and settings as they were at each position. It holds what the billing
/// task holds and writes nothing anywhere. For one thread.
/// </summary>
public sealed class PartitionReplay : IProcessorContext, IChangelog
{
    /// <summary>Records after which is let go of what a commit would write.</summary>
    const int RecordsBetweenCommits = 50_000;

    readonly ReplaySource _source;
    readonly ContractHistory _history;
    readonly IReadOnlyList<TakeUp> _taken;
    readonly IReadOnlyDictionary<DefinitionKey, ContractEntry> _instead;
    readonly ContractBookSource _contracts = new();
    readonly MeteringStore _metering = new(MeteringProcessor.Store);
    readonly SeenFilter _seen = new(MeteringProcessor.Seen);
    readonly InvoicingStore _invoicing = new(InvoicingStore.Store);
    readonly EditionStore _editions = new(EditionStore.Store);
    readonly EntitlementStore _entitlements = new(EntitlementStore.Store);
    MeteringProcessor? _processor;
    EditionSettings? _settings;
    BilledDocument? _billed;
    string? _code;
    long _offset = -1;
    int _next;
    int _uncommitted;

    /// <param name="source">The partition.</param>
    /// <param name="history">The contracts as they were.</param>
    /// <param name="instead">Definitions that hold all the time in place of those of their keys; null: none.</param>
    public PartitionReplay(ReplaySource source, ContractHistory history, IEnumerable<ContractEntry>? instead = null)
    {
        (_source, _history, _taken) = (source, history, history.Of(source.Topic, source.Partition));
        _instead = (instead ?? []).ToDictionary(e => new DefinitionKey(e.Kind, e.Id));
    }

    /// <summary>Called with each document as it is made.</summary>
    public Action<ReplayedDocument>? Made { get; init; }

    public RecordJudged? Judged { get; init; }

    /// <summary>The contracts as they were taken up last.</summary>
    public ContractBook Book => _contracts.Current;

    public int Partition => _source.Partition;

    public string ApplicationId => "replay";

    public string TaskId => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"0_{Partition}");

    public RecordMetadata? RecordMetadata => new(_source.Topic, Partition, _offset);

    public long CurrentStreamTimeMs => -1;

    public long CurrentSystemTimeMs => throw new NotSupportedException("A replay has no clock");

    /// <summary>Judges the partition's next record. The first one must be the first that the partition ever held.</summary>
    /// <exception cref="ReplayException">The contracts of this position are not on record.</exception>
    public void Process(in Streams.Streaming.Record record)
    {
        _offset = record.Offset;
        while (_next < _taken.Count && _taken[_next].Offset <= _offset) Follow(_taken[_next++]);
        var processor = _processor ?? throw new ReplayException(_taken.Count == 0
            ? $"{_source.Topic}/{Partition}: no contracts are on record in {Topics.ContractEditions}"
            : $"{_source.Topic}/{Partition}: contracts are on record from offset {_taken[0].Offset} on, records from {_offset} on");
        _code = null;
        if (Judged is null) processor.Process(record);
        else Watch(processor, record, Judged);
        if (++_uncommitted >= RecordsBetweenCommits) Commit(processor);
    }

    void Watch(MeteringProcessor processor, in Streams.Streaming.Record record, RecordJudged judged)
    {
        var counts = processor.Counts;
        var (accepted, duplicate, late, parked, dead, routed) = (counts.Accepted, counts.Duplicate, counts.Late, counts.Parked, counts.DeadLettered, counts.Routed);
        processor.Process(record);
        var disposition = counts.Accepted > accepted ? Disposition.Accepted : counts.Duplicate > duplicate ? Disposition.Duplicate : counts.Late > late ? Disposition.Late
            : counts.Parked > parked ? Disposition.Parked : counts.DeadLettered > dead ? Disposition.DeadLettered
            : counts.Routed > routed ? Disposition.Routed : Disposition.Control;
        judged(record, disposition, _code);
    }

    void Commit(MeteringProcessor processor)
    {
        _uncommitted = 0;
        processor.BeforeCommit();
        foreach (var store in (IStateStore[])[_metering, _seen, _invoicing, _editions, _entitlements]) store.Flush(this);
    }

    void Follow(TakeUp taken)
    {
        foreach (var (key, hash) in taken.Definitions)
        {
            if (!_instead.ContainsKey(key)) _contracts.Apply(key, hash is null ? null : _history.Definition(hash));
        }
        if (_settings == taken.Settings) return;
        if (_settings is null) PutInstead();
        _settings = taken.Settings;
        // Other settings come with a new start of the process: the stores go on with a new processor.
        var options = _settings.ApplyTo(new() { InputTopic = _source.Topic, DispositionsTopic = null, UsageEventSchemaId = _source.UsageEventSchemaId, Billed = b => _billed = b });
        _processor = new(options, new BookTerms(_contracts), _source.WriterSchemas);
        _processor.Init(this);
    }

    void PutInstead()
    {
        foreach (var (key, entry) in _instead.OrderBy(i => i.Key))
        {
            _contracts.Apply(key, entry);
        }
    }

    T IProcessingContext.GetStateStore<T>(string name) => (T)(name switch
    {
        MeteringProcessor.Store => (IStateStore)_metering,
        MeteringProcessor.Seen => _seen,
        InvoicingStore.Store => _invoicing,
        EditionStore.Store => _editions,
        EntitlementStore.Store => _entitlements,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a store of the metering"),
    });

    void IProcessorContext.Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers)
    {
        if (child != InvoiceEmitter.Billing || Made is null) return;
        string Text(string header) => Encoding.ASCII.GetString(headers!.GetLastBytes(header));
        Made(new(_billed!, _offset, value.ToArray(), Text(InvoiceEmitter.HashHeader), Text(InvoiceEmitter.EditionHeader)));
    }

    void IProcessorContext.SetAside(string topic, in Streams.Streaming.Record record, string code, string stage, string message, Exception? exception) => _code = code;

    int IProcessorContext.PartitionOf(string topic, ReadOnlySpan<byte> key) => Murmur2.Partition(key, _source.Partitions);

    TaskScheduled IProcessingContext.Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) => throw new NotSupportedException();

    void IProcessingContext.Drop(string code, string message) => throw new NotSupportedException();

    void IProcessingContext.Commit() => throw new NotSupportedException();

    void IChangelog.Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        // The stores themselves are all that a replay needs.
    }

    void IChangelog.Delete(ReadOnlySpan<byte> key)
    {
        // As Put.
    }
}
