using Confluent.Kafka;

namespace Streams.Broker.Tests.Transactions;

/// <summary>
/// Random transactions of several producers in one partition, next to a model of its log: every record, every marker, who is open since where, and
/// which transactions were aborted. A broker may name more aborted transactions than end in what it gives, which is <paramref name="exact"/> or not.
/// </summary>
public sealed class InterleavedTransactions(TransactionWire wire, string topic, int seed, bool exact)
{
    private const int Producers = 4;
    private readonly Random _random = new(seed);
    private readonly WireProducer[] _producers = new WireProducer[Producers];
    private readonly int[] _sequences = new int[Producers];
    private readonly long?[] _openSince = new long?[Producers];
    private readonly List<(long ProducerId, long First, long Marker)> _aborted = [];
    private long _end;
    private long _stable;

    public async Task RunAsync(int steps)
    {
        for (var p = 0; p < Producers; p++) _producers[p] = await wire.InitAsync($"{topic}-{p}");
        for (var step = 0; step < steps; step++)
        {
            var p = _random.Next(Producers);
            if (_openSince[p] is null || _random.Next(3) > 0) await WriteAsync(p);
            else await EndAsync(p, commit: _random.Next(2) == 0);
            await CheckAsync(_random.NextInt64(_end + 1));
        }
        for (var p = 0; p < Producers; p++)
        {
            if (_openSince[p] is not null) await EndAsync(p, commit: false);
        }
        for (var offset = 0; offset < _end; offset++) await CheckAsync(offset);
        Assert.Equal(_end, _stable);
    }

    private async Task WriteAsync(int p)
    {
        var count = _random.Next(1, 4);
        if (_openSince[p] is null) Assert.Equal(ErrorCode.NoError, await wire.AddAsync(_producers[p], topic));
        Assert.Equal((ErrorCode.NoError, _end), await wire.ProduceAsync(_producers[p], topic, _sequences[p], count));
        _openSince[p] ??= _end;
        _sequences[p] += count;
        _end += count;
    }

    private async Task EndAsync(int p, bool commit)
    {
        await wire.FinishAsync(_producers[p], commit);
        if (!commit) _aborted.Add((_producers[p].ProducerId, _openSince[p]!.Value, _end));
        _openSince[p] = null;
        _end++;
    }

    private async Task CheckAsync(long from)
    {
        var expectedStable = _openSince.Min() ?? _end;
        Assert.True(expectedStable >= _stable, $"seed {seed}: the model is wrong");
        _stable = expectedStable;
        var fetched = await wire.FetchAsync(topic, from, committed: true);
        Assert.True((_end, _stable) == (fetched.HighWatermark, fetched.StableOffset), $"seed {seed}, from {from}: ends are {fetched.HighWatermark}, {fetched.StableOffset}; expected {_end}, {_stable}");
        var later = _aborted.Where(a => a.Marker >= from).Select(a => (a.ProducerId, a.First)).ToList();
        var expected = later.Where(a => a.First < _stable && from < _stable).Order().ToList();
        var right = exact ? expected.SequenceEqual(fetched.Aborted.Order()) : !expected.Except(fetched.Aborted).Any() && !fetched.Aborted.Except(later).Any();
        Assert.True(right, $"seed {seed}, from {from}: aborted {string.Join(' ', fetched.Aborted)}; expected {string.Join(' ', expected)}");
        Assert.True(fetched.Batches.All(b => b.BaseOffset < _stable), $"seed {seed}: records of an open transaction");
        Assert.Equal(from >= _stable, fetched.Batches.Count == 0);
        Assert.Equal(from < _end, (await wire.FetchAsync(topic, from, committed: false)).Batches.Count > 0);
    }
}
