using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>TxnOffsetCommit (key 28) 0–4. The offsets count when the transaction commits; a stale member of the group is refused (KIP-447).</summary>
internal static class TxnOffsetCommit
{
    public static readonly ApiDefinition Definition = new(ApiKey.TxnOffsetCommit, 0, 4, 3, Handle);

    /// <summary>Kafka's offset.metadata.max.bytes.</summary>
    private const int MaxMetadata = 4096;

    private sealed record Commit(TransactionalProducer Producer, string Group, int Generation, string Member, string? Instance, List<CommittedOffset> Offsets);

    private static async Task Handle(Request request)
    {
        var commit = Parse(request);
        var known = commit.Offsets.ConvertAll(o => request.Node.Find(o.Topic, o.Partition) is not null);
        var error = known.Contains(true) ? await CommitAsync(request, commit, [.. commit.Offsets.Where((o, i) => known[i] && !IsTooLong(o))]) : ErrorCode.None;
        ErrorCode Of(CommittedOffset offset, int i) =>
            !known[i] ? ErrorCode.UnknownTopicOrPartition : error == ErrorCode.None && IsTooLong(offset) ? ErrorCode.OffsetMetadataTooLarge : error;
        request.Response.WriteInt32(0);
        request.Response.WriteErrors([.. commit.Offsets.Select((o, i) => (o.Topic, o.Partition, Of(o, i)))]);
        request.Response.WriteTags();
    }

    private static bool IsTooLong(CommittedOffset offset) => offset.Metadata?.Length > MaxMetadata;

    private static Commit Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var (id, group, producerId, epoch) = (reader.ReadString(), reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var generation = version >= 3 ? reader.ReadInt32() : -1;
        var member = version >= 3 ? reader.ReadString() : "";
        var instance = version >= 3 ? reader.ReadNullableString() : null;
        return new Commit(new TransactionalProducer(id, producerId, epoch), group, generation, member, instance, OffsetTopics.Read(ref reader, version >= 2));
    }

    private static Task<ErrorCode> CommitAsync(Request request, Commit commit, List<CommittedOffset> taken)
    {
        var (group, generation, member, instance) = (commit.Group, commit.Generation, commit.Member, commit.Instance);
        if (group.Length == 0) return Task.FromResult(ErrorCode.InvalidGroupId);
        return request.Node.Transactions.AddOffsetsAsync(
            commit.Producer, new OffsetsCommitted(group, taken),
            () => request.Node.Groups.CheckCommit(group, generation, member, instance, transactional: true),
            request.Caller());
    }
}
