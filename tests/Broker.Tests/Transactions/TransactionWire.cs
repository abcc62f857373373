using Confluent.Kafka;
using Streams.Broker.Tests.Contract;

namespace Streams.Broker.Tests.Transactions;

/// <summary>A producer id and epoch under a transactional id.</summary>
public sealed record WireProducer(string Id, long ProducerId, short Epoch);

public sealed record Fetched(ErrorCode Error, long HighWatermark, long StableOffset, List<(long ProducerId, long FirstOffset)> Aborted, List<FetchedBatch> Batches);

public sealed record DescribedTransaction(ErrorCode Error, string State, int TimeoutMs, long StartedAt, long ProducerId, short Epoch, List<(string Topic, int Partition)> Partitions);

public sealed record DescribedProducer(long ProducerId, int Epoch, int LastSequence, long LastTimestamp, int CoordinatorEpoch, long OpenOffset);

/// <summary>The transactional requests, frame by frame, on one connection.</summary>
public sealed class TransactionWire(WireClient client) : IDisposable
{
    private static readonly HashSet<ErrorCode> Loading = [ErrorCode.GroupLoadInProgress, ErrorCode.GroupCoordinatorNotAvailable, ErrorCode.NotCoordinatorForGroup];

    /// <summary>Connects, and waits until the broker's coordinators have started.</summary>
    public static async Task<TransactionWire> ConnectAsync(string bootstrapServers)
    {
        var wire = new TransactionWire(await WireClient.ConnectAsync(bootstrapServers));
        foreach (var kind in new[] { 0, 1 }) await UntilAsync(async () => !Loading.Contains(await wire.FindCoordinatorAsync("warm-up", kind)));
        await UntilAsync(async () => !Loading.Contains((await wire.TryInitAsync("warm-up")).Error));
        return wire;
    }

