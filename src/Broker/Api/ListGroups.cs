using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ListGroups 0–4.</summary>
internal static class ListGroups
{
    public static readonly ApiDefinition Definition = new(ApiKey.ListGroups, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version, groups) = (request.Response, request.Version, request.Node.Groups);
        var states = version >= 4 ? reader.ReadNullableStringArray() ?? [] : [];
        var listed = groups.Names()
            .Select(name => groups.Inspect(name, (g, _) => (Name: name, Type: g?.ProtocolType ?? "", State: (g?.State ?? GroupState.Empty).ToString())))
            .Where(g => states.Length == 0 || states.Contains(g.State, StringComparer.OrdinalIgnoreCase)).ToList();
        if (version >= 1) response.WriteInt32(0);
        response.WriteError(ErrorCode.None);
        response.WriteArrayLength(listed.Count);
        foreach (var (name, type, state) in listed)
        {
            response.WriteString(name);
            response.WriteString(type);
            if (version >= 4) response.WriteString(state);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }
}
