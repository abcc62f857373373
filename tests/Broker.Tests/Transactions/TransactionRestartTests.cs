using Confluent.Kafka;

namespace Streams.Broker.Tests.Transactions;

/// <summary>Kill points are heard of by every broker of the process: these tests run while no other does.</summary>
[CollectionDefinition(nameof(KillPoints), DisableParallelization = true)]
public sealed class KillPoints;

/// <summary>What is left of a transaction when the broker is killed at any step of its end.</summary>
[Collection(nameof(KillPoints))]
public sealed class TransactionRestartTests : IAsyncLifetime
{
    private const int Partitions = 3;
    private readonly TransactionBed _bed = new();
    private TransactionWire _wire = null!;

    public async Task InitializeAsync()
    {
        _wire = await _bed.StartAsync();
        await _bed.CreateTopicAsync("t", Partitions);
    }

    public async Task DisposeAsync()
    {
        _wire.Dispose();
        await _bed.DisposeAsync();
    }

    public static TheoryData<string, bool> Steps
    {
        get
        {
            var steps = new TheoryData<string, bool>();
            foreach (var point in new[] { "journal_entry", "journal_fsync", "decision", "marker", "markers", "completion" })
            {
                steps.Add($"broker.after_{point}", true);
                steps.Add($"broker.after_{point}", false);
            }
            steps.Add("broker.before_decision", true);
            return steps;
        }
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_kill_leaves_the_transaction_whole_in_every_partition_and_the_group(string point, bool commit)
    {
        var producer = await BeginAsync("x", 7);
        string? copy = null;
        KillPoint.Hook = reached =>
        {
            if (reached == point && copy is null) copy = _bed.Copy();
        };
        await _wire.EndAsync(producer, commit);
        KillPoint.Hook = null;
        Assert.NotNull(copy);
        _bed.Options = _bed.Options with { DataDirectory = copy };
        _wire = await _bed.StartAsync();
        await CheckAsync(producer, commit);
        _wire = await _bed.StartAsync();
        await CheckAsync(producer, commit);
    }

    [Fact]
    public async Task An_open_transaction_goes_on_after_a_restart()
    {
        var producer = await BeginAsync("x", 7);
        _wire = await _bed.StartAsync();
        Assert.Equal(ErrorCode.UnstableOffsetCommit, (await _wire.FetchOffsetAsync("g", "t")).Error);
        Assert.Equal(0, (await _wire.FetchAsync("t", 0, committed: true)).StableOffset);
        Assert.Equal((ErrorCode.NoError, 1L), await _wire.ProduceAsync(producer, "t", 1));
        Assert.Equal((ErrorCode.NoError, 0L), await _wire.ProduceAsync(producer, "t", 0));
        await _wire.FinishAsync(producer, commit: true);
        Assert.Equal((ErrorCode.NoError, 7), await _wire.FetchOffsetAsync("g", "t"));
        Assert.Equal(3, (await _wire.FetchAsync("t", 0, committed: true)).StableOffset);
    }

    [Fact]
    public async Task A_condensed_journal_says_the_same()
    {
        var (open, ended) = (await BeginAsync("open", 7), await BeginAsync("ended", 8));
        await _wire.FinishAsync(ended, commit: true);
        var bumped = await _wire.TryInitAsync("ended", 60_000, ended.ProducerId, ended.Epoch);
        _bed.Options = _bed.Options with { JournalCondenseBytes = 1, RetentionCheckInterval = TimeSpan.FromMilliseconds(20) };
        _wire = await _bed.StartAsync();
        var journal = new FileInfo(Path.Combine(_bed.Options.DataDirectory, "journal"));
        var before = journal.Length;
        for (var i = 0; i < 50; i++) await _wire.CommitOffsetAsync(open, "g", "t", 7);
        await TransactionWire.UntilAsync(() => Task.FromResult(new FileInfo(journal.FullName).Length < before + 2000));
        _wire = await _bed.StartAsync();
        Assert.Equal(bumped, await _wire.TryInitAsync("ended", 60_000, ended.ProducerId, ended.Epoch));
        var described = await _wire.DescribeAsync("open");
        Assert.Equal(("Ongoing", Partitions), (described.State, described.Partitions.Count));
        await _wire.FinishAsync(open, commit: true);
        Assert.Equal((ErrorCode.NoError, 7), await _wire.FetchOffsetAsync("g", "t"));
        Assert.True((await _wire.InitAsync("another")).ProducerId > Math.Max(open.ProducerId, ended.ProducerId));
    }

    [Fact]
    public async Task The_journal_grows_by_what_a_request_adds()
    {
        var producer = await BeginAsync("x", 1);
        var journal = Path.Combine(_bed.Options.DataDirectory, "journal");
        async Task<long> GrowthAsync(int from)
        {
            var before = new FileInfo(journal).Length;
            for (var i = from; i < from + 100; i++) Assert.Equal(ErrorCode.NoError, await _wire.CommitOffsetAsync(producer, "g", "t", i, partition: i % Partitions));
            return new FileInfo(journal).Length - before;
        }
        var first = await GrowthAsync(1000);
        await GrowthAsync(1100);
        Assert.InRange(await GrowthAsync(1200), first / 2, first * 3 / 2);
    }

    [Fact]
    public async Task No_producer_id_is_given_twice_whatever_the_broker_survives()
    {
        var given = new List<long>();
        for (var round = 0; round < 4; round++)
        {
            var wires = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _bed.ConnectAsync()));
            var taken = await Task.WhenAll(wires.Select(async wire =>
            {
                var ids = new List<long>();
                for (var i = 0; i < 300; i++) ids.Add((await wire.TryInitAsync(null)).ProducerId);
                return ids;
            }));
            given.AddRange(taken.SelectMany(ids => ids));
            if (round % 2 == 0) _bed.Options = _bed.Options with { DataDirectory = _bed.Copy() };
            _wire = await _bed.StartAsync();
        }
        Assert.Equal(given.Count, given.Distinct().Count());
    }

    [Fact]
    public async Task Producers_are_known_after_a_restart()
    {
        var (_, id, _) = await _wire.TryInitAsync(null);
        byte[] Batch(int sequence, int epoch = 1) => Batches.Build(id, epoch, sequence, transactional: false);
        for (var i = 0; i < 6; i++) Assert.Equal((ErrorCode.NoError, (long)i), await _wire.ProduceAsync(null, "t", 0, Batch(i)));
        _wire = await _bed.StartAsync();
        for (var i = 5; i > 0; i--) Assert.Equal((ErrorCode.NoError, (long)i), await _wire.ProduceAsync(null, "t", 0, Batch(i)));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await _wire.ProduceAsync(null, "t", 0, Batch(7))).Error);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await _wire.ProduceAsync(null, "t", 0, Batch(6, 0))).Error);
        Assert.Equal((ErrorCode.NoError, 6L), await _wire.ProduceAsync(null, "t", 0, Batch(6)));
    }

    private async Task<WireProducer> BeginAsync(string id, long offset)
    {
        var producer = await _wire.InitAsync(id);
        for (var p = 0; p < Partitions; p++)
        {
            Assert.Equal(ErrorCode.NoError, await _wire.AddAsync(producer, "t", p));
            Assert.Equal(ErrorCode.NoError, (await _wire.ProduceAsync(producer, "t", 0, 1, p)).Error);
        }
        Assert.Equal(ErrorCode.NoError, await _wire.AddGroupAsync(producer, "g"));
        Assert.Equal(ErrorCode.NoError, await _wire.CommitOffsetAsync(producer, "g", "t", offset));
        return producer;
    }

    private async Task CheckAsync(WireProducer producer, bool commit)
    {
        Assert.Equal(commit ? "CompleteCommit" : "CompleteAbort", (await _wire.DescribeAsync(producer.Id)).State);
        for (var p = 0; p < Partitions; p++)
        {
            var fetched = await _wire.FetchAsync("t", 0, committed: true, p);
            Assert.Equal((2, 2), (fetched.HighWatermark, fetched.StableOffset));
            Assert.Equal(commit ? [] : [(producer.ProducerId, 0L)], fetched.Aborted);
            Assert.Equal((true, commit), (fetched.Batches[1].IsControl, fetched.Batches[1].IsCommit));
        }
        Assert.Equal((ErrorCode.NoError, commit ? 7 : -1), await _wire.FetchOffsetAsync("g", "t"));
        Assert.Empty((await _wire.ListAsync(["Ongoing", "PrepareCommit", "PrepareAbort"])).Found);
        Assert.Equal(ErrorCode.NoError, await _wire.EndAsync(producer, commit));
    }
}
