namespace Streams.Broker.Tests.Contract;

public sealed record WireJoin(int Error, int Generation, string? Type, string? Protocol, string? Leader, bool Skip, string Id, List<string> Members);

public sealed record WireSync(int Error, string? Type, string? Protocol, string Assignment);

public sealed record WireOffset(string Topic, int Partition, long Offset, int Epoch, string? Metadata, int Error);

public sealed record WireMember(string Id, string? Instance, string Client, string Host, int Metadata, string Assignment);

public sealed record WireGroupDescription(int Error, string? Message, string State, string Type, string Protocol, List<WireMember> Members, int Operations);

/// <summary>A group's requests, raw, over a connection of its own. Assignments are text.</summary>
public sealed partial class GroupWire : IDisposable
{
    public const int RebalanceInProgress = 27, UnknownMember = 25, IllegalGeneration = 22, Fenced = 82, MemberIdRequired = 79, Inconsistent = 23, NotFound = 69;

    private readonly WireClient _wire;

    private GroupWire(WireClient wire, string group) => (_wire, Group) = (wire, group);

    public string Group { get; }

    public WireClient Wire => _wire;

    /// <summary>A connection to the group's coordinator, once that serves.</summary>
    public static async Task<GroupWire> ConnectAsync(string bootstrapServers, string group)
    {
        var wire = new GroupWire(await WireClient.ConnectAsync(bootstrapServers), group);
        for (var tries = 0; tries < 1200; tries++)
        {
            await wire.FindCoordinatorAsync();
            var (error, _) = await wire.FetchOffsetsAsync(null);
            if (error is not (14 or 15 or 16)) return wire;
            await Task.Delay(50);
        }
        throw new TimeoutException("no coordinator");
    }

    public async Task<int> FindCoordinatorAsync()
    {
        var r = await _wire.CallAsync(10, 4, true, w => w.Int8(0).Strings(Group).Tags());
        r.Int32();
        return r.Array(c => { c.String(); c.Int32(); c.String(); c.Int32(); var error = c.Int16(); c.String(); c.Tags(); return error; })[0];
    }

    public async Task<WireJoin> JoinAsync(
        string id = "", string? instance = null, int session = 30_000, int rebalance = 30_000, string type = "consumer", string[]? protocols = null, byte[]? metadata = null, short version = 9)
    {
        var r = await _wire.CallAsync(11, version, version >= 6, w =>
        {
            w.String(Group).Int32(session);
            if (version >= 1) w.Int32(rebalance);
            w.String(id);
            if (version >= 5) w.String(instance);
            w.String(type).Array(protocols ?? ["range"], (x, p) => x.String(p).Bytes(metadata ?? Subscription("none")).Tags());
            if (version >= 8) w.String("why not");
            w.Tags();
        });
        if (version >= 2) r.Int32();
        var (error, generation) = (r.Int16(), r.Int32());
        var type7 = version >= 7 ? r.String() : null;
        var (protocol, leader) = (r.String(), r.String());
        var skip = version >= 9 && r.Bool();
        var member = r.String()!;
        var members = r.Array(m => { var name = m.String()!; if (version >= 5) m.String(); m.Bytes(); m.Tags(); return name; });
        r.End();
        return new WireJoin(error, generation, type7, protocol, leader, skip, member, members);
    }

    /// <summary>Joins as a dynamic member, by way of the id that it is first sent back for.</summary>
    public async Task<WireJoin> EnterAsync(int session = 30_000, int rebalance = 30_000, string[]? protocols = null, byte[]? metadata = null)
    {
        var first = await JoinAsync(session: session, rebalance: rebalance, protocols: protocols, metadata: metadata);
        Assert.Equal(MemberIdRequired, first.Error);
        return await JoinAsync(first.Id, session: session, rebalance: rebalance, protocols: protocols, metadata: metadata);
    }

    public async Task<WireSync> SyncAsync(WireJoin member, string? instance = null, int? generation = null, string? protocol = null, params (string Member, string Assignment)[] assign)
    {
        var r = await _wire.CallAsync(14, 5, true, w => w.String(Group).Int32(generation ?? member.Generation).String(member.Id).String(instance)
            .String(member.Type).String(protocol ?? member.Protocol)
            .Array(assign, (x, a) => x.String(a.Member).Bytes(System.Text.Encoding.UTF8.GetBytes(a.Assignment)).Tags()).Tags());
        r.Int32();
        var result = new WireSync(r.Int16(), r.String(), r.String(), System.Text.Encoding.UTF8.GetString(r.Bytes()!));
        r.End();
        return result;
    }

    public async Task<int> HeartbeatAsync(string member, int generation, string? instance = null)
    {
        var r = await _wire.CallAsync(12, 4, true, w => w.String(Group).Int32(generation).String(member).String(instance).Tags());
        r.Int32();
        var error = r.Int16();
        r.End();
        return error;
    }

    public async Task<(int Error, List<int> Members)> LeaveAsync(params (string Member, string? Instance)[] members)
    {
        var r = await _wire.CallAsync(13, 5, true, w => w.String(Group).Array(members, (x, m) => x.String(m.Member).String(m.Instance).String("bye").Tags()).Tags());
        r.Int32();
        var result = ((int)r.Int16(), r.Array(m => { m.String(); m.String(); int error = m.Int16(); m.Tags(); return error; }));
        r.End();
        return result;
    }