    public static async Task UntilAsync(Func<Task<bool>> reached)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await reached()) await Task.Delay(10, deadline.Token);
    }

    public async Task<ErrorCode> FindCoordinatorAsync(string key, int kind)
    {
        var answer = await client.CallAsync(10, 2, false, w => w.String(key).Int8(kind));
        answer.Int32();
        return (ErrorCode)answer.Int16();
    }

    public async Task<(ErrorCode Error, long ProducerId, short Epoch)> TryInitAsync(string? id, int timeoutMs = 60_000, long producerId = -1, int epoch = -1, short version = 4)
    {
        var answer = await client.CallAsync(22, version, version >= 2, w =>
        {
            w.String(id).Int32(timeoutMs);
            if (version >= 3) w.Int64(producerId).Int16(epoch);
            w.Tags();
        });
        answer.Int32();
        var result = ((ErrorCode)answer.Int16(), answer.Int64(), answer.Int16());
        answer.End();
        return result;
    }

    /// <summary>A new epoch, waiting for the end of what was open before.</summary>
    public async Task<WireProducer> InitAsync(string id, int timeoutMs = 60_000)
    {
        var result = await TryInitAsync(id, timeoutMs);
        await UntilAsync(async () => result.Error != ErrorCode.ConcurrentTransactions || (result = await TryInitAsync(id, timeoutMs)).Error != ErrorCode.ConcurrentTransactions);
        Assert.Equal(ErrorCode.NoError, result.Error);
        return new WireProducer(id, result.ProducerId, result.Epoch);
    }

    /// <summary>Adds one partition; CONCURRENT_TRANSACTIONS is answered while the markers of the transaction before are written, so that clients come again.</summary>
    public async Task<ErrorCode> AddAsync(WireProducer producer, string topic, int partition = 0, short version = 3)
    {
        var error = ErrorCode.ConcurrentTransactions;
        await UntilAsync(async () => (error = (await AddAsync(producer, version, (topic, partition)))[0]) != ErrorCode.ConcurrentTransactions);
        return error;
    }

    public async Task<ErrorCode[]> AddAsync(WireProducer producer, short version, params (string Topic, int Partition)[] partitions)
    {
        await SendAddAsync(producer, version, partitions);
        var answer = await client.ReceiveAsync();
        answer.Int32();
        var errors = answer.Array(t => (Topic: t.String()!, Partitions: t.Array(p => (Partition: p.Int32(), Error: (ErrorCode)p.Int16(), p.Tags())), t.Tags()))
            .SelectMany(t => t.Partitions.Select(p => (t.Topic, p.Partition, p.Error))).ToList();
        answer.End();
        return [.. partitions.Select(p => errors.Single(e => e.Topic == p.Topic && e.Partition == p.Partition).Error)];
    }

    public Task SendAddAsync(WireProducer producer, short version, params (string Topic, int Partition)[] partitions) =>
        client.SendAsync(24, version, version >= 3, w => Producer(w, producer)
            .Array(partitions.GroupBy(p => p.Topic).ToList(), (t, topic) => t.String(topic.Key).Int32s([.. topic.Select(p => p.Partition)]).Tags()).Tags());

    public async Task<ErrorCode> AddGroupAsync(WireProducer producer, string group, short version = 3)
    {
        var error = ErrorCode.ConcurrentTransactions;
        await UntilAsync(async () => (error = await TryAddGroupAsync(producer, group, version)) != ErrorCode.ConcurrentTransactions);
        return error;
    }

    public async Task<ErrorCode> TryAddGroupAsync(WireProducer producer, string group, short version = 3) =>
        Error(await client.CallAsync(25, version, version >= 3, w => Producer(w, producer).String(group).Tags()));

    public async Task<ErrorCode> EndAsync(WireProducer producer, bool commit, short version = 3)
    {
        await SendEndAsync(producer, commit, version);
        return Error(await client.ReceiveAsync());
    }

    public Task SendEndAsync(WireProducer producer, bool commit, short version = 3) =>
        client.SendAsync(26, version, version >= 3, w => Producer(w, producer).Bool(commit).Tags());

    public async Task<ErrorCode> ReceiveErrorAsync() => Error(await client.ReceiveAsync());

    /// <summary>Ends the transaction and waits until the markers are written.</summary>
    public async Task FinishAsync(WireProducer producer, bool commit)
    {
        Assert.Equal(ErrorCode.NoError, await EndAsync(producer, commit));
        await UntilAsync(async () => (await DescribeAsync(producer.Id)).State.StartsWith("Complete", StringComparison.Ordinal));
    }

    public async Task<ErrorCode> CommitOffsetAsync(
        WireProducer producer, string group, string topic, long offset, int generation = -1, string member = "", string? instance = null, short version = 3, int partition = 0, string? metadata = "")
    {
        var answer = await client.CallAsync(28, version, version >= 3, w =>
        {
            w.String(producer.Id).String(group).Int64(producer.ProducerId).Int16(producer.Epoch);
            if (version >= 3) w.Int32(generation).String(member).String(instance);
            w.Count(1).String(topic).Count(1).Int32(partition).Int64(offset);
            if (version >= 2) w.Int32(-1);
            w.String(metadata).Tags().Tags().Tags();
        });
        answer.Int32();
        var errors = answer.Array(t => (t.String(), Errors: t.Array(p => (p.Int32(), Error: (ErrorCode)p.Int16(), p.Tags())), t.Tags()));
        answer.End();
        return errors[0].Errors[0].Error;
    }

    /// <summary>The group's offset, -1 where there is none; with <paramref name="stable"/> what an open transaction may change is refused.</summary>
    public async Task<(ErrorCode Error, long Offset)> FetchOffsetAsync(string group, string topic, bool stable = true, int partition = 0)
    {
        var answer = await client.CallAsync(9, 7, true, w => w.String(group).Count(1).String(topic).Int32s(partition).Tags().Bool(stable).Tags());
        answer.Int32();
        var offsets = answer.Array(t => (t.String(), Partitions: t.Array(p => (p.Int32(), Offset: p.Int64(), p.Int32(), p.String(), Error: (ErrorCode)p.Int16(), p.Tags())), t.Tags()));
        return (offsets[0].Partitions[0].Error, offsets[0].Partitions[0].Offset);
    }

    /// <summary>Writes a transactional batch, waiting for the partition of a new topic to have its leader.</summary>
    public async Task<(ErrorCode Error, long BaseOffset)> ProduceAsync(WireProducer producer, string topic, int sequence, int count = 1, int partition = 0)
    {
        var batch = Batches.Build(producer.ProducerId, producer.Epoch, sequence, count);
        var result = (Error: ErrorCode.NotLeaderForPartition, BaseOffset: -1L);
        await UntilAsync(async () => (result = await ProduceAsync(producer.Id, topic, partition, [.. batch])).Error != ErrorCode.NotLeaderForPartition);
        return result;
    }

    public async Task<(ErrorCode Error, long BaseOffset)> ProduceAsync(string? id, string topic, int partition, byte[] batch)
    {
        await SendProduceAsync(id, topic, partition, batch);
        var answer = await client.ReceiveAsync();
        var topics = answer.Array(t => (t.String(), Partitions: t.Array(p =>
        {
            var result = (p.Int32(), Error: (ErrorCode)p.Int16(), Offset: p.Int64(), p.Int64(), p.Int64());
            p.Array(r => (r.Int32(), r.String(), r.Tags()));
            p.String();
            p.Tags();
            return result;
        }), t.Tags()));
        answer.Int32();
        answer.End();
        return (topics[0].Partitions[0].Error, topics[0].Partitions[0].Offset);
    }

    public Task SendProduceAsync(string? id, string topic, int partition, byte[] batch) =>
        client.SendAsync(0, 9, true, w => w.String(id).Int16(-1).Int32(10_000)
            .Count(1).String(topic).Count(1).Int32(partition).Bytes(batch).Tags().Tags().Tags());

    public async Task<Fetched> FetchAsync(string topic, long offset, bool committed, int partition = 0, int waitMs = 0)
    {
        var answer = await client.CallAsync(1, 11, false, w => w.Int32(-1).Int32(waitMs).Int32(1).Int32(50 << 20).Int8(committed ? 1 : 0).Int32(0).Int32(-1)
            .Count(1).String(topic).Count(1).Int32(partition).Int32(-1).Int64(offset).Int64(-1).Int32(50 << 20).Count(0).String(""));
        answer.Int32();
        answer.Int16();
        answer.Int32();
        return answer.Array(t => (t.String(), Partitions: t.Array(p =>
        {
            p.Int32();
            var (error, high, stable) = ((ErrorCode)p.Int16(), p.Int64(), p.Int64());
            p.Int64();
            var aborted = p.Array(a => (a.Int64(), a.Int64()));
            p.Int32();
            return new Fetched(error, high, stable, aborted, Batches.Read(p.Bytes() ?? []));
        }))).Single().Partitions.Single();
    }

    public async Task<DescribedTransaction> DescribeAsync(string id)
    {
        var answer = await client.CallAsync(65, 0, true, w => w.Strings(id).Tags());
        answer.Int32();
        var found = answer.Array(s =>
        {
            var (error, _, state, timeout, started, producer, epoch) = ((ErrorCode)s.Int16(), s.String(), s.String()!, s.Int32(), s.Int64(), s.Int64(), s.Int16());
            var topics = s.Array(t => (Topic: t.String()!, Partitions: t.Array(p => p.Int32()), t.Tags()));
            s.Tags();
            return new DescribedTransaction(error, state, timeout, started, producer, epoch, [.. topics.SelectMany(t => t.Partitions.Select(p => (t.Topic, p)))]);
        });
        answer.End();
        return found.Single();
    }

    public async Task<(ErrorCode Error, List<string> UnknownStates, List<(string Id, long ProducerId, string State)> Found)> ListAsync(
        string[]? states = null, long[]? producers = null, long duration = -1, string? pattern = null, short version = 2)
    {
        var answer = await client.CallAsync(66, version, true, w =>
        {
            w.Strings(states ?? []).Array(producers ?? [], (p, id) => p.Int64(id));
            if (version >= 1) w.Int64(duration);
            if (version >= 2) w.String(pattern);
            w.Tags();
        });
        answer.Int32();
        var error = (ErrorCode)answer.Int16();
        var unknown = answer.Array(s => s.String()!);
        var found = answer.Array(t => (Id: t.String()!, ProducerId: t.Int64(), State: t.String()!, t.Tags())).ConvertAll(t => (t.Id, t.ProducerId, t.State));
        answer.End();
        return (error, unknown, found);
    }

    public async Task<(ErrorCode Error, List<DescribedProducer> Producers)> DescribeProducersAsync(string topic, int partition = 0)
    {
        var answer = await client.CallAsync(61, 0, true, w => w.Count(1).String(topic).Int32s(partition).Tags().Tags());
        answer.Int32();
        var topics = answer.Array(t => (t.String(), Partitions: t.Array(p =>
        {
            p.Int32();
            var error = (ErrorCode)p.Int16();
            p.String();
            var producers = p.Array(s =>
            {
                var producer = new DescribedProducer(s.Int64(), s.Int32(), s.Int32(), s.Int64(), s.Int32(), s.Int64());
                s.Tags();
                return producer;
            });
            p.Tags();
            return (error, producers);
        }), t.Tags()));
        answer.End();
        return topics.Single().Partitions.Single();
    }

    /// <summary>Joins a group as its only member, a static one.</summary>
    public async Task<(int Generation, string Member)> JoinAsync(string group, string instance)
    {
        var joined = await client.CallAsync(11, 5, false, w => w.String(group).Int32(10_000).Int32(10_000).String("").String(instance).String("consumer")
            .Count(1).String("range").Bytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        joined.Int32();
        Assert.Equal(0, joined.Int16());
        var (generation, _, _, member) = (joined.Int32(), joined.String(), joined.String(), joined.String()!);
        await client.CallAsync(14, 3, false, w => w.String(group).Int32(generation).String(member).String(instance).Count(1).String(member).Bytes([0, 0]));
        return (generation, member);
    }

    public void Dispose() => client.Dispose();

    private static WireWriter Producer(WireWriter w, WireProducer producer) => w.String(producer.Id).Int64(producer.ProducerId).Int16(producer.Epoch);

    private static ErrorCode Error(WireReader answer)
    {
        answer.Int32();
        var error = (ErrorCode)answer.Int16();
        answer.End();
        return error;
    }
}
