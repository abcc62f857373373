using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Streaming.Runtime;
using Streams.Streaming.State.Local;

namespace Streams.Streaming;

/// <summary>How far the restore of one changelog partition is.</summary>
public sealed record RestoreProgress(string Topic, int Partition, long Position, long End)
{
    /// <summary>0 to 100.</summary>
    public int Percent => End <= 0 ? 100 : (int)(Math.Min(Position, End) * 100 / End);
}

/// <summary>An instance of a stream application (Streamiz' class of that name, Kafka Streams' KafkaStreams).</summary>
public sealed partial class KafkaStream : IAsyncDisposable
{
    private readonly Topology topology;
    private readonly StreamConfig config;
    private readonly ILogger logger;
    private readonly IReadOnlyList<SubTopology> subTopologies;
    private readonly CommitProgress committed = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private StreamThread?[] threads = [];
    private TaskCompletionSource stateChange = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BrokerAdmin? admin;
    private InternalTopics? topics;
    private LocalState? local;
    private StandbyThread? standby;

    /// <exception cref="TopologyException">The topology is not complete.</exception>
    public KafkaStream(Topology topology, StreamConfig config, ILogger? logger = null)
    {
        config.Validate();
        (this.topology, this.config, this.logger) = (topology, config, logger ?? NullLogger.Instance);
        subTopologies = topology.Build(config.ApplicationId);
        Telemetry.ClientState.Add(1, new KeyValuePair<string, object?>("state", State));
    }

    public StreamState State { get; private set; } = StreamState.Created;

    /// <summary>Ends when the instance was stopped; faults when it fails.</summary>
    public Task Completion => completion.Task;

    /// <summary>The offsets that this instance last committed, or found committed, of the partitions it has or had.</summary>
    public IReadOnlyDictionary<TopicPartition, long> CommittedOffsets => committed.Snapshot();

    /// <summary>Changelog partitions that are being restored; empty when ready.</summary>
    public IReadOnlyList<RestoreProgress> Restoring =>
        [.. threads.OfType<StreamThread>().SelectMany(t => t.Restoring).Select(r => new RestoreProgress(r.Partition.Topic, r.Partition.Partition.Value, r.Position, r.End))];

    /// <summary>Of tasks that this instance is standby for: the offset up to which each changelog partition was read.</summary>
    public IReadOnlyDictionary<TopicPartition, long> StandbyOffsets =>
        standby?.Positions.ToDictionary(p => p.Partition, p => p.Position) ?? [];

