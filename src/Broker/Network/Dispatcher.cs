using Streams.Broker.Api;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;
using Streams.Broker.Security;

namespace Streams.Broker.Network;

/// <summary>Reads the header of a frame and finds what answers it.</summary>
internal static class Dispatcher
{
    /// <summary>The fewest bytes of a frame: key, version, correlation id.</summary>
    public const int HeaderSize = 8;

    /// <summary>The request in a frame (without its length), its answer's header already written.</summary>
    /// <exception cref="MalformedRequestException">Not a request that is served: as with Kafka, the connection is closed.</exception>
    public static Request Open(Node node, Authentication authentication, long connection, ReadOnlyMemory<byte> frame, out ApiDefinition api, CancellationToken stopping)
    {
        if (authentication.TakesTokens) return OpenToken(node, authentication, connection, frame, out api, stopping);
        if (frame.Length < HeaderSize) throw new MalformedRequestException($"frame of {frame.Length} bytes");
        var reader = new ProtocolReader(frame.Span, flexible: false);
        var key = reader.ReadInt16();
        var version = reader.ReadInt16();
        var correlation = reader.ReadInt32();
        api = Apis.Find(key) ?? throw new MalformedRequestException($"unknown request type {key}");
        authentication.Check(api.Key);
        var supported = version >= api.Min && version <= api.Max;
        if (!supported && api.Key != ApiKey.ApiVersions) throw new MalformedRequestException($"{api.Key} version {version} is not served");
        var flexible = supported && version >= api.FirstFlexible;
        var clientId = reader.ReadNullableString();
        reader.Flexible = flexible;
        reader.SkipTags();
        var answer = new Response(new ProtocolWriter(flexible));
        answer.Head.WriteInt32(0);
        answer.Head.WriteInt32(correlation);
        if (api.Key != ApiKey.ApiVersions) answer.Head.WriteTags();
        return new Request(node, connection, frame[reader.Position..], flexible, version, clientId, answer, stopping) { Authentication = authentication };
    }

    /// <summary>A SASL message without a header.</summary>
    private static Request OpenToken(Node node, Authentication authentication, long connection, ReadOnlyMemory<byte> frame, out ApiDefinition api, CancellationToken stopping)
    {
        api = SaslAuthenticate.Token;
        var answer = new Response(new ProtocolWriter());
        answer.Head.WriteInt32(0);
        return new Request(node, connection, frame, false, 0, null, answer, stopping) { Authentication = authentication };
    }
}
