using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ListGroups 0–5; from version 4 by state, from 5 by type.</summary>
internal static class ListGroups
{
    public static readonly ApiDefinition Definition = new(ApiKey.ListGroups, 0, 5, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        var states = version >= 4 ? reader.ReadNullableStringArray() ?? [] : [];
        var types = version >= 5 ? reader.ReadNullableStringArray() ?? [] : [];
        var listed = request.Node.Groups.List().Where(g => Asked(states, g.State) && Asked(types, g.Type)).ToList();
        if (version >= 1) response.WriteInt32(0);
        response.WriteError(ErrorCode.None);
        response.WriteArrayLength(listed.Count);
        foreach (var group in listed)
        {
            response.WriteString(group.Name);
            response.WriteString(group.ProtocolType);
            if (version >= 4) response.WriteString(group.State);
            if (version >= 5) response.WriteString(group.Type);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static bool Asked(string[] filter, string value) => filter.Length == 0 || filter.Contains(value, StringComparer.OrdinalIgnoreCase);
}
