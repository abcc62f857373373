using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// ApiVersions (18), versions 0–4. The header of the answer is never flexible, since a client that asks does not know yet what is spoken here; a version
/// that is not known is answered in format 0 with UNSUPPORTED_VERSION and the versions of this request alone, as Kafka does. No features are told:
/// transaction.version would have clients speak transactions of version 2.
/// </summary>
internal static class ApiVersions
{
    public static readonly ApiDefinition Definition = new(ApiKey.ApiVersions, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var known = request.Version is >= 0 and <= 4;
        if (!known) Write(request, 0, ErrorCode.UnsupportedVersion, [Definition]);
        else if (NamesAreRight(request)) Write(request, request.Version, ErrorCode.None, Apis.All);
        else Write(request, request.Version, ErrorCode.InvalidRequest, []);
        return Task.CompletedTask;
    }

    private static void Write(Request request, short version, ErrorCode error, IReadOnlyCollection<ApiDefinition> apis)
    {
        var response = request.Response;
        response.Flexible = version >= 3;
        response.WriteError(error);
        response.WriteArrayLength(apis.Count);
        foreach (var api in apis)
        {
            response.WriteInt16((short)api.Key);
            response.WriteInt16(api.Min);
            response.WriteInt16(api.Max);
            response.WriteTags();
        }
        if (version >= 1) response.WriteInt32(0);
        response.WriteTags();
    }

    /// <summary>From version 3 on the client says its software's name and version (KIP-511).</summary>
    private static bool NamesAreRight(Request request)
    {
        if (request.Version < 3) return true;
        var reader = request.Read();
        return IsRight(reader.ReadString()) & IsRight(reader.ReadString());
    }

    private static bool IsRight(string name) =>
        name.Length > 0 && char.IsAsciiLetterOrDigit(name[0]) && char.IsAsciiLetterOrDigit(name[^1]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.');
}
