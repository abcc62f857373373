namespace Streams.Streaming.Runtime;

/// <summary>
/// A topic that the runtime creates. Nothing in it may expire by the time of old events, and none be refused for the time of future ones.
/// </summary>
/// <param name="Partitions">Null: the broker's default, and any count will do where the topic exists.</param>
internal sealed record InternalTopic(string Name, int? Partitions, IReadOnlyDictionary<string, string> Settings)
{
    private static readonly string Forever = long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A store's settings go before the application's, and those before the runtime's own, save for the ones that correctness rests on.</summary>
    public static InternalTopic Changelog(StreamConfig config, StoreSpec store, int partitions)
    {
        var settings = new Dictionary<string, string>
        {
            ["cleanup.policy"] = "compact",
            ["retention.ms"] = "-1",
        };
        foreach (var (key, value) in config.ChangelogTopicSettings.Where(s => !settings.ContainsKey(s.Key)).Concat(store.LogConfig))
            settings[key] = value;
        settings["message.timestamp.type"] = "CreateTime";
        return new InternalTopic(StreamTask.ChangelogTopic(config.ApplicationId, store.Name), partitions, settings);
    }

    /// <summary>Kept until it is processed, then purged by position.</summary>
    public static InternalTopic Repartition(string name, int partitions) => new(name, partitions, new Dictionary<string, string>
    {
        ["cleanup.policy"] = "delete",
        ["retention.ms"] = "-1",
        ["retention.bytes"] = "-1",
        ["segment.bytes"] = "52428800",
        ["message.timestamp.type"] = "CreateTime",
        ["message.timestamp.after.max.ms"] = Forever,
    });

    public static InternalTopic DeadLetters(string name) => new(name, null, new Dictionary<string, string>
    {
        ["cleanup.policy"] = "delete",
        ["retention.ms"] = "-1",
        ["message.timestamp.type"] = "CreateTime",
        ["message.timestamp.after.max.ms"] = Forever,
    });
}
