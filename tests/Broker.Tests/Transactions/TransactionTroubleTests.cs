using Confluent.Kafka;
using Streams.Broker.Transactions;
using BrokerNode = Streams.Broker.Metadata.Node;
using WireError = Streams.Broker.Protocol.ErrorCode;

namespace Streams.Broker.Tests.Transactions;

/// <summary>A full disk in the middle, clients that have gone, and very many transactional ids at once.</summary>
public sealed class TransactionTroubleTests : IAsyncLifetime
{
    private static readonly Func<bool> IsThere = () => false;
    private readonly WatchedDisk _disk = new();
    private readonly TransactionBed _bed = new();

    public Task InitializeAsync()
    {
        _bed.Options = _bed.Options with { Disk = _disk };
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _bed.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Markers_that_find_no_room_are_written_when_there_is_some(bool commit)
    {
        using var wire = await _bed.StartAsync();
        await _bed.CreateTopicAsync("t", 2);
        var producer = await wire.InitAsync("x");
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, "t"));
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, "t", 1));
        Assert.Equal(ErrorCode.NoError, (await wire.ProduceAsync(producer, "t", 0)).Error);
        _disk.IsFull = path => path.EndsWith(".log", StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NoError, await wire.EndAsync(producer, commit));
        Assert.StartsWith("Prepare", (await wire.DescribeAsync("x")).State, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.ConcurrentTransactions, (await wire.AddAsync(producer, 3, ("t", 0)))[0]);
        Assert.Equal(ErrorCode.ConcurrentTransactions, await wire.EndAsync(producer, commit));
        Assert.Equal(ErrorCode.InvalidTxnState, await wire.EndAsync(producer, !commit));
        Assert.Equal(ErrorCode.ConcurrentTransactions, (await wire.TryInitAsync("x")).Error);
        Assert.Equal(ErrorCode.ConcurrentTransactions, await wire.TryAddGroupAsync(producer, "g"));
        Assert.Equal(ErrorCode.ConcurrentTransactions, await wire.CommitOffsetAsync(producer, "g", "t", 1));
        Assert.Equal(ErrorCode.InvalidTxnState, (await wire.ProduceAsync(producer, "t", 1)).Error);
        Assert.Equal(0, (await wire.FetchAsync("t", 0, committed: true)).StableOffset);
        _disk.IsFull = _ => false;
        await TransactionWire.UntilAsync(async () => (await wire.DescribeAsync("x")).State == (commit ? "CompleteCommit" : "CompleteAbort"));
        Assert.Equal(2, (await wire.FetchAsync("t", 0, committed: true)).StableOffset);
        Assert.Equal(1, (await wire.FetchAsync("t", 0, committed: true, 1)).StableOffset);
        Assert.Equal(ErrorCode.NoError, (await wire.AddAsync(producer, 3, ("t", 0)))[0]);
    }

    [Fact]
    public async Task A_journal_without_room_refuses_and_changes_nothing()
    {
        using var wire = await _bed.StartAsync();
        await _bed.CreateTopicAsync("t");
        var producer = await wire.InitAsync("x");
        _disk.IsFull = path => path.EndsWith("journal", StringComparison.Ordinal);
        Assert.Equal(ErrorCode.GroupCoordinatorNotAvailable, await wire.AddAsync(producer, "t"));
        Assert.Equal(ErrorCode.GroupCoordinatorNotAvailable, (await wire.TryInitAsync("x")).Error);
        Assert.Equal("Empty", (await wire.DescribeAsync("x")).State);
        _disk.IsFull = _ => false;
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, "t"));
        _disk.IsFull = path => path.EndsWith("journal", StringComparison.Ordinal);
        Assert.Equal(ErrorCode.GroupCoordinatorNotAvailable, await wire.EndAsync(producer, commit: true));
        _disk.IsFull = _ => false;
        await wire.FinishAsync(producer, commit: true);
    }

    [Fact]
    public async Task A_request_whose_client_has_gone_before_its_turn_is_dropped()
    {
        await using var node = Node();
        node.Create("t", 1, []);
        var transactions = node.Transactions;
        var init = await transactions.InitAsync("x", 60_000, -1, -1, new Caller(1, IsThere));
        var producer = new TransactionalProducer("x", init.ProducerId, init.Epoch);
        await transactions.AddPartitionsAsync(producer, [new TopicPartitionName("t", 0)], new Caller(1, IsThere));
        await Assert.ThrowsAsync<OperationCanceledException>(() => transactions.EndAsync(producer, commit: true, new Caller(1, () => true)));
        Assert.Equal(TransactionState.Ongoing, transactions.Find("x")!.State);
        Assert.Equal(WireError.None, await transactions.EndAsync(producer, commit: false, new Caller(2, IsThere)));
    }

    [Fact]
    public async Task Epochs_that_run_out_bring_a_new_producer_id()
    {
        await using var node = Node();
        var caller = new Caller(1, IsThere);
        var first = await node.Transactions.InitAsync("x", 60_000, -1, -1, caller);
        node.Record(new TransactionChanged("x", first.ProducerId, short.MaxValue - 2, 60_000, TransactionState.Empty, -1, []) { UpdatedAt = node.Now });
        var last = await node.Transactions.InitAsync("x", 60_000, first.ProducerId, short.MaxValue - 2, caller);
        Assert.Equal((first.ProducerId, (short)(short.MaxValue - 1)), (last.ProducerId, last.Epoch));
        var rotated = await node.Transactions.InitAsync("x", 60_000, first.ProducerId, short.MaxValue - 1, caller);
        Assert.NotEqual(first.ProducerId, rotated.ProducerId);
        Assert.Equal(0, rotated.Epoch);
        Assert.Equal(rotated, await node.Transactions.InitAsync("x", 60_000, first.ProducerId, short.MaxValue - 1, caller));
    }

    [Fact]
    public async Task A_thousand_transactional_ids_share_their_fsyncs()
    {
        const int rounds = 3;
        var ids = Tier.Of(300, 1000);
        await using var node = Node();
        for (var t = 0; t < 8; t++) node.Create($"t{t}", 1, []);
        var before = _disk.Syncs;
        await Task.WhenAll(Enumerable.Range(0, ids).Select(i => Task.Run(() => RunAsync(node.Transactions, i, rounds))));
        var requests = ids * (1 + 2 * rounds);
        Assert.True(_disk.Syncs - before < requests / 2, $"{_disk.Syncs - before} fsyncs for {requests} requests");
        Assert.Equal(ids, node.Transactions.Ids.Count());
        Assert.All(node.Transactions.Ids, id => Assert.True(id.State is TransactionState.CompleteCommit or TransactionState.CompleteAbort));
        for (var t = 0; t < 8; t++) Assert.Equal(node.Find($"t{t}", 0)!.HighWatermark, node.Find($"t{t}", 0)!.LastStableOffset);
    }

    private BrokerNode Node()
    {
        Directory.CreateDirectory(_bed.Options.DataDirectory);
        var node = new BrokerNode(_bed.Options);
        node.Recover();
        return node;
    }

    private static async Task RunAsync(TransactionCoordinator transactions, int number, int rounds)
    {
        var caller = new Caller(number + 1, IsThere);
        var init = await transactions.InitAsync($"x{number}", 60_000, -1, -1, caller);
        var producer = new TransactionalProducer($"x{number}", init.ProducerId, init.Epoch);
        for (var round = 0; round < rounds; round++)
        {
            Assert.Equal(WireError.None, await transactions.AddPartitionsAsync(producer, [new TopicPartitionName($"t{number % 8}", 0)], caller));
            Assert.Equal(WireError.None, await transactions.EndAsync(producer, number % 2 == 0, caller));
        }
    }
}
