namespace Streams.Broker.Clients.Tests;

/// <summary>What a client may do with a broker: the rows of the table. The programs in python/, js/ and java/ use the same names.</summary>
static class Feature
{
    public const string Produce = "produce";
    public const string Gzip = "produce gzip";
    public const string Snappy = "produce snappy";
    public const string Lz4 = "produce lz4";
    public const string Zstd = "produce zstd";
    public const string Parts = "keys, headers, timestamps, tombstones";
    public const string Acks = "acks 0, 1, all";
    public const string Idempotence = "idempotent produce";
    public const string Large = "large messages, max.message.bytes";
    public const string Positions = "consume from beginning, offset, timestamp";
    public const string Rebalance = "group: a member joins, one leaves";
    public const string StaticMembers = "group: static membership";
    public const string Cooperative = "group: cooperative rebalance";
    public const string ConsumerProtocol = "group.protocol=consumer";
    public const string Commits = "offset commit and resume";
    public const string Reset = "offset reset";
    public const string Transactions = "transactions: commit and abort";
    public const string Isolation = "read_committed and read_uncommitted";
    public const string Fencing = "transactions: fencing";
    public const string SendOffsets = "transactions: send offsets";
    public const string Topics = "topics: create, describe, delete";
    public const string Partitions = "create partitions";
    public const string Configs = "configs: describe and alter";
    public const string Groups = "groups: list, describe, delete";
    public const string DeleteRecords = "delete records";
    public const string ListOffsets = "list offsets";

    public static readonly IReadOnlyList<string> All =
    [
        Produce, Gzip, Snappy, Lz4, Zstd, Parts, Acks, Idempotence, Large, Positions, Rebalance, StaticMembers, Cooperative, ConsumerProtocol, Commits, Reset,
        Transactions, Isolation, Fencing, SendOffsets, Topics, Partitions, Configs, Groups, DeleteRecords, ListOffsets,
    ];

    /// <summary>The bits of a batch's attributes that say how it is compressed, for each feature that is about that.</summary>
    public static readonly IReadOnlyDictionary<string, int> Codecs = new Dictionary<string, int> { [Gzip] = 1, [Snappy] = 2, [Lz4] = 3, [Zstd] = 4 };

    /// <summary>The topic into which a client writes for a codec, so that what it stored can be looked at.</summary>
    public static string TopicOf(string prefix, string codec) => $"{prefix}-{codec[(codec.LastIndexOf(' ') + 1)..]}";
}
