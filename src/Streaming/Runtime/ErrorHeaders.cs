using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>The headers of a record that was set aside: Kafka Streams' (KIP-1034), and three of ours. All are UTF-8 text.</summary>
internal static class ErrorHeaders
{
    public static Headers Describe(in Record record, string code, string stage, string message, int attempt, Exception? exception)
    {
        var headers = new Headers();
        foreach (var header in record.Headers ?? [])
            headers.Add(header);
        if (exception is not null)
        {
            Add(headers, "__streams.errors.exception", exception.GetType().FullName ?? exception.GetType().Name);
            Add(headers, "__streams.errors.stacktrace", exception.ToString());
        }
        Add(headers, "__streams.errors.message", message);
        Add(headers, "__streams.errors.topic", record.Topic);
        Add(headers, "__streams.errors.partition", record.Partition.ToString(CultureInfo.InvariantCulture));
        Add(headers, "__streams.errors.offset", record.Offset.ToString(CultureInfo.InvariantCulture));
        Add(headers, "streams.errors.code", code);
        Add(headers, "streams.errors.stage", stage);
        Add(headers, "streams.errors.attempt", attempt.ToString(CultureInfo.InvariantCulture));
        return headers;
    }

    private static void Add(Headers headers, string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
}
