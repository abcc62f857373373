namespace Streams.Broker.Crash.Tests.Wire;

internal readonly record struct Place(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}-{Partition}";
}

/// <summary>What a fetch said of one partition.</summary>
internal sealed record Fetched(Place Place, int Error, long HighWatermark, long StableOffset, List<(long ProducerId, long FirstOffset)> Aborted, List<Batch> Batches);

/// <summary>The requests that the checks need, in versions of the plain encoding.</summary>
internal sealed class Client(string bootstrapServers) : IDisposable
{
    public const int StorageError = 56;
    private const int Largest = 50 << 20;
    private readonly Connection _connection = new(bootstrapServers);

    public void Dispose() => _connection.Dispose();

    /// <summary>Topics with the number of their partitions.</summary>
    public Dictionary<string, int> Metadata()
    {
        var answer = _connection.Ask(3, 1, w => w.Int32(-1));
        answer.Array(r => (r.Int32(), r.Text(), r.Int32(), r.Text()));
        answer.Int32();
        var topics = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var left = answer.Int32(); left > 0; left--)
        {
            answer.Int16();
            var name = answer.Text()!;
            answer.Int8();
            topics[name] = answer.Array(r => (r.Int16(), r.Int32(), r.Int32(), r.Array(i => i.Int32()), r.Array(i => i.Int32()))).Count;
        }
        return topics;
    }

    public int CreateTopic(string name, int partitions, params (string Key, string Value)[] configs)
    {
        var answer = _connection.Ask(19, 2, w => w.Int32(1).Text(name).Int32(partitions).Int16(1).Int32(0)
            .Array(configs, (c, config) => c.Text(config.Key).Text(config.Value)).Int32(30_000).Int8(0));
        answer.Int32();
        return answer.Array(r => (r.Text(), Error: r.Int16(), r.Text()))[0].Error;
    }

    public int DeleteTopic(string name)
    {
        var answer = _connection.Ask(20, 1, w => w.Int32(1).Text(name).Int32(30_000));
        answer.Int32();
        return answer.Array(r => (r.Text(), Error: r.Int16()))[0].Error;
    }

    public int CreatePartitions(string name, int count)
    {
        var answer = _connection.Ask(37, 0, w => w.Int32(1).Text(name).Int32(count).Int32(-1).Int32(30_000).Int8(0));
        answer.Int32();
        return answer.Array(r => (r.Text(), Error: r.Int16(), r.Text()))[0].Error;
    }

    public int DeleteRecords(Place place, long offset)
    {
        var answer = _connection.Ask(21, 0, w => w.Int32(1).Text(place.Topic).Int32(1).Int32(place.Partition).Int64(offset).Int32(30_000));
        answer.Int32();
        return answer.Topics((r, _) => (r.Int32(), r.Int64(), Error: r.Int16()))[0].Error;
    }

    public (int Error, long ProducerId, short Epoch) InitProducerId(string? transactionalId)
    {
        var answer = _connection.Ask(22, 0, w => w.Text(transactionalId).Int32(60_000));
        answer.Int32();
        return (answer.Int16(), answer.Int64(), answer.Int16());
    }

    public void SendProduce(Place place, byte[] batch, string? transactionalId) =>
        _connection.Send(0, 7, w => w.Text(transactionalId).Int16(-1).Int32(30_000).Int32(1).Text(place.Topic).Int32(1).Int32(place.Partition).Bytes(batch));

    public (int Error, long Offset) ReceiveProduce() =>
        _connection.Receive().Topics((r, _) => (r.Int32(), Error: (int)r.Int16(), Offset: r.Int64(), r.Int64(), r.Int64())).Select(p => (p.Error, p.Offset)).Single();

    public (int Error, long Offset) Produce(Place place, byte[] batch, string? transactionalId = null)
    {
        SendProduce(place, batch, transactionalId);
        return ReceiveProduce();
    }

    /// <summary>The first offsets that may be read.</summary>
    public Dictionary<Place, (int Error, long Offset)> Starts(IEnumerable<Place> places)
    {
        var answer = _connection.Ask(2, 1, w => w.Int32(-1).Topics(places, p => p.Topic, (p, place) => p.Int32(place.Partition).Int64(-2)));
        return answer.Topics((r, topic) => (Place: new Place(topic, r.Int32()), Error: r.Int16(), r.Int64(), Offset: r.Int64())).ToDictionary(p => p.Place, p => ((int)p.Error, p.Offset));
    }

    public List<Fetched> Fetch(IEnumerable<(Place Place, long Offset)> from, bool committed)
    {
        var answer = _connection.Ask(1, 11, w => w.Int32(-1).Int32(0).Int32(0).Int32(Largest).Int8(committed ? 1 : 0).Int32(0).Int32(-1)
            .Topics(from, f => f.Place.Topic, (p, f) => p.Int32(f.Place.Partition).Int32(-1).Int64(f.Offset).Int64(-1).Int32(Largest)).Int32(0).Text(""));
        answer.Int32();
        if (answer.Int16() is var error and not 0) throw new InvalidDataException($"fetch refused with {error}");
        answer.Int32();
        return answer.Topics((r, topic) =>
        {
            var place = new Place(topic, r.Int32());
            var (code, high, stable) = (r.Int16(), r.Int64(), r.Int64());
            r.Int64();
            var aborted = r.Array(a => (a.Int64(), a.Int64()));
            r.Int32();
            return new Fetched(place, code, high, stable, aborted, Batch.Split(r.Bytes()));
        });
    }

    public int AddPartitions(string transactionalId, Stamp producer, IEnumerable<Place> places)
    {
        var answer = _connection.Ask(24, 0, w => w.Text(transactionalId).Int64(producer.ProducerId).Int16(producer.Epoch).Topics(places, p => p.Topic, (p, place) => p.Int32(place.Partition)));
        answer.Int32();
        return answer.Topics((r, _) => (r.Int32(), Error: r.Int16())).Max(p => p.Error);
    }

    public int AddOffsets(string transactionalId, Stamp producer, string group)
    {
        var answer = _connection.Ask(25, 0, w => w.Text(transactionalId).Int64(producer.ProducerId).Int16(producer.Epoch).Text(group));
        answer.Int32();
        return answer.Int16();
    }

    public int CommitOffset(string transactionalId, Stamp producer, string group, Place place, long offset)
    {
        var answer = _connection.Ask(28, 0, w => w.Text(transactionalId).Text(group).Int64(producer.ProducerId).Int16(producer.Epoch)
            .Int32(1).Text(place.Topic).Int32(1).Int32(place.Partition).Int64(offset).Text(null));
        answer.Int32();
        return answer.Topics((r, _) => (r.Int32(), Error: r.Int16()))[0].Error;
    }

    public int CommitOffset(string group, Place place, long offset)
    {
        var answer = _connection.Ask(8, 2, w => w.Text(group).Int32(-1).Text("").Int64(-1).Int32(1).Text(place.Topic).Int32(1).Int32(place.Partition).Int64(offset).Text(null));
        return answer.Topics((r, _) => (r.Int32(), Error: r.Int16()))[0].Error;
    }

    /// <summary>The group's committed offset of a partition; -1 where it has none.</summary>
    public (int Error, long Offset) Offset(string group, Place place)
    {
        var answer = _connection.Ask(9, 1, w => w.Text(group).Int32(1).Text(place.Topic).Int32(1).Int32(place.Partition));
        var (_, offset, _, error) = answer.Topics((r, _) => (r.Int32(), r.Int64(), r.Text(), r.Int16()))[0];
        return (error, offset);
    }

    public int EndTransaction(string transactionalId, Stamp producer, bool commit)
    {
        var answer = _connection.Ask(26, 0, w => w.Text(transactionalId).Int64(producer.ProducerId).Int16(producer.Epoch).Int8(commit ? 1 : 0));
        answer.Int32();
        return answer.Int16();
    }
}
