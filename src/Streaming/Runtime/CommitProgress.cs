using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>What the application's threads have committed; others may wait for it.</summary>
internal sealed class CommitProgress
{
    private readonly Lock gate = new();
    private readonly Dictionary<TopicPartition, long> offsets = [];
    private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyDictionary<TopicPartition, long> Snapshot()
    {
        lock (gate)
            return new Dictionary<TopicPartition, long>(offsets);
    }

    public void Set(IEnumerable<InputPartition> inputs)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            foreach (var input in inputs)
                offsets[input.Partition] = input.Committed;
            (signal, changed) = (changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        signal.SetResult();
    }

    public async Task WaitAsync(IReadOnlyDictionary<TopicPartition, long> ends, Task failure, CancellationToken cancellation)
    {
        while (true)
        {
            Task change;
            lock (gate)
            {
                if (ends.All(e => offsets.GetValueOrDefault(e.Key) >= e.Value))
                    return;
                change = changed.Task;
            }
            if (await Task.WhenAny(change, failure).WaitAsync(cancellation) == failure)
            {
                await failure;
                throw new StreamsException("stopped before the offsets were committed");
            }
        }
    }
}
