namespace Streams.Streaming.Runtime;

/// <summary>
/// Writes one store's changes to its partition of the changelog. Records are stamped with the clock's time, never with event time:
/// retention then cannot expire the state of old events.
/// </summary>
internal sealed class StoreChangelog(IRecordCollector collector, string topic, int partition, TimeProvider clock) : IChangelog
{
    private readonly int topicId = collector.Register(topic);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Send(key, Spans.OrNull(true, value));

    public void Delete(ReadOnlySpan<byte> key) => Send(key, default);

    private void Send(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        collector.Send(topicId, partition, Spans.OrNull(true, key), value, clock.GetUtcNow().ToUnixTimeMilliseconds(), null);
}