    /// <summary>Creates internal topics, reads global topics to their ends, then starts the threads. Returns before partitions are assigned.</summary>
    /// <exception cref="StreamsException">A source topic is missing, or partition counts do not fit.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        if (State != StreamState.Created)
            throw new InvalidOperationException($"started in state {State}");
        SetState(StreamState.Rebalancing);
        try
        {
            admin = new BrokerAdmin(config, logger);
            topics = new InternalTopics(config, topology, subTopologies, admin);
            await Task.Run(() => admin.Patiently("looking for topics", topics.Ensure, cancellation), cancellation);
            if (topology.GlobalStores.Count > 0)
                await StartGlobalStores().WaitAsync(cancellation);
            StartThreads();
        }
        catch (Exception e)
        {
            Fail("start", e);
            throw;
        }
    }

    /// <summary>Commits, leaves the group and waits until all threads have ended.</summary>
    public async Task StopAsync(CancellationToken cancellation = default)
    {
        if (State is StreamState.Running or StreamState.Rebalancing)
            SetState(StreamState.PendingShutdown);
        await stopping.CancelAsync();
        await Task.WhenAll(running).WaitAsync(cancellation);
        if (State != StreamState.Error)
            SetState(StreamState.NotRunning);
        completion.TrySetResult();
    }

    /// <summary>Waits until every thread has its assignment and its tasks are restored; faults when the instance fails.</summary>
    public async Task WaitUntilRunning(CancellationToken cancellation = default)
    {
        while (true)
        {
            Task change;
            lock (gate)
                change = stateChange.Task;
            if (State == StreamState.Running)
                return;
            if (Completion.IsCompleted)
            {
                await Completion;
                throw new StreamsException("the instance was stopped");
            }
            await Task.WhenAny(change, Completion).WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// Waits until this instance has processed and committed every record below the given end offsets of its one source topic. A committed offset counts
    /// control records, so the ends may be high watermarks.
    /// </summary>
    public Task WaitUntilCommittedAsync(IReadOnlyDictionary<int, long> endOffsets, CancellationToken cancellation = default)
    {
        var topic = subTopologies.SelectMany(s => s.SourceTopics).Single();
        return WaitUntilCommittedAsync(endOffsets.ToDictionary(e => new TopicPartition(topic, e.Key), e => e.Value), cancellation);
    }

    /// <inheritdoc cref="WaitUntilCommittedAsync(IReadOnlyDictionary{int, long}, CancellationToken)"/>
    public Task WaitUntilCommittedAsync(IReadOnlyDictionary<TopicPartition, long> endOffsets, CancellationToken cancellation = default) =>
        committed.WaitAsync(endOffsets, Completion, cancellation);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        standby?.Dispose();
        local?.Dispose();
        local = null;
        admin?.Dispose();
        admin = null;
    }

    /// <summary>Deletes this application's local state in <see cref="StreamConfig.StateDir"/>; the next start restores from the changelogs.</summary>
    /// <exception cref="InvalidOperationException">The instance runs.</exception>
    /// <exception cref="StreamsException">Another instance uses a part of it.</exception>
    public void CleanUp()
    {
        if (State is StreamState.Running or StreamState.Rebalancing or StreamState.PendingShutdown)
            throw new InvalidOperationException($"local state cannot be deleted in state {State}");
        local?.Dispose();
        local = null;
        LocalState.CleanUp(config);
    }

    private async Task StartGlobalStores()
    {
        var reader = new GlobalStoreReader(config, topology.GlobalStores, admin!, logger);
        Launch("global", () => reader.Run(stopping.Token));
        await reader.CaughtUp;
    }

    private void StartThreads()
    {
        var instance = config.InstanceId ?? Guid.NewGuid().ToString("N");
        if (config.StateDir is not null)
            local = new LocalState(config, logger);
        if (config.NumStandbyReplicas > 0)
            standby = new StandbyThread($"{config.ApplicationId}-{instance}", config, subTopologies, admin!, local!, logger);
        if (standby is not null)
            Launch("standby", () => standby.Run(stopping.Token));
        threads = new StreamThread?[config.NumStreamThreads];
        for (var i = 0; i < threads.Length; i++)
            threads[i] = NewThread(instance, i);
        for (var i = 0; i < threads.Length; i++)
        {
            var index = i;
            Launch("stream thread", () => RunThread(instance, index));
        }
    }

    private StreamThread NewThread(string instance, int index)
    {
        var context = new ThreadContext($"{config.ApplicationId}-{instance}-{index + 1}", config, admin!, local, logger);
        return new StreamThread(context, config.InstanceId is null ? null : $"{instance}-{index + 1}", subTopologies, topics!.Repartition, committed, UpdateState);
    }

    /// <summary>Runs a thread, and those that take its place.</summary>
    private void RunThread(string instance, int index)
    {
        while (true)
        {
            Telemetry.AliveThreads.Add(1);
            var thread = threads[index] ??= NewThread(instance, index);
            try
            {
                using (thread)
                    thread.Run(stopping.Token);
                return;
            }
            catch (Exception e) when (!stopping.IsCancellationRequested && config.UncaughtExceptionHandler?.Invoke(e) == StreamThreadExceptionResponse.ReplaceThread)
            {
                logger.ThreadDied(thread.Name, e);
                logger.ThreadReplaced(thread.Name);
                Telemetry.FailedThreads.Add(1);
                threads[index] = null;
                UpdateState();
            }
            finally
            {
                Telemetry.AliveThreads.Add(-1);
            }
        }
    }

    private void Launch(string name, Action body) => running.Add(Task.Factory.StartNew(
        () =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                Telemetry.FailedThreads.Add(1);
                Fail(name, e);
            }
        },
        CancellationToken.None,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default));

    private void Fail(string thread, Exception cause)
    {
        logger.ThreadDied(thread, cause);
        SetState(StreamState.Error);
        completion.TrySetException(cause);
        stopping.Cancel();
    }

    /// <summary>
    /// Called by a thread once it runs, or does not any more. Looking at the threads and setting the state are one step: of two threads the later one sees
    /// what both have become, and nobody sets what he saw before another went on, or before the instance was stopped.
    /// </summary>
    internal void UpdateState()
    {
        Interlocked.Increment(ref assignments);
        lock (gate)
        {
            if (State is StreamState.Running or StreamState.Rebalancing)
                SetState(Array.TrueForAll(threads, t => t is { IsRunning: true }) ? StreamState.Running : StreamState.Rebalancing);
        }
    }

    private void SetState(StreamState state)
    {
        TaskCompletionSource signal;
        lock (gate)
        {
            if (State == state || State == StreamState.Error)
                return;
            logger.StateChanged(config.ApplicationId, State, state);
            Telemetry.ClientState.Add(-1, new KeyValuePair<string, object?>("state", State));
            Telemetry.ClientState.Add(1, new KeyValuePair<string, object?>("state", state));
            State = state;
            (signal, stateChange) = (stateChange, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        signal.SetResult();
    }
}
