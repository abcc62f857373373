using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>The rebalance: joining, the vote on the protocol, the leader's assignment.</summary>
internal sealed partial class ClassicGroup
{
    public Task<JoinResult> Join(JoinRequest request, int maxSize)
    {
        if (!HasRoom(request.MemberId, maxSize)) return Refused(ErrorCode.GroupMaxSizeReached, "");
        if (!Supports(request)) return Refused(ErrorCode.InconsistentGroupProtocol, request.MemberId);
        return request.MemberId.Length == 0 ? JoinNew(request) : JoinKnown(request);
    }

    public Task<SyncResult> Sync(SyncRequest request)
    {
        var error = Check(request.Generation, request.MemberId, request.InstanceId);
        if (error == ErrorCode.None && (Differs(request.ProtocolType, ProtocolType) || Differs(request.Protocol, Protocol))) error = ErrorCode.InconsistentGroupProtocol;
        if (error == ErrorCode.None && State == GroupState.PreparingRebalance) error = ErrorCode.RebalanceInProgress;
        if (error != ErrorCode.None) return Task.FromResult(SyncResult.Refused(error));
        var member = Members[request.MemberId];
        _pendingSync.Remove(member.Id);
        if (State == GroupState.Stable)
        {
            Touch(member);
            return Task.FromResult(AssignmentOf(member));
        }
        var synced = member.Sync();
        if (member.Id == Leader) Assign(request.Assignments);
        return synced;
    }

    private static Task<JoinResult> Refused(ErrorCode error, string memberId) => Task.FromResult(JoinResult.Refused(error, memberId));

    private static bool Differs(string? said, string? own) => said is not null && said != own;

    private bool HasRoom(string memberId, int maxSize) => State switch
    {
        GroupState.Empty => true,
        GroupState.PreparingRebalance => Members.GetValueOrDefault(memberId)?.Joining is not null || Members.Values.Count(m => m.Joining is not null) < maxSize,
        _ => Members.ContainsKey(memberId) || Members.Count < maxSize,
    };

    // All members may have left while a rebalance waits for them: then nobody is left to agree with.
    private bool Supports(JoinRequest request) => State == GroupState.Empty || Members.Count == 0
        ? request.ProtocolType.Length > 0 && request.Protocols.Count > 0
        : request.ProtocolType == ProtocolType && CommonProtocols().Overlaps(request.Protocols.Select(p => p.Name));

    private Task<JoinResult> JoinNew(JoinRequest request)
    {
        var memberId = $"{request.InstanceId ?? request.ClientId}-{Guid.NewGuid()}";
        if (request.InstanceId is null && request.MustKnowId)
        {
            _pendingIds[memberId] = clock.After(request.SessionTimeoutMs);
            return Refused(ErrorCode.MemberIdRequired, memberId);
        }
        return request.InstanceId is not null && _static.TryGetValue(request.InstanceId, out var holder)
            ? Replace(Members[holder], memberId, request)
            : Add(memberId, request);
    }

    private Task<JoinResult> JoinKnown(JoinRequest request)
    {
        if (_pendingIds.Remove(request.MemberId)) return Add(request.MemberId, request);
        var error = CheckMember(request.MemberId, request.InstanceId);
        if (error != ErrorCode.None) return Refused(error, request.MemberId);
        var member = Members[request.MemberId];
        var nothingNew = member.Matches(request.Protocols) && (State == GroupState.CompletingRebalance || (State == GroupState.Stable && member.Id != Leader));
        if (nothingNew)
        {
            Touch(member);
            return Task.FromResult(Joined(member));
        }
        Update(member, request);
        return Rebalance(member);
    }

    private Task<JoinResult> Add(string memberId, JoinRequest request)
    {
        var member = new ClassicMember(memberId, request.InstanceId, request.ClientId) { IsNew = true };
        if (Members.Count == 0) ProtocolType = request.ProtocolType;
        Members[memberId] = member;
        if (request.InstanceId is not null) _static[request.InstanceId] = memberId;
        Leader ??= memberId;
        Update(member, request);
        member.Deadline = clock.After(NewMemberPatienceMs);
        return Rebalance(member);
    }

    /// <summary>
    /// A static member came back and takes the place of its older self, which is fenced. In a stable group it goes on with the same assignment, unless
    /// the vote on the protocol changes. A leader whose client cannot skip the assignment is told that its older self leads, so that it syncs as a follower.
    /// </summary>
    private Task<JoinResult> Replace(ClassicMember older, string memberId, JoinRequest request)
    {
        var member = new ClassicMember(memberId, older.InstanceId, request.ClientId) { Assignment = older.Assignment };
        var leads = Leader == older.Id;
        Members.Remove(older.Id);
        Members[memberId] = member;
        _static[older.InstanceId!] = memberId;
        if (_pendingSync.Remove(older.Id)) _pendingSync.Add(memberId);
        if (leads) Leader = memberId;
        older.Refuse(ErrorCode.FencedInstanceId);
        Update(member, request);
        Touch(member);
        if (State != GroupState.Stable || Vote() != Protocol) return Rebalance(member);
        changed(this);
        return Task.FromResult(leads && !request.MaySkipAssignment
            ? Joined(member) with { Leader = older.Id, Members = [] }
            : Joined(member) with { SkipAssignment = leads });
    }

