using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Inputs of which the consumer says that their position is not in the log. Where a broker has just come back this may be so for a moment only, or be
/// concluded from an older leader epoch; so the log itself is asked, and only what it really does not have any more is an error.
/// </summary>
internal sealed class LostPlaces(ThreadContext thread, TaskSet tasks, GroupMembership membership)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);
    private readonly List<InputPartition> lost = [];
    private long since;

    public void Add(InputPartition input, string message)
    {
        thread.Logger.PlaceLost(input.Partition.ToString(), input.Fetched, message);
        if (input.Lost.Since == 0 || input.Lost.Position != input.Fetched)
            input.Lost = (input.Fetched, Stopwatch.GetTimestamp());
        if (lost.Count == 0)
            since = Stopwatch.GetTimestamp();
        if (!lost.Contains(input))
            lost.Add(input);
    }

    /// <summary>Looks them up, when there are any, and has them fetched again.</summary>
    /// <exception cref="StreamsException">The log does not have the position.</exception>
    public void Find()
    {
        lost.RemoveAll(i => i.Owner.State != TaskState.Running);
        if (lost.Count == 0)
            return;
        try
        {
            if (!lost.TrueForAll(IsThere))
                return;
            membership.FetchAgain(tasks.Running);
            lost.Clear();
        }
        catch (KafkaException e) when (Stopwatch.GetElapsedTime(since) < thread.Config.TaskTimeout)
        {
            thread.Logger.Retrying(thread.Name, "looking up positions", e);
        }
    }

    /// <summary>A broker that has just started may tell a lower end for a while.</summary>
    private bool IsThere(InputPartition input)
    {
        var (start, end) = thread.Admin.Range(input.Partition);
        var patient = Stopwatch.GetElapsedTime(input.Lost.Since) < Grace;
        if (input.Fetched < start || !patient)
            throw new StreamsException($"{input.Partition}: offset {input.Fetched} is committed, but the log holds {start} to {end} (deleted by retention, or truncated)");
        return input.Fetched <= end;
    }
}
