using System.Text;
using Confluent.Kafka;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>The metering processor with its stores, and nothing around it that would allocate: outputs and changelog records are counted and dropped.</summary>
sealed class BareTask : IProcessorContext, IChangelog
{
    readonly MeteringProcessor _processor;
    readonly byte[] _value;
    readonly int _idAt;
    readonly int _timeAt;
    readonly int _customerAt;
    long _offset;

    public BareTask()
    {
        var options = new MeteringOptions { LateTopic = null, DispositionsTopic = null, DocumentsTopic = null };
        _processor = new(options, FixedTerms.Parse(Encoding.UTF8.GetBytes(Bench.Plan)), null);
        _processor.Init(this);
        _value = Bench.Encode(Bench.Event(new('0', 36), Bench.Noon, "3", "c-0000000", "m"));
        _idAt = _value.AsSpan().IndexOf("0000"u8);
        _customerAt = _value.AsSpan().IndexOf("c-0000000"u8);
        _timeAt = _customerAt + 9 + 2;
    }

    public MeteringStore Store { get; } = new(MeteringProcessor.Store);

    public SeenFilter Seen { get; } = new(MeteringProcessor.Seen);

    public long Outputs { get; private set; }

    public long ChangelogRecords { get; private set; }

    public int Partition => 0;

    public int PartitionOf(string topic, ReadOnlySpan<byte> key) => 0;

    public string ApplicationId => "bare";

    public string TaskId => "0_0";

    public RecordMetadata? RecordMetadata => null;

    public long CurrentStreamTimeMs => -1;

    public long CurrentSystemTimeMs => 0;

    /// <summary>Processes an event of its own identity. The time is patched in place: eight bytes of Avro.</summary>
    public void Send(int customer, long at)
    {
        _offset.TryFormat(_value.AsSpan(_idAt, 36), out _, "D36");
        customer.TryFormat(_value.AsSpan(_customerAt + 2, 7), out _, "D7");
        var rest = (ulong)at << 1;
        for (var i = 0; i < 8; i++, rest >>= 7) _value[_timeAt + i] = unchecked((byte)(i < 7 ? rest | 0x80 : rest));
        _processor.Process(new Streams.Streaming.Record
        {
            Topic = "usage", Partition = 0, Offset = _offset++, Timestamp = at / 1000, Key = _value.AsSpan(_customerAt, 9), HasKey = true, Value = _value, HasValue = true,
        });
    }

    public void Commit()
    {
        _processor.BeforeCommit();
        Store.Flush(this);
        Seen.Flush(this);
    }

    public T GetStateStore<T>(string name) where T : IStateStore => typeof(T) == typeof(MeteringStore) ? (T)(object)Store : (T)(object)Seen;

    public void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null) => Outputs++;

    public void SetAside(string topic, in Streams.Streaming.Record record, string code, string stage, string message, Exception? exception = null) =>
        throw new InvalidOperationException($"{code}: {message}");

    public TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) => throw new NotSupportedException();

    public void Drop(string code, string message) => throw new NotSupportedException();

    void IProcessingContext.Commit() => throw new NotSupportedException();

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => ChangelogRecords++;

    public void Delete(ReadOnlySpan<byte> key) => ChangelogRecords++;
}
