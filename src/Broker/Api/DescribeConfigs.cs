using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeConfigs 1–4: all known configurations of a topic with their source; the broker itself has none.</summary>
internal static class DescribeConfigs
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeConfigs, 1, 4, 4, Handle);
    private const sbyte TopicResource = 2;
    private const sbyte FromTopic = 1;
    private const sbyte FromDefault = 5;

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        response.WriteInt32(0);
        var resources = reader.ReadArrayLength();
        response.WriteArrayLength(resources);
        for (; resources > 0; resources--)
        {
            var type = reader.ReadInt8();
            var name = reader.ReadString();
            var keys = reader.ReadNullableStringArray();
            reader.SkipTags();
            var topic = type == TopicResource ? request.Node.Find(name) : null;
            response.WriteError(type == TopicResource && topic is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
            response.WriteString(null);
            response.WriteInt8(type);
            response.WriteString(name);
            WriteConfigs(response, request.Version, topic, keys);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteConfigs(ProtocolWriter response, short version, Topic? topic, string[]? keys)
    {
        var names = topic is null ? [] : Configs.Defaults.Keys.Union(topic.Configs.Keys).Where(k => keys is null || keys.Contains(k)).Order(StringComparer.Ordinal).ToList();
        response.WriteArrayLength(names.Count);
        foreach (var name in names)
        {
            var own = topic!.Configs.TryGetValue(name, out var value);
            response.WriteString(name);
            response.WriteString(own ? value : Configs.Defaults[name]);
            response.WriteBool(false);
            response.WriteInt8(own ? FromTopic : FromDefault);
            response.WriteBool(false);
            response.WriteArrayLength(0);
            if (version >= 3)
            {
                response.WriteInt8(2);
                response.WriteString(null);
            }
            response.WriteTags();
        }
    }
}
