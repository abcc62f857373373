using Streams.Broker.Crash.Tests.Wire;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>All that clients know, added up from events: what the broker owes after a crash, and what it may have beyond that.</summary>
internal sealed class Knowledge
{
    private readonly Dictionary<(long, Place), int> _nextSequences = [];

    public Dictionary<string, TopicFact> Topics { get; } = new(StringComparer.Ordinal);

    public Dictionary<Place, PartitionFact> Partitions { get; } = [];

    public Dictionary<Transaction, TransactionFact> Transactions { get; } = [];

    public Dictionary<OffsetKey, OffsetFact> Offsets { get; } = [];

    public HashSet<long> ProducerIds { get; } = [];

    /// <summary>Idempotent producers.</summary>
    public List<Stamp> Producers { get; } = [];

    public Dictionary<string, Stamp> Transactional { get; } = new(StringComparer.Ordinal);

    /// <summary>Batches, transactions and offsets are numbered as they are sent.</summary>
    public int Count { get; private set; }

    /// <param name="promised">Of so many events all is known; of later ones no answer came in time, so that they only may have happened.</param>
    public static Knowledge Of(IReadOnlyList<Event> events, int? promised = null)
    {
        var knowledge = new Knowledge();
        for (var i = 0; i < events.Count; i++)
        {
            if (i < (promised ?? events.Count) || events[i] is TopicWanted or TopicUnwanted or Sent or EndWanted or OffsetSent or StartWanted or ProducerWanted) knowledge.Apply(events[i]);
        }
        return knowledge;
    }

    public PartitionFact Partition(Place place) => Get(Partitions, place);

    public int NextSequence(long producerId, Place place) => _nextSequences.GetValueOrDefault((producerId, place));

    public void Apply(Event told)
    {
        Count++;
        switch (told)
        {
            case TopicWanted e: Get(Topics, e.Name).Wanted = e.Partitions; break;
            case TopicMade e: Made(e); break;
            case TopicUnwanted e: Topics[e.Name].MayBeGone = true; break;
            case TopicRemoved e: Forget(e.Name); break;
            case Sent e: Add(e.Batch); break;
            case Stands e: Partition(e.Batch.Place).Batches.Single(b => b.Batch == e.Batch).Offset = e.Offset; break;
            case Gone e: Remove(e.Batch); break;
            case EndWanted e: Want(e); break;
            case Ended e: End(e); break;
            case OffsetSent { Transaction: { } transaction } e: Of(transaction).Offsets.Add((e.Key, e.Offset)); break;
            case OffsetSent e: Get(Offsets, e.Key).Possible.Add((e.Offset, null)); break;
            case OffsetStands e: Promise(e.Key, e.Offset); break;
            case StartWanted e: Want(e); break;
            case StartMoved e: Partition(e.Place).Start = Math.Max(Partition(e.Place).Start, e.Offset); break;
            case ProducerWanted { TransactionalId: { } id }: Transactional.TryAdd(id, Stamp.Plain); break;
            case ProducerWanted: break;
            case ProducerGiven e: Give(e); break;
            default: throw new ArgumentException($"unknown event {told}");
        }
    }

    private static TValue Get<TKey, TValue>(Dictionary<TKey, TValue> facts, TKey key) where TKey : notnull where TValue : new() =>
        facts.TryGetValue(key, out var fact) ? fact : facts[key] = new TValue();

    private TransactionFact Of(Transaction transaction) =>
        Transactions.TryGetValue(transaction, out var fact) ? fact : Transactions[transaction] = new TransactionFact(transaction);

    private void Made(TopicMade e)
    {
        var topic = Get(Topics, e.Name);
        topic.Promised = topic.Wanted = e.Partitions;
        topic.MayBeGone = false;
    }

    private void Forget(string topic)
    {
        Topics.Remove(topic);
        foreach (var place in Partitions.Keys.Where(p => p.Topic == topic).ToArray()) Partitions.Remove(place);
        foreach (var key in _nextSequences.Keys.Where(k => k.Item2.Topic == topic).ToArray()) _nextSequences.Remove(key);
    }

    private void Add(SentBatch batch)
    {
        var partition = Partition(batch.Place);
        if (partition.Batches.Any(b => b.Batch == batch)) return;
        partition.Batches.Add(new BatchFact(batch));
        if (batch.Stamp.ProducerId >= 0) _nextSequences[(batch.Stamp.ProducerId, batch.Place)] = batch.Stamp.Sequence + batch.Batch.Count;
        if (batch.Transaction is { } transaction) Of(transaction).Batches.Add(batch);
    }

    /// <summary>An idempotent producer whose batch was refused is at its end: what it sent later may be there, so that its sequence has a hole.</summary>
    private void Remove(SentBatch batch)
    {
        Partition(batch.Place).Batches.RemoveAll(b => b.Batch == batch);
        if (batch.Stamp.ProducerId >= 0) Producers.RemoveAll(p => p.ProducerId == batch.Stamp.ProducerId);
    }

    private void Want(StartWanted e)
    {
        var partition = Partition(e.Place);
        partition.WantedStart = Math.Max(partition.WantedStart, e.Offset);
        if (e.Offset < long.MaxValue) partition.DeletedTo = Math.Max(partition.DeletedTo, e.Offset);
    }

    private void Want(EndWanted e)
    {
        var transaction = Of(e.Transaction);
        transaction.CommitWanted = e.Commit;
        if (!e.Commit) return;
        foreach (var (key, offset) in transaction.Offsets) Get(Offsets, key).Possible.Add((offset, e.Transaction));
    }

    private void End(Ended e)
    {
        var transaction = Of(e.Transaction);
        transaction.Outcome = e.Commit;
        foreach (var (key, offset) in transaction.Offsets)
        {
            if (e.Commit) Promise(key, offset);
            else Get(Offsets, key).Possible.RemoveAll(p => p.Transaction == e.Transaction);
        }
    }

    private void Promise(OffsetKey key, long offset)
    {
        var fact = Get(Offsets, key);
        fact.Promised = offset;
        fact.Possible.RemoveAll(p => p.Offset <= offset);
    }

    private void Give(ProducerGiven e)
    {
        ProducerIds.Add(e.ProducerId);
        if (e.TransactionalId is null)
        {
            Producers.Add(new Stamp(e.ProducerId, e.Epoch, 0));
            return;
        }
        Transactional[e.TransactionalId] = new Stamp(e.ProducerId, e.Epoch, 0);
        foreach (var key in _nextSequences.Keys.Where(k => k.Item1 == e.ProducerId).ToArray()) _nextSequences.Remove(key);
    }
}
