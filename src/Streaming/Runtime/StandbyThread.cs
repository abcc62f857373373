using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Follows the changelogs of tasks that this instance would get if their owner left, so that taking them over starts from local state. Which those are
/// is computed anew from the group's description every few seconds.
/// </summary>
internal sealed class StandbyThread(
    string instance, StreamConfig config, IReadOnlyList<SubTopology> topologies, BrokerAdmin admin, LocalState local, ILogger logger) : IDisposable
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ReadTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReleaseTime = TimeSpan.FromSeconds(10);
    private readonly SortedDictionary<string, StandbyTask> tasks = new(StringComparer.Ordinal);
    private readonly ChangelogConsumer consumer = new($"{instance}-standby", config, logger);
    private readonly BlockingCollection<(string Task, TaskCompletionSource Done)> releases = [];
    private readonly Dictionary<string, int> partitionCounts = new(StringComparer.Ordinal);
    private long refreshedAt;
    private volatile IReadOnlyList<(TopicPartition, long)> positions = [];

    /// <summary>By changelog partition: the offset up to which it was read.</summary>
    public IReadOnlyList<(TopicPartition Partition, long Position)> Positions => positions;

    private long Now => config.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public void Run(CancellationToken stopping)
    {
        local.ReleaseStandby = Release;
        try
        {
            while (!stopping.IsCancellationRequested)
                Turn(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped while waiting.
        }
        finally
        {
            local.ReleaseStandby = null;
            CloseAll();
            releases.CompleteAdding();
            Answer();
        }
    }

    public void Dispose() => releases.Dispose();

    /// <summary>Called by whoever is about to load the task, on another thread.</summary>
    private void Release(string task, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            releases.Add((task, done));
        }
        catch (InvalidOperationException)
        {
            // The thread has ended, and closed everything.
            return;
        }
        done.Task.Wait(ReleaseTime, cancellation);
    }

    private void Turn(CancellationToken stopping)
    {
        try
        {
            if (refreshedAt == 0 || Stopwatch.GetElapsedTime(refreshedAt) > RefreshInterval)
                Refresh();
            if (tasks.Count > 0)
                Read();
            else if (releases.TryTake(out var release, (int)ReadTime.TotalMilliseconds, stopping))
                release.Done.SetResult();
        }
        catch (Exception e) when (e is KafkaException or StreamsException or IOException or UnauthorizedAccessException)
        {
            // A standby that falls behind costs speed at a take-over, nothing else.
            logger.LocalStateRetrying("following changelogs", e);
            CloseAll();
        }
        Answer();
        positions = [.. tasks.Values.SelectMany(t => t.Partitions).Select(p => (p.Partition, p.Position))];
    }

    private void Read()
    {
        consumer.Read(ReadTime);
        foreach (var task in tasks.Values)
            task.LogRead(Now);
    }

    private void Answer()
    {
        while (releases.TryTake(out var release))
        {
            if (tasks.TryGetValue(release.Task, out var task))
                Close(task);
            release.Done.SetResult();
        }
    }

    private void Refresh()
    {
        refreshedAt = Stopwatch.GetTimestamp();
        var members = admin.MembersAsync().GetAwaiter().GetResult().Select(GroupMember.Of).ToList();
        // While the group settles nobody has anything: what is followed stays.
        if (members.TrueForAll(m => m.Assigned.Count == 0))
            return;
        var wanted = topologies.Where(t => t.Stores.Any(s => s.LoggingEnabled)).SelectMany(t => Wanted(t, members)).ToList();
        var before = string.Join(", ", tasks.Keys);
        foreach (var gone in tasks.Values.Where(t => !wanted.Exists(w => w.Name == t.Name)).ToList())
            Close(gone);
        foreach (var (topology, partition, name) in wanted.Where(w => !tasks.ContainsKey(w.Name) && !local.IsActive(w.Name)))
            Open(topology, partition, name);
        var after = string.Join(", ", tasks.Keys);
        if (after != before)
            logger.StandbyOf(after);
    }

    private IEnumerable<(SubTopology Topology, int Partition, string Name)> Wanted(SubTopology topology, List<GroupMember> members)
    {
        var topic = topology.SourceTopics[0];
        var partitions = PartitionCount(topic);
        return Enumerable.Range(0, partitions)
            .Where(p => StandbyPlan.Choose(members, new TopicPartition(topic, p), partitions, config.NumStandbyReplicas).Contains(instance))
            .Select(p => (topology, p, StreamTask.NameOf(topology, p)));
    }

    private int PartitionCount(string topic)
    {
        if (!partitionCounts.TryGetValue(topic, out var count))
            partitionCounts.Add(topic, count = admin.Partitions(topic));
        return count;
    }

    private void Open(SubTopology topology, int partition, string name)
    {
        var changelogs = TaskChangelogs.Of(config.ApplicationId, name, [.. topology.Stores.Where(s => s.LoggingEnabled).Select(s => s.Name)], partition, admin);
        if (local.Open(changelogs.Identity(admin), changelogs.Starts, changelogs.Ends) is not { } log)
            return;
        var task = new StandbyTask(name, log, changelogs.Partitions, changelogs.Starts);
        tasks.Add(name, task);
        consumer.Add(task.Partitions);
    }

    private void Close(StandbyTask task)
    {
        tasks.Remove(task.Name);
        consumer.Remove(task.Partitions);
        task.Close(Now);
    }

    private void CloseAll()
    {
        consumer.Dispose();
        foreach (var task in tasks.Values)
            task.Dispose();
        tasks.Clear();
    }
}
