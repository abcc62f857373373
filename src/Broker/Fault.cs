namespace Streams.Broker;

/// <summary>A request, as a test can tell it from others before it is handled.</summary>
/// <param name="ApiKey">Kafka's number of the request type.</param>
/// <param name="Version">The version of the request.</param>
/// <param name="ClientId">The client's client.id.</param>
/// <param name="Connection">Connections are numbered as they come in, from 1.</param>
public readonly record struct FaultRequest(short ApiKey, short Version, string ClientId, long Connection);

/// <summary>What goes wrong with a request, for tests of clients (<see cref="EmbeddedBrokerOptions.Fault"/>).</summary>
public readonly record struct Fault
{
    internal enum Kind
    {
        None,
        CloseBefore,
        CloseAfter,
        Answer,
    }

    /// <summary>Nothing: the request is handled.</summary>
    public static Fault None => default;

    /// <summary>The connection is closed and the request not handled.</summary>
    public static Fault CloseBefore => new() { What = Kind.CloseBefore };

    /// <summary>The request is handled, what it does is on disk, and the connection closed in place of an answer.</summary>
    public static Fault CloseAfter => new() { What = Kind.CloseAfter };

    internal Kind What { get; private init; }

    internal short Code { get; private init; }

    /// <summary>
    /// The request is not handled and answered with a Kafka error code, where its type has one for the whole answer: ApiVersions, Fetch (7 and later),
    /// FindCoordinator (to 3), JoinGroup, SyncGroup, Heartbeat, LeaveGroup, ListGroups, InitProducerId, AddOffsetsToTxn, EndTxn, ConsumerGroupHeartbeat.
    /// Others are a mistake of the test: the connection is closed and the broker logs it.
    /// </summary>
    public static Fault Answer(short errorCode) => new() { What = Kind.Answer, Code = errorCode };
}
