using System.Buffers;
using System.Globalization;
using System.Text;
using Headers = Confluent.Kafka.Headers;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Perf.Rating;

/// <summary>The metering processor of one partition with its stores; outputs and changelog records are counted and dropped. A customer's partition is its number by their count.</summary>
sealed class MeteringTask : IProcessorContext, IChangelog
{
    readonly MeteringProcessor _processor;
    readonly MeteringStore _metering = new(MeteringProcessor.Store);
    readonly SeenFilter _seen = new(MeteringProcessor.Seen);
    readonly InvoicingStore _invoicing = new(InvoicingStore.Store);
    readonly EditionStore _editions = new(EditionStore.Store);
    readonly ArrayBufferWriter<byte> _value = new(256);
    readonly int _partitions;
    long _offset;

    public MeteringTask(int partition, int partitions, BookTerms terms)
    {
        (Partition, _partitions) = (partition, partitions);
        _processor = new(new MeteringOptions { DuplicateHorizon = 45L * 86_400_000_000 }, terms, null);
        _processor.Init(this);
    }

    public int Partition { get; }

    public string ApplicationId => "perf";

    public string TaskId => $"0_{Partition}";

    public RecordMetadata? RecordMetadata => new(Topics.UsageEvents, Partition, _offset);

    public long CurrentStreamTimeMs => -1;

    public long CurrentSystemTimeMs => 0;

    /// <summary>Records to billing.documents.</summary>
    public long Documents { get; private set; }

    public long ChangelogBytes { get; private set; }

    public void Send(int customer, string meter, Timestamp at, string quantity)
    {
        var id = $"customer-{customer}";
        _value.ResetWrittenCount();
        WireFormat.WriteHeader(_value, 1);
        new UsageEvent
        {
            Id = _offset.ToString(CultureInfo.InvariantCulture), Source = $"perf-{Partition}", CustomerId = id, Meter = meter, OccurredAt = at, Quantity = ExactDecimal.Parse(quantity),
            Dimensions = new Dictionary<string, string>(),
        }.Write(_value);
        _processor.Process(new Streams.Streaming.Record
        {
            Topic = Topics.UsageEvents, Partition = Partition, Offset = _offset++, Timestamp = at.Millis, Key = Encoding.UTF8.GetBytes(id), HasKey = true, Value = _value.WrittenSpan, HasValue = true,
        });
    }

    public void Commit()
    {
        _processor.BeforeCommit();
        _metering.Flush(this);
        _seen.Flush(this);
        _invoicing.Flush(this);
        _editions.Flush(this);
    }

    public int PartitionOf(string topic, ReadOnlySpan<byte> key) => int.Parse(key["customer-".Length..], CultureInfo.InvariantCulture) % _partitions;

    public T GetStateStore<T>(string name) where T : IStateStore => (T)(name switch
    {
        MeteringProcessor.Store => (IStateStore)_metering,
        MeteringProcessor.Seen => _seen,
        EditionStore.Store => _editions,
        _ => _invoicing,
    });

    public void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null)
    {
        if (child == "billing-documents") Documents++;
        if (child == "billing-journal") throw new InvalidOperationException(Encoding.UTF8.GetString(value));
    }

    public void SetAside(string topic, in Streams.Streaming.Record record, string code, string stage, string message, Exception? exception = null) => throw new InvalidOperationException($"{code}: {message}");

    public TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) => throw new NotSupportedException();

    public void Drop(string code, string message) => throw new NotSupportedException();

    void IProcessingContext.Commit() => throw new NotSupportedException();

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => ChangelogBytes += key.Length + value.Length;

    public void Delete(ReadOnlySpan<byte> key) => ChangelogBytes += key.Length;
}