    private void Update(ClassicMember member, JoinRequest request)
    {
        member.Protocols = request.Protocols;
        member.SessionTimeoutMs = request.SessionTimeoutMs;
        member.RebalanceTimeoutMs = request.RebalanceTimeoutMs;
    }

    private JoinResult Joined(ClassicMember member) =>
        new(ErrorCode.None, Generation, ProtocolType, Protocol, Leader!, member.Id, member.Id == Leader ? [.. Members.Values] : []);

    private SyncResult AssignmentOf(ClassicMember member) => new(ErrorCode.None, ProtocolType, Protocol, member.Assignment);

    private Task<JoinResult> Rebalance(ClassicMember member)
    {
        var joined = member.Join();
        PrepareRebalance();
        TryCompleteJoin();
        return joined;
    }

    private void PrepareRebalance()
    {
        if (State == GroupState.PreparingRebalance) return;
        if (State == GroupState.CompletingRebalance) RefuseSyncs(ErrorCode.RebalanceInProgress);
        _pendingSync.Clear();
        State = GroupState.PreparingRebalance;
        _rebalanceDeadline = clock.After(RebalanceTimeoutMs());
    }

    private int RebalanceTimeoutMs() => Members.Values.Select(m => m.RebalanceTimeoutMs).DefaultIfEmpty(0).Max();

    /// <summary>
    /// Ends the join phase when all are there, those included who were given an id and have not used it, or when time is up. Dynamic members that did
    /// not come back are dropped; static ones stay until their session ends. Where nobody came back at all, the wait begins anew.
    /// </summary>
    private void TryCompleteJoin()
    {
        if (State != GroupState.PreparingRebalance) return;
        var complete = _pendingIds.Count == 0 && Members.Values.All(m => m.Joining is not null);
        if (!complete && clock.Now < _rebalanceDeadline) return;
        foreach (var absent in Members.Values.Where(m => m.Joining is null && m.InstanceId is null).ToList()) Remove(absent, ErrorCode.UnknownMemberId);
        if (Members.Count == 0)
        {
            BecomeEmpty();
            return;
        }
        if (Members[Leader!].Joining is null) Leader = Members.Values.FirstOrDefault(m => m.Joining is not null)?.Id ?? Leader;
        if (Members[Leader!].Joining is null) _rebalanceDeadline = clock.After(RebalanceTimeoutMs());
        else BeginGeneration();
    }

    private void BecomeEmpty()
    {
        Generation++;
        (State, Protocol, Leader) = (GroupState.Empty, null, null);
        changed(this);
    }

    private void BeginGeneration()
    {
        Generation++;
        Protocol = Vote();
        State = GroupState.CompletingRebalance;
        _syncDeadline = clock.After(RebalanceTimeoutMs());
        foreach (var member in Members.Values)
        {
            member.IsNew = false;
            member.AnswerJoin(Joined(member));
            _pendingSync.Add(member.Id);
            Touch(member);
        }
    }

    private HashSet<string> CommonProtocols()
    {
        var common = Members.Values.First().Protocols.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var member in Members.Values) common.IntersectWith(member.Protocols.Select(p => p.Name));
        return common;
    }

    /// <summary>Each member votes for the first of its protocols that all support; most votes win.</summary>
    private string Vote()
    {
        var common = CommonProtocols();
        return Members.Values.Select(m => m.Protocols.First(p => common.Contains(p.Name)).Name)
            .GroupBy(name => name, StringComparer.Ordinal).MaxBy(votes => votes.Count())!.Key;
    }

    private void Assign(Dictionary<string, byte[]> assignments)
    {
        foreach (var member in Members.Values) member.Assignment = assignments.GetValueOrDefault(member.Id, []);
        var bytes = Members.Values.Sum(m => (long)m.Assignment.Length + m.Protocols.Sum(p => p.Metadata.Length));
        if (bytes > MaxStateBytes)
        {
            RefuseSyncs(ErrorCode.UnknownServerError);
            PrepareRebalance();
            return;
        }
        State = GroupState.Stable;
        changed(this);
        foreach (var member in Members.Values.Where(m => m.Syncing is not null))
        {
            member.AnswerSync(AssignmentOf(member));
            Touch(member);
        }
    }

    private void RefuseSyncs(ErrorCode error)
    {
        foreach (var member in Members.Values)
        {
            member.Assignment = [];
            member.AnswerSync(SyncResult.Refused(error));
            Touch(member);
        }
    }
}
