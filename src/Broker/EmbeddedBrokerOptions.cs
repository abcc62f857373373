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

    /// <summary>The file system beneath the data directory.</summary>
    public IDisk Disk { get; init; } = new LocalDisk();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger { get; init; } = NullLogger.Instance;
}
