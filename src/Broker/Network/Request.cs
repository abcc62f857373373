using Streams.Broker.Metadata;
using Streams.Broker.Protocol;
using Streams.Broker.Security;

namespace Streams.Broker.Network;

/// <summary>One request with the response under construction. The response is sent when the handler's task completes.</summary>
internal sealed class Request(Node node, long connection, ReadOnlyMemory<byte> body, bool flexible, short version, string? clientId, Response answer, CancellationToken stopping)
{
    public Node Node { get; } = node;

    /// <summary>Connections are numbered as they come in; a larger number is a newer connection.</summary>
    public long Connection { get; } = connection;

    /// <summary>Whether the client has closed the connection, so that nobody waits for the answer.</summary>
    public Func<bool> HasGone { get; set; } = static () => false;

    public ReadOnlyMemory<byte> Body { get; } = body;

    public short Version { get; } = version;

    public string ClientId { get; } = clientId ?? "";

    public Response Answer { get; } = answer;

    /// <summary>The bytes of the answer; where log files belong between them, <see cref="Network.Response.Append"/> puts them.</summary>
    public ProtocolWriter Response => Answer.Head;

    /// <summary>Who sent it, and what it may do.</summary>
    public required Authentication Authentication { get; init; }

    public CancellationToken Stopping { get; } = stopping;

    /// <summary>A produce with acks=0 is not answered.</summary>
    public bool NoResponse { get; set; }

    public ProtocolReader Read() => new(Body.Span, flexible);
}

/// <summary>A request type: the versions that are served, the first flexible one, and what answers it.</summary>
internal sealed record ApiDefinition(ApiKey Key, short Min, short Max, short FirstFlexible, Func<Request, Task> Handle);
