using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

internal sealed record GroupProtocol(string Name, byte[] Metadata);

/// <param name="MustKnowId">A new dynamic member is sent back for its id first (from JoinGroup 4 on).</param>
/// <param name="MaySkipAssignment">The client understands a leader that need not assign (from JoinGroup 9 on).</param>
internal sealed record JoinRequest(
    string Group, string MemberId, string? InstanceId, string ClientId, int SessionTimeoutMs, int RebalanceTimeoutMs, string ProtocolType, List<GroupProtocol> Protocols,
    bool MustKnowId, bool MaySkipAssignment);

internal sealed record JoinResult(
    ErrorCode Error, int Generation, string? ProtocolType, string? Protocol, string Leader, string MemberId, List<ClassicMember> Members, bool SkipAssignment = false)
{
    public static JoinResult Refused(ErrorCode error, string memberId) => new(error, -1, null, null, "", memberId, []);
}

internal sealed record SyncRequest(
    string Group, int Generation, string MemberId, string? InstanceId, string? ProtocolType, string? Protocol, Dictionary<string, byte[]> Assignments);

internal sealed record SyncResult(ErrorCode Error, string? ProtocolType, string? Protocol, byte[] Assignment)
{
    public static SyncResult Refused(ErrorCode error) => new(error, null, null, []);
}

/// <summary>A consumer in a group of the classic protocol.</summary>
internal sealed class ClassicMember(string id, string? instanceId, string clientId)
{
    public string Id { get; } = id;

    public string? InstanceId { get; } = instanceId;

    public string ClientId { get; } = clientId;

    public int SessionTimeoutMs { get; set; }

    public int RebalanceTimeoutMs { get; set; }

    public List<GroupProtocol> Protocols { get; set; } = [];

    public byte[] Assignment { get; set; } = [];

    /// <summary>When it is taken for dead, on the group's clock.</summary>
    public long Deadline { get; set; }

    /// <summary>It has not been through a rebalance yet.</summary>
    public bool IsNew { get; set; }

    public TaskCompletionSource<JoinResult>? Joining { get; private set; }

    public TaskCompletionSource<SyncResult>? Syncing { get; private set; }

    /// <summary>Nothing is expected of a member that waits for an answer, unless it is new: nobody may be there any more.</summary>
    public bool CanExpire => Syncing is null && (Joining is null || IsNew);

    public byte[] MetadataOf(string? protocol) => Protocols.FirstOrDefault(p => p.Name == protocol)?.Metadata ?? [];

    public bool Matches(List<GroupProtocol> protocols) =>
        Protocols.Count == protocols.Count && Protocols.Zip(protocols).All(p => p.First.Name == p.Second.Name && p.First.Metadata.AsSpan().SequenceEqual(p.Second.Metadata));

    /// <summary>Waits for the end of the join phase. An earlier wait, of a connection that was lost, is over.</summary>
    public Task<JoinResult> Join()
    {
        AnswerJoin(JoinResult.Refused(ErrorCode.RebalanceInProgress, Id));
        Joining = new TaskCompletionSource<JoinResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        return Joining.Task;
    }

    public Task<SyncResult> Sync()
    {
        AnswerSync(SyncResult.Refused(ErrorCode.RebalanceInProgress));
        Syncing = new TaskCompletionSource<SyncResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        return Syncing.Task;
    }

    public void AnswerJoin(JoinResult result)
    {
        Joining?.TrySetResult(result);
        Joining = null;
    }

    public void AnswerSync(SyncResult result)
    {
        Syncing?.TrySetResult(result);
        Syncing = null;
    }

    public void Refuse(ErrorCode error)
    {
        AnswerJoin(JoinResult.Refused(error, Id));
        AnswerSync(SyncResult.Refused(error));
    }
}
