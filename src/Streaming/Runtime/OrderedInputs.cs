using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>Back-pressure of tasks with several inputs: what has many records waiting is fetched no further until most of them are processed.</summary>
internal sealed class OrderedInputs(ThreadContext thread, IConsumer<Ignore, Ignore> consumer)
{
    private readonly List<ActiveTask> found = [];

    /// <summary>The running tasks with several inputs; valid until the next call.</summary>
    public IReadOnlyList<ActiveTask> WithGroups(TaskSet tasks)
    {
        found.Clear();
        foreach (var task in tasks.All)
        {
            if (task.Group is not null && task.State == TaskState.Running)
                found.Add(task);
        }
        return found;
    }

    /// <summary>Pauses and resumes a task's inputs by the length of their queues.</summary>
    public void Balance(ActiveTask task)
    {
        if (task.State != TaskState.Running)
            return;
        foreach (var input in task.Inputs)
        {
            var buffered = task.Group!.Buffered(input);
            if (!input.Paused && buffered > thread.Config.BufferedRecordsPerPartition)
                consumer.Pause([input.Partition]);
            else if (input.Paused && buffered <= thread.Config.BufferedRecordsPerPartition / 2)
                consumer.Resume([input.Partition]);
            else
                continue;
            input.Paused = !input.Paused;
        }
    }

    /// <summary>A pause outlives its assignment: without this the partition would stand still if it came back.</summary>
    public void Forget(ActiveTask task)
    {
        var paused = task.Inputs.Where(i => i.Paused).ToList();
        if (paused.Count > 0)
            consumer.Resume(paused.Select(i => i.Partition));
        foreach (var input in paused)
            input.Paused = false;
    }
}