    public async Task<int> LeaveOldAsync(string member)
    {
        var r = await _wire.CallAsync(13, 2, false, w => w.String(Group).String(member));
        r.Int32();
        return r.Int16();
    }

    /// <summary>Commits one offset for each partition given; the errors.</summary>
    public async Task<List<int>> CommitAsync(int generation, string member, string? instance, params (string Topic, int Partition, long Offset, string? Metadata)[] offsets)
    {
        var r = await _wire.CallAsync(8, 9, true, w => w.String(Group).Int32(generation).String(member).String(instance)
            .Array(offsets, (x, o) => x.String(o.Topic).Array([o], (y, p) => y.Int32(p.Partition).Int64(p.Offset).Int32(5).String(p.Metadata).Tags()).Tags()).Tags());
        r.Int32();
        var errors = r.Array(t => { t.String(); var list = t.Array(p => { p.Int32(); int error = p.Int16(); p.Tags(); return error; }); t.Tags(); return list; });
        r.End();
        return [.. errors.SelectMany(e => e)];
    }

    /// <summary>Committed offsets of a topic's first partitions, or all where it is null.</summary>
    public async Task<(int Error, List<WireOffset> Offsets)> FetchOffsetsAsync(string? topic, int partitions = 1, string? member = null, int epoch = -1, bool stable = false)
    {
        var r = await _wire.CallAsync(9, 9, true, w => w.Array([Group], (x, g) =>
        {
            x.String(g).String(member).Int32(epoch);
            if (topic is null) x.Count(-1);
            else x.Array([topic], (y, t) => y.String(t).Int32s([.. Enumerable.Range(0, partitions)]).Tags());
            x.Tags();
        }).Bool(stable).Tags());
        r.Int32();
        var groups = r.Array(g =>
        {
            g.String();
            var offsets = g.Array(t =>
            {
                var name = t.String()!;
                var list = t.Array(p => { var o = new WireOffset(name, p.Int32(), p.Int64(), p.Int32(), p.String(), p.Int16()); p.Tags(); return o; });
                t.Tags();
                return list;
            });
            int error = g.Int16();
            g.Tags();
            return (error, offsets.SelectMany(o => o).ToList());
        });
        r.End();
        return groups[0];
    }

    public async Task<WireGroupDescription> DescribeAsync(short version = 6)
    {
        var r = await _wire.CallAsync(15, version, version >= 5, w => w.Strings(Group).Bool(true).Tags());
        r.Int32();
        var groups = r.Array(g =>
        {
            int error = g.Int16();
            var message = version >= 6 ? g.String() : null;
            Assert.Equal(Group, g.String());
            var (state, type, protocol) = (g.String()!, g.String()!, g.String()!);
            var members = g.Array(m =>
            {
                var member = new WireMember(m.String()!, version >= 4 ? m.String() : null, m.String()!, m.String()!, m.Bytes()!.Length, System.Text.Encoding.UTF8.GetString(m.Bytes()!));
                m.Tags();
                return member;
            });
            var operations = g.Int32();
            g.Tags();
            return new WireGroupDescription(error, message, state, type, protocol, members, operations);
        });
        r.End();
        return groups[0];
    }

    /// <summary>What a list of groups says of this one: protocol type, state, type; null where it is not in it.</summary>
    public async Task<(string ProtocolType, string State, string Type)?> ListedAsync(string[]? states = null, string[]? types = null)
    {
        var r = await _wire.CallAsync(16, 5, true, w => w.Strings(states ?? []).Strings(types ?? []).Tags());
        r.Int32();
        Assert.Equal(0, r.Int16());
        var groups = r.Array(g => { var listed = (Name: g.String()!, g.String()!, g.String()!, g.String()!); g.Tags(); return listed; });
        r.End();
        foreach (var (name, protocolType, state, type) in groups) if (name == Group) return (protocolType, state, type);
        return null;
    }

    public async Task<int> DeleteAsync()
    {
        var r = await _wire.CallAsync(42, 2, true, w => w.Strings(Group).Tags());
        r.Int32();
        return r.Array(g => { g.String(); int error = g.Int16(); g.Tags(); return error; })[0];
    }

    public async Task<(int Error, List<int> Partitions)> DeleteOffsetsAsync(string topic, params int[] partitions)
    {
        var r = await _wire.CallAsync(47, 0, false, w => w.String(Group).Array([topic], (x, t) => x.String(t).Int32s(partitions)));
        int error = r.Int16();
        r.Int32();
        var topics = r.Array(t => { t.String(); return t.Array(p => { p.Int32(); return (int)p.Int16(); }); });
        r.End();
        return (error, [.. topics.SelectMany(t => t)]);
    }

    /// <summary>A consumer's subscription in the classic protocol, version 1.</summary>
    public static byte[] Subscription(params string[] topics) => new WireWriter(false).Int16(1).Strings(topics).Int32(-1).Count(0).ToArray();

    public void Dispose() => _wire.Dispose();
}
