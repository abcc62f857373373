using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

internal static class Text
{
    /// <summary>The value at the head of a record; padding follows a space.</summary>
    public static Value Parse(string record) => Value.Parse(record[..record.IndexOf(' ', StringComparison.Ordinal)]);
}
