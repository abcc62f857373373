using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>IncrementalAlterConfigs 0–1 for topics: set, delete, append, subtract.</summary>
internal static class IncrementalAlterConfigs
{
    public static readonly ApiDefinition Definition = new(ApiKey.IncrementalAlterConfigs, 0, 1, 1, Handle);

    private sealed record Alteration(sbyte Type, string Name, List<(string Key, sbyte Operation, string? Value)> Changes);

    private static Task Handle(Request request)
    {
        var alterations = Parse(request, out var validateOnly);
        var (response, node) = (request.Response, request.Node);
        response.WriteInt32(0);
        response.WriteArrayLength(alterations.Count);
        foreach (var alteration in alterations)
        {
            response.WriteError(Alter(node, alteration, validateOnly));
            response.WriteString(null);
            response.WriteInt8(alteration.Type);
            response.WriteString(alteration.Name);
            response.WriteTags();
        }
        response.WriteTags();
        return node.Journal.FlushAsync();
    }

    private static ErrorCode Alter(Node node, Alteration alteration, bool validateOnly)
    {
        if (alteration.Type != 2) return ErrorCode.InvalidRequest;
        if (node.Find(alteration.Name) is not { } topic) return ErrorCode.UnknownTopicOrPartition;
        var configs = new Dictionary<string, string>(topic.Configs, StringComparer.Ordinal);
        foreach (var (key, operation, value) in alteration.Changes)
        {
            var before = configs.TryGetValue(key, out var own) ? own : Configs.Defaults.GetValueOrDefault(key, "");
            var parts = before.Split(',', StringSplitOptions.RemoveEmptyEntries);
            if (operation == 1) configs.Remove(key);
            else if (operation == 2) configs[key] = string.Join(',', parts.Union([value ?? ""]));
            else if (operation == 3) configs[key] = string.Join(',', parts.Except([value ?? ""]));
            else configs[key] = value ?? "";
        }
        if (!Configs.AreValid(configs)) return ErrorCode.InvalidConfig;
        if (!validateOnly) node.Record(new ConfigsChanged(alteration.Name, configs));
        return ErrorCode.None;
    }

    private static List<Alteration> Parse(Request request, out bool validateOnly)
    {
        var reader = request.Read();
        var alterations = new List<Alteration>();
        for (var r = reader.ReadArrayLength(); r > 0; r--)
        {
            var alteration = new Alteration(reader.ReadInt8(), reader.ReadString(), []);
            for (var c = reader.ReadArrayLength(); c > 0; c--)
            {
                alteration.Changes.Add((reader.ReadString(), reader.ReadInt8(), reader.ReadNullableString()));
                reader.SkipTags();
            }
            reader.SkipTags();
            alterations.Add(alteration);
        }
        validateOnly = reader.ReadBool();
        return alterations;
    }
}
