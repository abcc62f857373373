namespace Streams.Broker.Log;

internal sealed partial class PartitionLog
{
    /// <summary>The producers that the log knows, with the batches that a restart has to find to know them again.</summary>
    public IReadOnlyList<LiveProducer> LiveProducers()
    {
        lock (_gate) return [.. _producers.Values.Select(p => new LiveProducer(p.ProducerId, p.Epoch, [.. p.Batches.Select(b => b.BaseOffset)]))];
    }
}
