
namespace Streams.Broker.Clients.Tests.Kcat;

/// <summary>kcat, the command line over librdkafka. Topics are made for it: it has no admin commands.</summary>
sealed class KcatClient : MethodClient
{
    private const string NoAdmin = "kcat has no such command";

    public override string Name => "kcat 1.7.1";

    public override string? Missing { get; } = Checkout.Program("kcat") is null ? "kcat is not installed (eng/provide-clients)" : null;

    public override IReadOnlyDictionary<string, string> Lacks { get; } = new Dictionary<string, string>
    {
        [Feature.ConsumerProtocol] = "librdkafka 2.0.2 is older than the protocol",
        [Feature.SendOffsets] = NoAdmin, [Feature.Topics] = NoAdmin, [Feature.Partitions] = NoAdmin, [Feature.Configs] = NoAdmin, [Feature.Groups] = NoAdmin, [Feature.DeleteRecords] = NoAdmin,
    };

    protected override IReadOnlyDictionary<string, Func<Task>> Methods(Target target)
    {
        var plain = new KcatRecords(target);
        var groups = new KcatGroups(target);
        return new Dictionary<string, Func<Task>>
        {
            [Feature.Produce] = plain.Plain,
            [Feature.Gzip] = () => plain.Compressed(Feature.Gzip),
            [Feature.Snappy] = () => plain.Compressed(Feature.Snappy),
            [Feature.Lz4] = () => plain.Compressed(Feature.Lz4),
            [Feature.Zstd] = () => plain.Compressed(Feature.Zstd),
            [Feature.Parts] = plain.Parts,
            [Feature.Acks] = plain.Acknowledged,
            [Feature.Idempotence] = plain.Idempotent,
            [Feature.Large] = plain.Large,
            [Feature.Positions] = plain.Positions,
            [Feature.ListOffsets] = plain.ListOffsets,
            [Feature.Transactions] = plain.Transactions,
            [Feature.Isolation] = plain.Isolation,
            [Feature.Fencing] = plain.Fencing,
            [Feature.Commits] = groups.Commits,
            [Feature.Reset] = groups.Reset,
            [Feature.Rebalance] = groups.Rebalance,
            [Feature.StaticMembers] = groups.Static,
            [Feature.Cooperative] = groups.Cooperative,
        };
    }
}
