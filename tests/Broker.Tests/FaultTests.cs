using Confluent.Kafka;
using Streams.Broker.Tests.Contract;

namespace Streams.Broker.Tests;

/// <summary>Faults on demand, by request type.</summary>
public sealed class FaultTests : IAsyncLifetime
{
    private const short Produce = 0, Metadata = 3, FindCoordinator = 10, JoinGroup = 11, InitProducerId = 22;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("broker-faults-");
    private Func<FaultRequest, ValueTask<Fault>> _fault = _ => new(Fault.None);
    private EmbeddedBroker _broker = null!;

    public async Task InitializeAsync() =>
        _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _folder.FullName, Fault = request => _fault(request) });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    public static TheoryData<short, int, bool, short> WithAnError => new()
    {
        { 18, 3, true, 35 }, { 1, 7, false, 70 }, { FindCoordinator, 2, false, 15 }, { JoinGroup, 5, false, 25 }, { 14, 3, false, 27 }, { 12, 3, false, 27 },
        { 13, 3, false, 25 }, { 16, 3, true, 14 }, { InitProducerId, 1, false, 51 }, { 25, 1, false, 53 }, { 26, 1, false, 90 },
    };

    [Theory]
    [MemberData(nameof(WithAnError))]
    public async Task A_request_is_answered_with_an_error_and_not_handled(short key, int version, bool flexible, short error)
    {
        _fault = request => new(request.ApiKey == key ? Fault.Answer(error) : Fault.None);
        using var client = await WireClient.ConnectAsync(_broker.BootstrapServers);
        var reader = await client.CallAsync(key, (short)version, flexible, _ => { });
        if (key != 18) reader.Int32();
        Assert.Equal(error, reader.Int16());
    }

    [Fact]
    public async Task A_connection_is_closed_before_and_after_the_request_is_handled()
    {
        foreach (var (fault, made) in new[] { (Fault.CloseBefore, false), (Fault.CloseAfter, true) })
        {
            _fault = request => new(request.ApiKey == 19 ? fault : Fault.None);
            var name = $"t-{made}";
            using var client = await WireClient.ConnectAsync(_broker.BootstrapServers);
            await Assert.ThrowsAnyAsync<IOException>(() => client.CreateTopicsAsync(7, false, new WireTopic(name)));
            using var other = await WireClient.ConnectAsync(_broker.BootstrapServers);
            Assert.Equal(made ? 0 : 3, (await other.DescribeConfigsAsync(WireAdmin.TopicResource, name)).Error);
        }
    }

    [Fact]
    public async Task A_delayed_request_holds_up_those_behind_it()
    {
        var gate = new TaskCompletionSource();
        var seen = new List<short>();
        _fault = async request =>
        {
            seen.Add(request.ApiKey);
            Assert.Equal(("wire", 1L), (request.ClientId, request.Connection));
            if (request.ApiKey == FindCoordinator) await gate.Task;
            return Fault.None;
        };
        using var client = await WireClient.ConnectAsync(_broker.BootstrapServers);
        await client.SendAsync(FindCoordinator, 2, false, w => w.String("g").Int8(0));
        await client.SendAsync(Metadata, 1, false, w => w.Count(0));
        var first = client.ReceiveAsync();
        gate.SetResult();
        await first;
        await client.ReceiveAsync();
        Assert.Equal([FindCoordinator, Metadata], seen);
    }

    [Fact]
    public async Task A_producer_whose_acknowledgement_is_lost_writes_its_record_once()
    {
        var lost = 0;
        _fault = request => new(request.ApiKey == Produce && Interlocked.Increment(ref lost) == 1 ? Fault.CloseAfter : Fault.None);
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = _broker.BootstrapServers, EnableIdempotence = true, LingerMs = 0 }).SetLogHandler((_, _) => { }).Build();
        var written = await producer.ProduceAsync(new TopicPartition("once", 0), new Message<Null, string> { Value = "v" });
        Assert.True(lost >= 2);
        using var client = await WireClient.ConnectAsync(_broker.BootstrapServers);
        var reader = await client.CallAsync(2, 1, false, w => w.Int32(-1).Count(1).String("once").Count(1).Int32(0).Int64(-1));
        Assert.Equal((1, "once", 1, 0, 0), (reader.Count(), reader.String(), reader.Count(), reader.Int32(), reader.Int16()));
        Assert.Equal((-1, 1), (reader.Int64(), reader.Int64()));
        Assert.Equal(0, written.Offset.Value);
    }
}
