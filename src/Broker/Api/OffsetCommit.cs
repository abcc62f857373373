using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>OffsetCommit 2–9. Metadata is kept; offsets do not expire.</summary>
internal static class OffsetCommit
{
    public static readonly ApiDefinition Definition = new(ApiKey.OffsetCommit, 2, 9, 8, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (version, node) = (request.Version, request.Node);
        var (group, generation, member) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var instance = version >= 7 ? reader.ReadNullableString() : null;
        if (version <= 4) reader.ReadInt64();
        var offsets = OffsetTopics.Read(ref reader, version >= 6);
        var error = node.Groups.CheckCommit(group, generation, member, instance, transactional: false);
        if (error == ErrorCode.None) node.Record(new OffsetsCommitted(group, offsets));
        if (version >= 3) request.Response.WriteInt32(0);
        OffsetTopics.WriteErrors(request.Response, offsets, error);
        return node.Journal.FlushAsync();
    }
}
