using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>TxnOffsetCommit 0–4. The offsets count when the transaction commits; a stale group member is refused (KIP-447).</summary>
internal static class TxnOffsetCommit
{
    public static readonly ApiDefinition Definition = new(ApiKey.TxnOffsetCommit, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (version, node) = (request.Version, request.Node);
        var (id, group, producerId, epoch) = (reader.ReadString(), reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var generation = version >= 3 ? reader.ReadInt32() : -1;
        var member = version >= 3 ? reader.ReadString() : "";
        var instance = version >= 3 ? reader.ReadNullableString() : null;
        var offsets = OffsetTopics.Read(ref reader, version >= 2);
        var error = generation < 0 && member.Length == 0 ? ErrorCode.None : node.Groups.CheckCommit(group, generation, member, instance, transactional: true);
        if (error == ErrorCode.None) error = node.Transactions.Add(id, producerId, epoch, request.Connection, [], new OffsetsCommitted(group, offsets));
        request.Response.WriteInt32(0);
        OffsetTopics.WriteErrors(request.Response, offsets, error);
        return node.Journal.FlushAsync();
    }
}
