using Streams.Ingest.Http;
using Streams.Ingest.Publishing;

namespace Streams.Ingest;

/// <summary>How the entrances run. Limits on single events are fixed (see the room's README); these bound the process.</summary>
public sealed record IngestOptions
{
    public required KafkaConnection Kafka { get; init; }

    /// <summary>Who may send; without keys every request is refused.</summary>
    public IReadOnlyList<ApiKey> Keys { get; init; } = [];

    /// <summary>Bytes of one request body.</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;

    /// <summary>Events of one batch.</summary>
    public int MaxBatchEvents { get; init; } = 1000;

    /// <summary>Request bytes held at one time; beyond: 429.</summary>
    public long MaxBytesInFlight { get; init; } = 64 * 1024 * 1024;

    /// <summary>Events sent and not yet acknowledged; beyond: 429.</summary>
    public long MaxEventsInFlight { get; init; } = 50_000;

    /// <summary>How long a sender may take to send its body; beyond: 408.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What Retry-After says with 429 and 503.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Identities remembered to find conflicts, about 100 bytes each.</summary>
    public int RecentEvents { get; init; } = 200_000;

    /// <summary>Refuse events of customers that the contracts do not name, instead of leaving them to be parked.</summary>
    public bool RequireKnownCustomer { get; init; }

    /// <summary>Options under which no request could ever be accepted are an error now, not later.</summary>
    /// <exception cref="ArgumentException">Names the option.</exception>
    public void Validate()
    {
        if (MaxBodyBytes < 1 || MaxBytesInFlight < MaxBodyBytes) throw new ArgumentException($"{nameof(MaxBytesInFlight)} must hold one body of {nameof(MaxBodyBytes)}");
        if (MaxBatchEvents < 1 || MaxEventsInFlight < MaxBatchEvents) throw new ArgumentException($"{nameof(MaxEventsInFlight)} must hold one batch of {nameof(MaxBatchEvents)}");
        if (RecentEvents < 1) throw new ArgumentException($"{nameof(RecentEvents)} must be positive");
        foreach (var key in Keys) key.Validate();
    }
}
