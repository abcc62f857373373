using Microsoft.Extensions.Logging;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>What is done from time to time: retention, forgetting of idle producers, condensing of the journal.</summary>
internal sealed partial class Node
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _maintenance = Task.CompletedTask;

    /// <summary>One round over all partitions and the journal.</summary>
    public void Maintain()
    {
        foreach (var log in Topics.SelectMany(t => t.Partitions)) Maintain(log);
        var (grown, condensed) = Journal.Sizes;
        if (grown >= Options.JournalCondenseBytes && grown >= 2 * condensed) CondenseJournal();
    }

    /// <summary>Writes the journal anew from the state that it led to.</summary>
    public void CondenseJournal()
    {
        try
        {
            lock (_gate)
            {
                var (grown, condensed) = Journal.Sizes;
                Journal.Condense(Snapshot());
                Options.Logger.JournalCondensed(grown + condensed, Journal.Sizes.Condensed);
            }
        }
        catch (IOException e)
        {
            Options.Logger.CondensingFailed(e);
        }
    }

    /// <summary>
    /// Entries that lead to the present state. Groups come last, with the offsets that transactions have committed.
    /// </summary>
    private IEnumerable<JournalEntry> Snapshot()
    {
        foreach (var broker in new[] { BrokerConfigs.AllBrokers, BrokerConfigs.This })
        {
            if (BrokerConfigs.Set(broker) is { Count: > 0 } set) yield return new BrokerConfigsChanged(broker, new Dictionary<string, string>(set));
        }
        foreach (var topic in Topics)
        {
            yield return new TopicCreated(topic.Id, topic.Name, topic.Partitions.Length, topic.Configs);
            foreach (var log in topic.Partitions)
            {
                if (log.LogStartOffset > 0) yield return new RecordsDeleted(topic.Name, log.Partition, log.LogStartOffset);
            }
        }
        foreach (var entry in Transactions.Snapshot()) yield return entry;
        foreach (var entry in Groups.Snapshot()) yield return entry;
    }

    private void Maintain(PartitionLog log)
    {
        try
        {
            log.ExpireProducers(Now, (long)Options.ProducerIdExpiration.TotalMilliseconds);
            log.Retain(Now);
        }
        catch (IOException e)
        {
            Options.Logger.RetentionFailed(log.Topic, log.Partition, e);
        }
    }

    /// <summary>Rounds of work until the broker stops.</summary>
    private async Task EveryAsync(TimeSpan interval, Action round)
    {
        using var timer = new PeriodicTimer(interval, Options.TimeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token)) round();
        }
        catch (OperationCanceledException)
        {
            // The broker stops.
        }
    }
}
