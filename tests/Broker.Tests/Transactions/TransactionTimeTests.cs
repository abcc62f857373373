using Confluent.Kafka;

namespace Streams.Broker.Tests.Transactions;

/// <summary>Time-outs and expiry, by a clock that the test moves.</summary>
public sealed class TransactionTimeTests : IAsyncLifetime
{
    private readonly ManualTime _time = new();
    private readonly TransactionBed _bed = new();
    private TransactionWire _wire = null!;

    public async Task InitializeAsync()
    {
        _bed.Options = _bed.Options with { TimeProvider = _time };
        _wire = await _bed.StartAsync();
        await _bed.CreateTopicAsync("t");
    }

    public async Task DisposeAsync()
    {
        _wire.Dispose();
        await _bed.DisposeAsync();
    }

    [Fact]
    public async Task A_transaction_lives_for_its_time_and_no_longer()
    {
        var producer = await BeginAsync(60_000);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("Ongoing", (await _wire.DescribeAsync(producer.Id)).State);
        _time.Advance(TimeSpan.FromSeconds(2));
        await IsAbortedAsync(producer);
    }

    [Fact]
    public async Task Each_transaction_has_its_own_time()
    {
        var (later, sooner) = (await BeginAsync(120_000), await BeginAsync(30_000));
        _time.Advance(TimeSpan.FromSeconds(31));
        await IsAbortedAsync(sooner);
        Assert.Equal("Ongoing", (await _wire.DescribeAsync(later.Id)).State);
        _time.Advance(TimeSpan.FromSeconds(90));
        await IsAbortedAsync(later);
    }

    [Fact]
    public async Task The_time_counts_from_the_begin_of_each_transaction()
    {
        var producer = await BeginAsync(60_000);
        _time.Advance(TimeSpan.FromSeconds(50));
        await _wire.FinishAsync(producer, commit: true);
        Assert.Equal(ErrorCode.NoError, await _wire.AddAsync(producer, "t"));
        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("Ongoing", (await _wire.DescribeAsync(producer.Id)).State);
        _time.Advance(TimeSpan.FromSeconds(11));
        await IsAbortedAsync(producer);
    }

    [Fact]
    public async Task A_restart_does_not_forget_who_is_late()
    {
        var producer = await BeginAsync(60_000);
        _wire = await _bed.StartAsync();
        Assert.Equal("Ongoing", (await _wire.DescribeAsync(producer.Id)).State);
        _time.Advance(TimeSpan.FromSeconds(61));
        await IsAbortedAsync(producer);
        var another = await BeginAsync(60_000);
        _time.Advance(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(30));
        _wire = await _bed.StartAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await IsAbortedAsync(another);
    }

    [Fact]
    public async Task A_transactional_id_that_is_not_used_is_forgotten_after_a_week()
    {
        var producer = await BeginAsync(60_000);
        await _wire.FinishAsync(producer, commit: true);
        _time.Advance(TimeSpan.FromDays(6.9));
        Assert.Equal("CompleteCommit", (await _wire.DescribeAsync(producer.Id)).State);
        _time.Advance(TimeSpan.FromDays(0.2));
        Assert.Equal(105, (int)(await _wire.DescribeAsync(producer.Id)).Error);
        Assert.Equal(ErrorCode.InvalidProducerIdMapping, await _wire.AddAsync(producer, "t"));
        _wire = await _bed.StartAsync();
        Assert.Equal(105, (int)(await _wire.DescribeAsync(producer.Id)).Error);
        var renewed = await _wire.InitAsync(producer.Id);
        Assert.NotEqual(producer.ProducerId, renewed.ProducerId);
        Assert.Equal(0, renewed.Epoch);
    }

    private async Task<WireProducer> BeginAsync(int timeoutMs)
    {
        var producer = await _wire.InitAsync($"x-{Guid.NewGuid():N}", timeoutMs);
        Assert.Equal(ErrorCode.NoError, await _wire.AddAsync(producer, "t"));
        return producer;
    }

    private async Task IsAbortedAsync(WireProducer producer)
    {
        await TransactionWire.UntilAsync(async () => (await _wire.DescribeAsync(producer.Id)).State == "CompleteAbort");
        Assert.Equal(ErrorCode.ProducerFenced, await _wire.AddAsync(producer, "t"));
    }
}
