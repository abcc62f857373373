using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>OffsetCommit 2–9. The retention that versions 2 to 4 may ask for is not kept: the broker's own holds.</summary>
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
        var accepted = offsets.Where(o => ErrorOf(o) == ErrorCode.None).ToList();
        var known = offsets.Any(o => node.Find(o.Topic) is not null);
        var error = known ? node.Groups.Commit(group, generation, member, instance, accepted) : ErrorCode.None;
        if (error == ErrorCode.IllegalGeneration && version >= 9 && !node.Groups.Exists(group)) error = ErrorCode.GroupIdNotFound;
        if (version >= 3) request.Response.WriteInt32(0);
        OffsetTopics.WriteErrors(request.Response, offsets, o => node.Find(o.Topic) is null || error == ErrorCode.None ? ErrorOf(o) : error);
        return node.Journal.FlushAsync();

        ErrorCode ErrorOf(CommittedOffset offset) => node.Find(offset.Topic) is null ? ErrorCode.UnknownTopicOrPartition
            : offset.Metadata?.Length > node.Options.Groups.MaxOffsetMetadataBytes ? ErrorCode.OffsetMetadataTooLarge
            : ErrorCode.None;
    }
}
