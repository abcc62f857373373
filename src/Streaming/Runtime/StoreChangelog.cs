using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Writes one store's changes to its partition of the changelog. Records are stamped with the clock's time, never with event time:
/// retention then cannot expire the state of old events.
/// </summary>
internal sealed class StoreChangelog(IRecordCollector collector, string topic, int partition, TimeProvider clock) : IChangelog
{
    private readonly int topicId = collector.Register(topic);
    private CommitBuffer? local;
    private int localIndex;

    /// <summary>From now on everything goes into the buffer of the task's local log too, under the store's number.</summary>
    public void LogLocally(CommitBuffer buffer, int index) => (local, localIndex) = (buffer, index);

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Send(key, Spans.OrNull(true, value));
        local?.Add(localIndex, key, value, deleted: false);
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        Send(key, default);
        local?.Add(localIndex, key, default, deleted: true);
    }

    private void Send(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        collector.Send(topicId, partition, Spans.OrNull(true, key), value, clock.GetUtcNow().ToUnixTimeMilliseconds(), null);
}
