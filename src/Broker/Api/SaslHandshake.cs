using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>SaslHandshake (17), versions 0–1: the client chooses a mechanism. After version 0 it sends the mechanism's messages without headers.</summary>
internal static class SaslHandshake
{
    // No version is flexible.
    public static readonly ApiDefinition Definition = new(ApiKey.SaslHandshake, 0, 1, 2, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var authentication = request.Authentication;
        request.Response.WriteError(authentication.Begin(reader.ReadString(), request.Version));
        request.Response.WriteArrayLength(authentication.Mechanisms.Count);
        foreach (var mechanism in authentication.Mechanisms) request.Response.WriteString(mechanism);
        return Task.CompletedTask;
    }
}
