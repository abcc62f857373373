using Streams.Broker.Metadata;

namespace Streams.Broker.Transactions;

/// <summary>
/// Producer ids, each handed out once for ever. They are reserved in blocks, as Kafka does: a block is on disk before its first id is used,
/// and what a restart leaves of it is skipped.
/// </summary>
internal sealed class ProducerIds(Node node)
{
    public const int BlockSize = 1000;
    private readonly Lock _gate = new();
    private long _reserved;
    private long _next;
    private long _end;
    private Task? _reserving;

    public void Apply(ProducerIdTaken entry) => _reserved = Math.Max(_reserved, entry.ProducerId + 1);

    public IEnumerable<JournalEntry> Snapshot() => _reserved == 0 ? [] : [new ProducerIdTaken(_reserved - 1)];

    /// <summary>The next id.</summary>
    /// <exception cref="IOException">A new block could not be reserved.</exception>
    public async ValueTask<long> TakeAsync()
    {
        while (true)
        {
            Task reserving;
            lock (_gate)
            {
                if (_next < _end) return _next++;
                if (_reserving is null or { IsCompleted: true }) _reserving = ReserveAsync();
                reserving = _reserving;
            }
            await reserving;
        }
    }

    private async Task ReserveAsync()
    {
        var first = _reserved;
        node.Record(new ProducerIdTaken(first + BlockSize - 1));
        await node.Journal.FlushAsync();
        lock (_gate) (_next, _end) = (first, first + BlockSize);
    }
}
