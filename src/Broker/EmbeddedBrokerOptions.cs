using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Broker.Disk;

namespace Streams.Broker;

/// <summary>How the embedded broker runs.</summary>
public sealed record EmbeddedBrokerOptions
{
    /// <summary>Where everything is kept; made when missing, locked against a second process.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where to listen. Beyond loopback, clients must be asked for something: <see cref="Tls"/>, <see cref="Sasl"/> or both.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The host that clients are told to connect to; null for <see cref="Address"/>. With TLS, the certificate must be for it.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>Null for no encryption.</summary>
    public TlsOptions? Tls { get; init; }

    /// <summary>Null for no authentication.</summary>
    public SaslOptions? Sasl { get; init; }

    public ConnectionOptions Connections { get; init; } = new();

    /// <summary>
    /// For tests of clients: asked before each request is handled, what is to go wrong with it. It may take its time, which delays the request and those
    /// behind it on its connection. Called from several threads at once.
    /// </summary>
    public Func<FaultRequest, ValueTask<Fault>>? Fault { get; init; }

    /// <summary>The port to listen on; 0 takes any that is free.</summary>
    public int Port { get; init; }

    public int DefaultPartitions { get; init; } = 4;

    public bool AutoCreateTopics { get; init; } = true;

    /// <summary>Bytes of a segment file of a partition's log.</summary>
    public long SegmentBytes { get; init; } = 256L << 20;

    /// <summary>Bytes of the largest request; a longer one closes its connection.</summary>
    public int MaxRequestBytes { get; init; } = 100 << 20;

    /// <summary>How long a transactional id without an open transaction is remembered after its last use (Kafka's transactional.id.expiration.ms).</summary>
    public TimeSpan TransactionalIdExpiration { get; init; } = TimeSpan.FromDays(7);

    public GroupOptions Groups { get; init; } = new();

    /// <summary>How often logs are looked through for what retention lets go, and for what else is to be tidied.</summary>
    public TimeSpan RetentionCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often compacted logs are looked through for enough to clean.</summary>
    public TimeSpan CleanerInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>What the cleaner's map of keys may take while it runs; a log with more new keys is cleaned in several rounds.</summary>
    public long CleanerMapBytes { get; init; } = 128L << 20;

    /// <summary>How long a partition remembers a producer that it does not hear of; never forgotten with an open transaction.</summary>
    public TimeSpan ProducerIdExpiration { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The journal is condensed when it has grown by so many bytes and to three times what was left of it the last time.</summary>
    public long JournalCondenseBytes { get; init; } = 8 << 20;

    /// <summary>Ends the process after a failed fsync, which makes all that follows uncertain; another action than this is for tests alone.</summary>
    public Action<string, Exception> Fatal { get; init; } = Environment.FailFast;

    /// <summary>The file system beneath the data directory.</summary>
    public IDisk Disk { get; init; } = new LocalDisk();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
