using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>A heartbeat: who it is, what has changed, the next step towards the target.</summary>
internal sealed partial class ConsumerGroup
{
    private readonly Dictionary<string, TopicPattern> _patterns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _matched = new(StringComparer.Ordinal);
    private long _topicsSeen = -1;
    private long _mayAssignAt;

    /// <param name="topicsVersion">Grows whenever topics come, go or get partitions.</param>
    public HeartbeatResult Heartbeat(ConsumerHeartbeat heartbeat, long topicsVersion)
    {
        if (Members.Count >= node.Options.Groups.MaxSize && !Members.ContainsKey(heartbeat.MemberId)) return HeartbeatResult.Refused(ErrorCode.GroupMaxSizeReached);
        var error = Find(heartbeat, out var found);
        if (error != ErrorCode.None) return HeartbeatResult.Refused(error);
        var before = found ?? new ConsumerMember(heartbeat.MemberId, heartbeat.InstanceId, heartbeat.ClientId);
        var member = before.With(heartbeat);
        if (member.Regex is not null && !Compile(member.Regex))
            return HeartbeatResult.Refused(ErrorCode.InvalidRegularExpression, $"'{member.Regex}' is not a valid regular expression");
        if (member.Id != heartbeat.MemberId) member = Replace(member, heartbeat.MemberId);
        var joined = !Members.TryGetValue(member.Id, out var current);
        Put(current, member);
        if (joined) _deadlines[member.Id] = new Deadlines();
        Touch(member);
        Retarget(found is null || !found.SubscribesLike(member), topicsVersion);
        var next = new Reconciliation(TargetOf(member.Id), TargetEpoch, p => _holders.TryGetValue(p, out var holder) && holder != member.Id, heartbeat.Owned).Step(member);
        Put(member, next);
        Watch(next);
        var tell = heartbeat.IsFull || !next.Assigned.SetEquals(before.Assigned);
        return new HeartbeatResult(ErrorCode.None, null, next.Id, next.Epoch, tell ? next.Assigned : null);
    }

    /// <summary>The member that speaks; null where it is new. A static member that comes back is found under its older id.</summary>
    private ErrorCode Find(ConsumerHeartbeat heartbeat, out ConsumerMember? member)
    {
        member = null;
        if (heartbeat.InstanceId is null)
        {
            if (!Members.TryGetValue(heartbeat.MemberId, out member)) return heartbeat.Epoch == 0 ? ErrorCode.None : ErrorCode.UnknownMemberId;
            return CheckEpoch(heartbeat, member);
        }
        if (!_static.TryGetValue(heartbeat.InstanceId, out var holder)) return heartbeat.Epoch == 0 ? ErrorCode.None : ErrorCode.UnknownMemberId;
        member = Members[holder];
        if (heartbeat.Epoch == 0) return member.Epoch == ConsumerMember.AwayEpoch || holder == heartbeat.MemberId ? ErrorCode.None : ErrorCode.UnreleasedInstanceId;
        return holder == heartbeat.MemberId ? CheckEpoch(heartbeat, member) : ErrorCode.FencedInstanceId;
    }

    /// <summary>A member speaks in its epoch, or in the one before where the last answer may not have reached it.</summary>
    private static ErrorCode CheckEpoch(ConsumerHeartbeat heartbeat, ConsumerMember member)
    {
        if (heartbeat.Epoch == 0 || heartbeat.Epoch == member.Epoch) return ErrorCode.None;
        var answerLost = heartbeat.Epoch == member.PreviousEpoch && heartbeat.Epoch < member.Epoch && heartbeat.Owned is not null && heartbeat.Owned.IsSubsetOf(member.Assigned);
        return answerLost ? ErrorCode.None : ErrorCode.FencedMemberEpoch;
    }

    /// <summary>A static member is back under a new id: it inherits all that its older self had.</summary>
    private ConsumerMember Replace(ConsumerMember older, string memberId)
    {
        var target = TargetOf(older.Id);
        Release(Members[older.Id]);
        _target.Remove(older.Id);
        _deadlines.Remove(older.Id);
        node.Record(new ConsumerMemberRemoved(Id, older.Id));
        _target[memberId] = [.. target];
        Record();
        var member = older with { Id = memberId, Epoch = 0, PreviousEpoch = 0, State = ConsumerMemberState.Stable };
        _deadlines[memberId] = new Deadlines();
        Put(null, member);
        return member;
    }

    private bool Compile(string regex)
    {
        if (_patterns.ContainsKey(regex)) return true;
        if (TopicPattern.Parse(regex) is not { } pattern) return false;
        _patterns[regex] = pattern;
        return true;
    }

    /// <summary>A new target where members, subscriptions or topics have changed; each begins an epoch.</summary>
    private void Retarget(bool subscriptionsChanged, long topicsVersion)
    {
        if (subscriptionsChanged || _topicsSeen != topicsVersion)
        {
            var topicsChanged = LookUpTopics(topicsVersion);
            if (subscriptionsChanged || topicsChanged) Epoch++;
        }
        if (Epoch == TargetEpoch || clock.Now < _mayAssignAt) return;
        _mayAssignAt = clock.Now + node.Options.Groups.ConsumerAssignmentIntervalMs;
        Assignor = Members.Values.Select(m => m.Assignor).Where(a => a is not null)
            .GroupBy(a => a!, StringComparer.Ordinal).MaxBy(votes => votes.Count())?.Key ?? Assignors.Uniform;
        var members = Members.Values.Select(m => new AssignorMember(m.Id, m.InstanceId, [.. TopicsOf(m).Where(_topics.ContainsKey)], TargetOf(m.Id))).ToList();
        _target = Assignors.Assign(Assignor, members, _topics.Values);
        TargetEpoch = Epoch;
        Record();
    }

    /// <summary>Looks up what exists of the topics that members read; true where that is not what it was.</summary>
    private bool LookUpTopics(long topicsVersion)
    {
        _topicsSeen = topicsVersion;
        _matched.Clear();
        foreach (var unused in _patterns.Keys.Where(r => Members.Values.All(m => m.Regex != r)).ToList()) _patterns.Remove(unused);
        var topics = new Dictionary<string, SubscribedTopic>(StringComparer.Ordinal);
        foreach (var name in Members.Values.SelectMany(TopicsOf).Distinct(StringComparer.Ordinal))
        {
            if (node.Find(name) is { } topic) topics[name] = new SubscribedTopic(name, topic.Id, topic.Partitions.Length);
        }
        var same = topics.Count == _topics.Count && topics.All(t => _topics.GetValueOrDefault(t.Key) == t.Value);
        _topics = topics;
        return !same;
    }

    private IEnumerable<string> TopicsOf(ConsumerMember member) => member.Regex is null ? member.Topics : member.Topics.Union(Matched(member.Regex), StringComparer.Ordinal);

    private string[] Matched(string regex)
    {
        if (_matched.TryGetValue(regex, out var topics)) return topics;
        return _matched[regex] = Compile(regex) ? [.. node.Topics.Select(t => t.Name).Where(_patterns[regex].Matches)] : [];
    }
}
