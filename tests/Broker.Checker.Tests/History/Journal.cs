using System.Collections.Concurrent;

namespace Streams.Broker.Checker.Tests.History;

/// <summary>Where clients write down what they do, while they do it. Safe for many threads.</summary>
public sealed class Journal
{
    private readonly ConcurrentQueue<Operation> _operations = new();
    private readonly ConcurrentQueue<Session> _sessions = new();
    private readonly ConcurrentDictionary<int, PartitionEnd> _ends = new();
    private readonly ConcurrentQueue<(string Name, long Time)> _faults = new();
    private long _clock;
    private int _operationId;
    private int _sessionId;
    private int _producerId;
    private int _count;

    /// <summary>Operations that have ended.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The next tick of the history's clock.</summary>
    public long Tick() => Interlocked.Increment(ref _clock);

    public int NextProducer() => Interlocked.Increment(ref _producerId);

    /// <summary>An operation begins; it is part of the history from now on, whatever becomes of it.</summary>
    public Operation Invoke(int client, OperationKind kind, int producer = 0)
    {
        var operation = new Operation(Interlocked.Increment(ref _operationId), client, kind) { Producer = producer, Invoked = Tick(), Completed = long.MaxValue };
        _operations.Enqueue(operation);
        return operation;
    }

    public void Complete(Operation operation, Outcome outcome)
    {
        operation.End(outcome, Tick());
        Interlocked.Increment(ref _count);
    }

    public Session Open(int client, bool readCommitted, IReadOnlyDictionary<int, long> starts, bool final = false)
    {
        var session = new Session(Interlocked.Increment(ref _sessionId), client, readCommitted, final, starts);
        _sessions.Enqueue(session);
        return session;
    }

    /// <summary>The end of a partition as a final session saw it.</summary>
    public void End(int partition, bool readCommitted, long offset) =>
        _ends.AddOrUpdate(partition, _ => readCommitted ? new PartitionEnd(offset, -1) : new PartitionEnd(-1, offset),
            (_, end) => readCommitted ? end with { Stable = offset } : end with { High = offset });

    public void Fault(string name) => _faults.Enqueue((name, Tick()));

    public Events Close(int repeatedMarkers = 0) => new([.. _operations], [.. _sessions], new Dictionary<int, PartitionEnd>(_ends), [.. _faults], repeatedMarkers);
}
