using System.Security.Cryptography;
using Confluent.Kafka;

namespace Streams.Perf.Metering;

/// <summary>What a topic of rated windows holds, as a number of records and a hash that does not depend on their order or their schema id.</summary>
static class OutputContent
{
    private const int WireHeader = 5, HashSize = 32;

    public static string Of(string bootstrap, string topic)
    {
        var config = new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "output-content", EnableAutoCommit = false, EnablePartitionEof = true, AutoOffsetReset = AutoOffsetReset.Earliest, IsolationLevel = IsolationLevel.ReadCommitted };
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(30)).Topics.Single().Partitions.Select(p => new TopicPartitionOffset(topic, p.PartitionId, Offset.Beginning)).ToList();
        consumer.Assign(partitions);
        var hashes = new List<byte[]>();
        for (var open = partitions.Count; open > 0;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(30)) ?? throw new InvalidOperationException($"{topic} gives nothing");
            if (result.IsPartitionEOF) open--;
            else hashes.Add(Hash(result.Message));
        }
        hashes.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var hash in hashes) all.AppendData(hash);
        return $"{hashes.Count:N0} records, {Convert.ToHexStringLower(all.GetHashAndReset())[..16]}";
    }

    private static byte[] Hash(Message<byte[], byte[]> message)
    {
        using var one = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        one.AppendData(BitConverter.GetBytes(message.Key.Length));
        one.AppendData(message.Key);
        one.AppendData(message.Value.AsSpan(WireHeader));
        one.AppendData(BitConverter.GetBytes(message.Timestamp.UnixTimestampMs));
        var hash = one.GetHashAndReset();
        return hash.Length == HashSize ? hash : throw new InvalidOperationException("not SHA-256");
    }
}
