namespace Streams.Broker.Checker.Tests.History;

/// <summary>What a client knows when its operation has ended: it happened, it did not, or either.</summary>
public enum Outcome
{
    Ok,
    Fail,
    Info,
}

public enum OperationKind
{
    /// <summary>Idempotent sends outside of transactions; each has an outcome of its own.</summary>
    Send,

    /// <summary>Sends, polls and offsets that happen together or not at all.</summary>
    Transaction,

    Poll,

    /// <summary>A group's offsets written by a member.</summary>
    Commit,

    /// <summary>A group's offsets as the broker tells them.</summary>
    Committed,
}

/// <summary>A value is written once in a history and names its operation, so that whoever reads it knows the writer.</summary>
public readonly record struct Value(int Operation, int Index)
{
    public override string ToString() => FormattableString.Invariant($"{Operation}.{Index}");

    public static Value Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var invariant = System.Globalization.CultureInfo.InvariantCulture;
        return new Value(int.Parse(text.AsSpan(0, dot), invariant), int.Parse(text.AsSpan(dot + 1), invariant));
    }
}

/// <summary>A record that was sent; the offset where the broker told it.</summary>
public sealed class Write(Value value, int partition)
{
    public Value Value { get; } = value;

    public int Partition { get; } = partition;

    public Outcome Outcome { get; set; } = Outcome.Info;

    public long? Offset { get; set; }
}

/// <summary>A record that was read. <paramref name="Time"/> is the history's clock after the read.</summary>
public readonly record struct Read(int Session, int Partition, long Offset, Value Value, long Time);

/// <summary>A group's offset: <paramref name="To"/> is what was committed or told, <paramref name="From"/> where reading began that led to it.</summary>
public sealed record GroupOffset(string Group, int Partition, long From, long To);

/// <summary>Reading without a break from known places: between an assignment or seek and the next. The final sessions read everything after the faults have ended.</summary>
public sealed record Session(int Id, int Client, bool ReadCommitted, bool Final, IReadOnlyDictionary<int, long> Starts);

/// <summary>One operation with its micro-operations. Times are ticks of the history's one clock.</summary>
public sealed class Operation(int id, int client, OperationKind kind)
{
    public int Id { get; } = id;

    public int Client { get; } = client;

    public OperationKind Kind { get; } = kind;

    /// <summary>The producer instance; its sends are in order.</summary>
    public int Producer { get; set; }

    public long Invoked { get; set; }

    /// <summary>When a transaction's commit was called; null where it never was.</summary>
    public long? CommitInvoked { get; set; }

    public long Completed { get; set; }

    public Outcome Outcome { get; set; } = Outcome.Info;

    public List<Write> Writes { get; } = [];

    public List<Read> Reads { get; } = [];

    public List<GroupOffset> Offsets { get; } = [];

    public override string ToString() => FormattableString.Invariant($"{Kind} {Id} of client {Client} ({Outcome})");

    /// <summary>Ends the operation; a transaction's records share its outcome.</summary>
    public void End(Outcome outcome, long time)
    {
        (Outcome, Completed) = (outcome, time);
        if (Kind != OperationKind.Transaction) return;
        foreach (var write in Writes) write.Outcome = outcome;
    }
}
