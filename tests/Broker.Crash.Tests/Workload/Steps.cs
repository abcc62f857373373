using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>The steps that scripts are made of: each asks the broker for something and writes down what was sent and what was answered.</summary>
internal sealed class Steps(Life life, Random random)
{
    private const int MostInFlight = 5;
    private readonly Dictionary<string, (Transaction Transaction, HashSet<Place> Places)> _open = new(StringComparer.Ordinal);

    private Knowledge Known => life.Known;

    private int Next => Known.Count;

    public void NeedTopic(string name, int partitions, params (string, string)[] configs)
    {
        if (!Known.Topics.ContainsKey(name)) CreateTopic(name, partitions, configs);
    }

    public void CreateTopic(string name, int partitions, params (string, string)[] configs)
    {
        life.Tell(new TopicWanted(name, partitions));
        // Told before the broker is asked: the topic may stand though its answer is lost.
        if (configs.Any(c => c.Item1 == "retention.bytes")) life.Tell(new StartWanted(new Place(name, 0), long.MaxValue));
        Done(life.Client.CreateTopic(name, partitions, configs), $"CreateTopics {name}");
        life.Tell(new TopicMade(name, partitions));
    }

    /// <summary>A topic that comes and goes under one of a few names.</summary>
    public void ToggleTopic()
    {
        var name = $"passing-{random.Next(3)}";
        if (!Known.Topics.ContainsKey(name))
        {
            CreateTopic(name, random.Next(1, 4));
            return;
        }
        life.Tell(new TopicUnwanted(name));
        Done(life.Client.DeleteTopic(name), $"DeleteTopics {name}");
        life.Tell(new TopicRemoved(name));
    }

    public void AddPartitions()
    {
        var (name, topic) = Known.Topics.ElementAt(random.Next(Known.Topics.Count));
        if (topic.Promised >= 6 || name is Script.Kept or Script.Compacted) return;
        life.Tell(new TopicWanted(name, topic.Promised + 1));
        Done(life.Client.CreatePartitions(name, topic.Promised + 1), $"CreatePartitions {name}");
        life.Tell(new TopicMade(name, topic.Promised + 1));
    }

    public void NewProducer() => Resumption.Begin(life, null);

    public void Produce() => SendAll([NewBatch]);

    /// <summary>Several batches on the way at once.</summary>
    public void Burst() => SendAll([.. Enumerable.Repeat<Func<SentBatch>>(NewBatch, random.Next(2, MostInFlight + 1))]);

    /// <summary>The next thing that one of a few transactional producers does.</summary>
    public void Transact()
    {
        var id = $"tx-{random.Next(3)}";
        if (!Known.Transactional.ContainsKey(id)) Resumption.Begin(life, id);
        else if (!_open.ContainsKey(id)) Open(id);
        else Proceed(id);
    }

    public void CommitOffset()
    {
        var key = new OffsetKey($"group-{random.Next(2)}", AnyPlace(passing: false));
        var offset = Next;
        life.Tell(new OffsetSent(key, offset, null));
        Done(life.Client.CommitOffset(key.Group, key.Place, offset), $"OffsetCommit {key}");
        life.Tell(new OffsetStands(key, offset));
    }

    public void DeleteRecords()
    {
        var place = AnyPlace(passing: true);
        var offsets = Known.Partition(place).Batches.Where(b => b.Offset is not null).Select(b => b.Offset!.Value).ToList();
        if (offsets.Count == 0) return;
        var offset = offsets[random.Next(offsets.Count)] + random.Next(2);
        if (offset < Known.Partition(place).Start) return;
        life.Tell(new StartWanted(place, offset));
        Done(life.Client.DeleteRecords(place, offset), $"DeleteRecords {place} {offset}");
        life.Tell(new StartMoved(place, offset));
    }

    /// <summary>Time for what the broker does of itself: retention, condensing of the journal, compaction.</summary>
    public void Wait() => life.Time.Advance(Life.MaintenanceInterval);

    public void ProduceToKept() => ProduceTo(Script.Kept);

    public void ProduceToCompacted() => ProduceTo(Script.Compacted);

    public void Restart()
    {
        life.Restart();
        Verifier.Logs(life);
    }

    private static void Done(int error, FormattableString what) => Violation.If(error != 0, $"{FormattableString.Invariant(what)}: error {error}");

    private void ProduceTo(string topic)
    {
        if (Known.Topics.ContainsKey(topic)) SendAll([.. Enumerable.Repeat<Func<SentBatch>>(() => NewBatch(new Place(topic, 0)), random.Next(1, MostInFlight + 1))]);
    }

    private void SendAll(Func<SentBatch>[] batches) => SendAll(batches, transactionalId: null);

