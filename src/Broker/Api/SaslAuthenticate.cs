using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// SaslAuthenticate (36), versions 0–2: one message of the mechanism and its answer. Who cannot prove itself is told so after a while, in one sentence for
/// all reasons, and its connection closed.
/// </summary>
internal static class SaslAuthenticate
{
    private const string Refusal = "authentication failed: the name or the password is wrong";

    public static readonly ApiDefinition Definition = new(ApiKey.SaslAuthenticate, 0, 2, 2, Handle);

    /// <summary>A message without headers, after SaslHandshake 0: it is answered bare, and a refusal not at all.</summary>
    public static readonly ApiDefinition Token = new(ApiKey.SaslAuthenticate, 0, 0, 1, HandleToken);

    private static async Task Handle(Request request)
    {
        var authentication = request.Authentication;
        var (response, version) = (request.Response, request.Version);
        if (authentication.Mechanisms.Count == 0)
        {
            Write(response, version, ErrorCode.IllegalSaslState, "this listener asks for no authentication", [], 0);
            return;
        }
        var (start, length) = Message(request);
        var reply = await authentication.TakeAsync(request.Body.Slice(start, Math.Max(0, length)), request.Stopping);
        if (reply is null) Write(response, version, ErrorCode.SaslAuthenticationFailed, Refusal, [], 0);
        else Write(response, version, ErrorCode.None, null, reply, authentication.LifetimeMs);
    }

    private static async Task HandleToken(Request request)
    {
        var reply = await request.Authentication.TakeAsync(request.Body, request.Stopping);
        request.NoResponse = reply is null;
        reply.AsSpan().CopyTo(request.Response.Reserve(reply?.Length ?? 0));
    }

    private static (int, int) Message(Request request)
    {
        var reader = request.Read();
        return reader.ReadBytesRange();
    }

    private static void Write(ProtocolWriter response, short version, ErrorCode error, string? message, byte[] reply, long lifetimeMs)
    {
        response.WriteError(error);
        response.WriteString(message);
        response.WriteBytes(reply);
        if (version >= 1) response.WriteInt64(lifetimeMs);
        response.WriteTags();
    }
}
