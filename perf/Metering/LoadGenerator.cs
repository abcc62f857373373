using System.Buffers;
using System.Text;
using Confluent.Kafka;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Perf.Metering;

/// <summary>Usage events in order of time. One per customer is encoded beforehand; a record differs from it in its id and time, which have fixed places.</summary>
sealed class LoadGenerator : IDisposable
{
    private const int IdLength = 36, IdAt = WireHeader + 1, WireHeader = 5;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly string _topic;
    private readonly (byte[] Key, byte[] Value, int TimeAt)[] _templates;

    public LoadGenerator(string bootstrap, string topic, int customers)
    {
        _topic = topic;
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap, LingerMs = 5, BatchSize = 1 << 18, QueueBufferingMaxMessages = 2_000_000, EnableDeliveryReports = false, Partitioner = Partitioner.Murmur2Random,
        }).Build();
        string[] meters = ["api.requests", "compute.seconds", "storage.gbhours", "egress.gb", "messages.sent"];
        _templates = Enumerable.Range(0, customers).SelectMany(_ => meters, (c, m) => Template($"cust-{c:D6}", m)).ToArray();
    }

    /// <summary>Sends the event of this number.</summary>
    public void Send(long number, long occurredAtMicros)
    {
        ref readonly var template = ref _templates[number % _templates.Length];
        var value = template.Value.AsSpan().ToArray();
        number.TryFormat(value.AsSpan(IdAt, IdLength), out _, "D36");
        WriteTime(value.AsSpan(template.TimeAt), occurredAtMicros);
        var message = new Message<byte[], byte[]> { Key = template.Key, Value = value, Timestamp = new(occurredAtMicros / 1000, TimestampType.CreateTime) };
        while (true)
        {
            try
            {
                _producer.Produce(_topic, message);
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                _producer.Poll(TimeSpan.FromMilliseconds(1));
            }
        }
    }

    public void Flush() => _producer.Flush(TimeSpan.FromSeconds(60));

    public void Dispose() => _producer.Dispose();

    private static (byte[] Key, byte[] Value, int TimeAt) Template(string customer, string meter)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 1);
        new UsageEvent
        {
            Id = new string('0', IdLength), Source = "load", CustomerId = customer, Meter = meter, OccurredAt = new(1_800_000_000_000_000), Quantity = ExactDecimal.FromInteger(3),
            Dimensions = new Dictionary<string, string> { ["region"] = "eu-west-1", ["class"] = "online" },
        }.Write(buffer);
        var text = Encoding.UTF8.GetBytes(meter);
        var value = buffer.WrittenSpan.ToArray();
        return (Encoding.UTF8.GetBytes(customer), value, value.AsSpan().IndexOf(text) + text.Length);
    }

    /// <summary>Avro's long; times of this century take eight bytes.</summary>
    private static void WriteTime(Span<byte> to, long micros)
    {
        var rest = (ulong)micros << 1;
        for (var i = 0; i < 7; i++, rest >>= 7) to[i] = unchecked((byte)(rest | 0x80));
        to[7] = rest < 0x80 ? (byte)rest : throw new ArgumentOutOfRangeException(nameof(micros));
    }
}
