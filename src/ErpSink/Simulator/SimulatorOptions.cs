namespace Streams.ErpSink.Simulator;

/// <summary>What goes wrong with one request.</summary>
public enum SimulatorFault
{
    None,

    /// <summary>429 with the documented body, whatever the load.</summary>
    TooManyRequests,

    /// <summary>500, nothing committed.</summary>
    ErrorBeforeCommit,

    /// <summary>The connection is reset, nothing committed.</summary>
    DropBeforeCommit,

    /// <summary>Committed, then the connection is reset.</summary>
    CommitThenDrop,

    /// <summary>Committed, then 500.</summary>
    CommitThenError,

    /// <summary>Answered only after <see cref="SimulatorOptions.SlowDelay"/>, committed all the same.</summary>
    Slow,

    /// <summary>The connection is reset; committed <see cref="SimulatorOptions.ApplyDelay"/> later.</summary>
    DelayedApply,

    /// <summary>400 RCRD_HAS_BEEN_CHANGED, nothing committed.</summary>
    RecordChanged,

    /// <summary>Committed, then a 204 that does not name the new record.</summary>
    CommitThenGarbage,

    /// <summary>401, as when the token was revoked.</summary>
    Unauthorized,
}

/// <summary>One request as the fault schedule sees it: <paramref name="Nth"/> counts this key's requests of this method from 1.</summary>
public sealed record SimulatedRequest(string Method, string RecordType, string Key, int Nth);

/// <summary>How the simulated account behaves.</summary>
public sealed record SimulatorOptions
{
    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The append-only journal of what was committed: the truth. Read back at a restart.</summary>
    public required string JournalFile { get; init; }

    public string ClientId { get; init; } = "streams-integration";

    /// <summary>Certificate id → public key (SubjectPublicKeyInfo in PEM; RSA or P-256).</summary>
    public required IReadOnlyDictionary<string, string> Certificates { get; init; }

    /// <summary>Requests at a time; more are refused with 429. Null: whatever comes.</summary>
    public int? ConcurrencyLimit { get; init; } = 5;

    /// <summary>Time that every record request takes.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(2);

    public TimeSpan SlowDelay { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan ApplyDelay { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Entities for which every invoice is refused as invalid.</summary>
    public IReadOnlySet<string> RefusedEntities { get; init; } = new HashSet<string>();

    /// <summary>Months (yyyy-MM of tranDate) that are closed.</summary>
    public IReadOnlySet<string> ClosedPeriods { get; init; } = new HashSet<string>();

    /// <summary>Share of first postings that meet a fault, in per mille, drawn from <see cref="Seed"/> and the key alone.</summary>
    public int FaultPerMille { get; init; }

    public int Seed { get; init; } = 1;

    /// <summary>Decides on each request instead of the seeded schedule.</summary>
    public Func<SimulatedRequest, SimulatorFault>? Fault { get; init; }
}
