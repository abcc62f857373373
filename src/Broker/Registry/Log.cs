using Microsoft.Extensions.Logging;

namespace Streams.Broker.Registry;

/// <summary>What the registry reports; event ids 55xx.</summary>
static partial class Log
{
    [LoggerMessage(5501, LogLevel.Information, "Schema registry on {Url}: {Subjects} subjects from topic {Topic}")]
    public static partial void Started(ILogger log, string url, int subjects, string topic);

    [LoggerMessage(5502, LogLevel.Debug, "Topic {Topic} exists")]
    public static partial void TopicExists(ILogger log, string topic);

    [LoggerMessage(5503, LogLevel.Error, "Topic {Topic}, offset {Offset}: not a registry's record, left out: {Reason}")]
    public static partial void UnreadableRecord(ILogger log, string topic, long offset, string reason);

    [LoggerMessage(5504, LogLevel.Information, "Subject {Subject} version {Version} is schema {Id}")]
    public static partial void Registered(ILogger log, string subject, int version, int id);

    [LoggerMessage(5505, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void Failed(ILogger log, string method, string path, Exception error);

    [LoggerMessage(5506, LogLevel.Debug, "Kafka client: {Text}")]
    public static partial void Client(ILogger log, string text);
}
