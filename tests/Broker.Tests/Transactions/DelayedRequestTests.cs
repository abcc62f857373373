using Confluent.Kafka;

namespace Streams.Broker.Tests.Transactions;

/// <summary>
/// Requests of transaction k that were delayed on an older connection and arrive when its repetition on a newer one was answered, or before; whichever
/// way, transaction k+1 is not touched.
/// </summary>
public sealed class DelayedRequestTests : IAsyncLifetime
{
    private readonly TransactionBed _bed = new();
    private TransactionWire _older = null!;
    private TransactionWire _newer = null!;
    private WireProducer _producer = null!;

    public async Task InitializeAsync()
    {
        _older = await _bed.StartAsync();
        _newer = await _bed.ConnectAsync();
        await _bed.CreateTopicAsync("t", 2);
        _producer = await _older.InitAsync("x");
        Assert.Equal(ErrorCode.NoError, await _older.AddAsync(_producer, "t"));
        Assert.Equal((ErrorCode.NoError, 0L), await _older.ProduceAsync(_producer, "t", 0));
    }

    public async Task DisposeAsync()
    {
        _older.Dispose();
        _newer.Dispose();
        await _bed.DisposeAsync();
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, true, false)]
    [InlineData(true, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, true)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    [InlineData(false, false, false)]
    public async Task EndTxn_of_the_last_transaction_does_not_end_the_next(bool commit, bool retrySeenFirst, bool nextCommits)
    {
        if (!retrySeenFirst) Assert.Equal(ErrorCode.NoError, await _older.EndAsync(_producer, commit));
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit));
        await BeginNextAsync();
        if (retrySeenFirst) Assert.Equal(ErrorCode.InvalidTxnState, await _older.EndAsync(_producer, commit));
        await EndNextAsync(commit, nextCommits);
    }

    [Fact]
    public async Task EndTxn_between_two_transactions_changes_nothing()
    {
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit: true));
        await _older.EndAsync(_producer, commit: true);
        Assert.Equal("CompleteCommit", (await _newer.DescribeAsync("x")).State);
        await BeginNextAsync();
        await EndNextAsync(lastCommitted: true, commit: false);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AddPartitions_of_the_last_transaction_begins_none(bool nextHasBegun)
    {
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit: true));
        if (nextHasBegun) await BeginNextAsync();
        Assert.Equal(ErrorCode.InvalidTxnState, (await _older.AddAsync(_producer, 3, ("t", 1)))[0]);
        Assert.Equal(ErrorCode.InvalidTxnState, await _older.TryAddGroupAsync(_producer, "g"));
        var described = await _newer.DescribeAsync("x");
        Assert.Equal(nextHasBegun ? "Ongoing" : "CompleteCommit", described.State);
        Assert.DoesNotContain(("t", 1), described.Partitions);
        if (nextHasBegun) await EndNextAsync(lastCommitted: true, commit: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Produce_of_the_last_transaction_is_not_taken_into_the_next(bool nextHasBegun)
    {
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit: true));
        if (nextHasBegun) await BeginNextAsync();
        var repeated = await _older.ProduceAsync(_producer, "t", 0);
        Assert.Equal(nextHasBegun ? (ErrorCode.NoError, 0L) : (ErrorCode.InvalidTxnState, -1L), repeated);
        if (!nextHasBegun) await BeginNextAsync();
        await EndNextAsync(lastCommitted: true, commit: true);
    }

    [Fact]
    public async Task Produce_that_the_producer_gave_up_is_fenced_by_the_epoch_it_took()
    {
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit: false));
        var bumped = await _newer.TryInitAsync("x", 60_000, _producer.ProducerId, _producer.Epoch);
        var next = _producer with { Epoch = bumped.Epoch };
        Assert.Equal(ErrorCode.NoError, await _newer.AddAsync(next, "t"));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await _older.ProduceAsync(_producer, "t", 1)).Error);
        Assert.Equal(ErrorCode.ProducerFenced, await _older.EndAsync(_producer, commit: false));
        Assert.Equal(ErrorCode.ProducerFenced, (await _older.TryInitAsync("x", 60_000, _producer.ProducerId, _producer.Epoch)).Error);
        Assert.Equal("Ongoing", (await _newer.DescribeAsync("x")).State);
        Assert.Equal((ErrorCode.NoError, 2L), await _newer.ProduceAsync(next, "t", 0));
        await _newer.FinishAsync(next, commit: true);
        Assert.Equal([(_producer.ProducerId, 0L)], (await _newer.FetchAsync("t", 0, committed: true)).Aborted);
    }

    [Fact]
    public async Task TxnOffsetCommit_of_the_last_transaction_does_not_turn_the_next_back()
    {
        Assert.Equal(ErrorCode.NoError, await _older.AddGroupAsync(_producer, "g"));
        Assert.Equal(ErrorCode.NoError, await _newer.CommitOffsetAsync(_producer, "g", "t", 1));
        Assert.Equal(ErrorCode.NoError, await _newer.EndAsync(_producer, commit: true));
        Assert.Equal(ErrorCode.InvalidTxnState, await _older.CommitOffsetAsync(_producer, "g", "t", 1));
        Assert.Equal(ErrorCode.NoError, await _newer.AddGroupAsync(_producer, "g"));
        Assert.Equal(ErrorCode.NoError, await _newer.CommitOffsetAsync(_producer, "g", "t", 2));
        Assert.Equal(ErrorCode.InvalidTxnState, await _older.CommitOffsetAsync(_producer, "g", "t", 1));
        await _newer.FinishAsync(_producer, commit: true);
        Assert.Equal((ErrorCode.NoError, 2), await _newer.FetchOffsetAsync("g", "t"));
    }

    private async Task BeginNextAsync()
    {
        Assert.Equal(ErrorCode.NoError, await _newer.AddAsync(_producer, "t"));
        Assert.Equal((ErrorCode.NoError, 2L), await _newer.ProduceAsync(_producer, "t", 1));
    }

    private async Task EndNextAsync(bool lastCommitted, bool commit)
    {
        Assert.Equal("Ongoing", (await _newer.DescribeAsync("x")).State);
        Assert.Equal(2, (await _newer.FetchAsync("t", 0, committed: true)).StableOffset);
        await _newer.FinishAsync(_producer, commit);
        var fetched = await _newer.FetchAsync("t", 0, committed: true);
        Assert.Equal(4, fetched.StableOffset);
        List<(long, long)> aborted = [];
        if (!lastCommitted) aborted.Add((_producer.ProducerId, 0));
        if (!commit) aborted.Add((_producer.ProducerId, 2));
        Assert.Equal(aborted, fetched.Aborted);
        Assert.Equal([(lastCommitted, 1L), (commit, 3L)], fetched.Batches.Where(b => b.IsControl).Select(b => (b.IsCommit, b.BaseOffset)));
    }
}