    private void SendAll(IReadOnlyList<Func<SentBatch>> batches, string? transactionalId)
    {
        var sent = new List<SentBatch>();
        foreach (var make in batches)
        {
            var batch = make();
            life.Tell(new Sent(batch));
            life.Client.SendProduce(batch.Place, batch.Batch.Bytes, transactionalId);
            sent.Add(batch);
        }
        var refused = 0;
        foreach (var batch in sent)
        {
            var (error, offset) = life.Client.ReceiveProduce();
            if (error != 0) refused = error;
            life.Tell(error == 0 ? new Stands(batch, offset) : new Gone(batch));
        }
        Done(refused, $"one of {string.Join(", ", sent)}");
    }

    private SentBatch NewBatch() => NewBatch(AnyPlace(passing: true));

    private SentBatch NewBatch(Place place)
    {
        if (Known.Producers.Count == 0 || random.Next(3) == 0) return Make(place, Stamp.Plain, null);
        var producer = Known.Producers[random.Next(Math.Max(0, Known.Producers.Count - 4), Known.Producers.Count)];
        return Make(place, producer with { Sequence = Known.NextSequence(producer.ProducerId, place) }, null);
    }

    private SentBatch Make(Place place, Stamp stamp, Transaction? transaction)
    {
        var number = Next;
        var records = Enumerable.Range(0, random.Next(1, 4)).Select(r =>
        {
            var value = new byte[8 + random.Next(random.Next(4) == 0 ? 700 : 60)];
            random.NextBytes(value);
            BitConverter.TryWriteBytes(value, ((long)number << 8) + r);
            return ((string?)$"k{random.Next(8)}", value);
        }).ToList();
        return new SentBatch(number, place, stamp, new Batch(Batch.Create(stamp, transaction is not null, life.Time.Milliseconds, records)), transaction);
    }

    private Place AnyPlace(bool passing)
    {
        var topics = Known.Topics.Where(t => t.Value.Promised > 0 && t.Key != Script.Compacted && (passing || !t.Key.StartsWith("passing", StringComparison.Ordinal))).ToList();
        var (name, topic) = topics[random.Next(topics.Count)];
        return new Place(name, random.Next(topic.Promised));
    }

    private void Open(string id)
    {
        var transaction = new Transaction(Next, id);
        var places = Enumerable.Range(0, random.Next(1, 4)).Select(_ => AnyPlace(passing: false)).ToHashSet();
        Done(Patience.With(life, () => life.Client.AddPartitions(id, Known.Transactional[id], places)), $"AddPartitionsToTxn {id}");
        _open[id] = (transaction, places);
    }

    private void Proceed(string id)
    {
        var (transaction, places) = _open[id];
        switch (random.Next(7))
        {
            case < 3: ProduceIn(transaction, places); break;
            case 3: OffsetIn(transaction); break;
            case < 6: End(transaction, commit: random.Next(4) > 0); break;
            default: Abandon(transaction); break;
        }
    }

    private void ProduceIn(Transaction transaction, HashSet<Place> places)
    {
        var (id, wanted) = (transaction.TransactionalId, places.Where(_ => random.Next(2) == 0).ToList());
        SendAll([.. wanted.Select<Place, Func<SentBatch>>(place => () =>
        {
            var producer = Known.Transactional[id];
            return Make(place, producer with { Sequence = Known.NextSequence(producer.ProducerId, place) }, transaction);
        })], id);
    }

    private void OffsetIn(Transaction transaction)
    {
        var (id, offset) = (transaction.TransactionalId, Next);
        var key = new OffsetKey($"of-{id}", new Place("a", random.Next(2)));
        Done(Patience.With(life, () => life.Client.AddOffsets(id, Known.Transactional[id], key.Group)), $"AddOffsetsToTxn {id}");
        life.Tell(new OffsetSent(key, offset, transaction));
        Done(life.Client.CommitOffset(id, Known.Transactional[id], key.Group, key.Place, offset), $"TxnOffsetCommit {id}");
    }

    private void End(Transaction transaction, bool commit)
    {
        var id = transaction.TransactionalId;
        life.Tell(new EndWanted(transaction, commit));
        Done(Patience.With(life, () => life.Client.EndTransaction(id, Known.Transactional[id], commit)), $"EndTxn {id}");
        life.Tell(new Ended(transaction, commit));
        _open.Remove(id);
    }

    /// <summary>A producer that comes anew ends what its older self left open.</summary>
    private void Abandon(Transaction transaction)
    {
        life.Tell(new EndWanted(transaction, false));
        Resumption.Begin(life, transaction.TransactionalId);
        life.Tell(new Ended(transaction, false));
        _open.Remove(transaction.TransactionalId);
    }
}
