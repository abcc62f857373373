namespace Streams.Broker.Tests.Contract;

/// <summary>An answer to a heartbeat of the consumer protocol; the assignment as "topic id:partition", null where there was none.</summary>
public sealed record WireBeat(int Error, string? Message, string? Id, int Epoch, int Interval, SortedSet<string>? Assignment);

public sealed record WireConsumer(
    string Id, string? Instance, string? Rack, int Epoch, string Client, string Host, List<string> Topics, string? Regex, SortedSet<string> Assigned, SortedSet<string> Target, int Type);

public sealed record WireConsumerGroup(int Error, string State, int Epoch, int TargetEpoch, string Assignor, List<WireConsumer> Members);

public sealed partial class GroupWire
{
    /// <summary>A heartbeat that joins: says everything.</summary>
    public Task<WireBeat> EnterConsumerAsync(string id, string[]? topics, string? instance = null, string? regex = null, string? assignor = null, int rebalance = 30_000, short version = 1) =>
        BeatAsync(id, 0, [], topics, instance, regex, assignor, rebalance, version);

    public async Task<WireBeat> BeatAsync(
        string id, int epoch, IEnumerable<string>? owned = null, string[]? topics = null, string? instance = null, string? regex = null, string? assignor = null, int rebalance = -1, short version = 1)
    {
        var r = await Wire.CallAsync(68, version, true, w =>
        {
            w.String(Group).String(id).Int32(epoch).String(instance).String(null).Int32(rebalance).Array(topics, (x, t) => x.String(t));
            if (version >= 1) w.String(regex);
            w.String(assignor);
            var byTopic = owned?.Select(o => o.Split(':')).GroupBy(o => o[0]).ToList();
            w.Array(byTopic, (x, t) => x.Uuid(Guid.Parse(t.Key)).Int32s([.. t.Select(p => int.Parse(p[1]))]).Tags()).Tags();
        });
        r.Int32();
        var beat = new WireBeat(r.Int16(), r.String(), r.String(), r.Int32(), r.Int32(), r.Int8() < 0 ? null : Partitions(r, named: false));
        r.End();
        return beat;
    }

    public async Task<WireConsumerGroup> DescribeConsumersAsync(short version = 1)
    {
        var r = await Wire.CallAsync(69, version, true, w => w.Strings(Group).Bool(false).Tags());
        r.Int32();
        var groups = r.Array(g =>
        {
            int error = g.Int16();
            g.String();
            Assert.Equal(Group, g.String());
            var (state, epoch, target, assignor) = (g.String()!, g.Int32(), g.Int32(), g.String()!);
            var members = g.Array(m =>
            {
                var member = new WireConsumer(m.String()!, m.String(), m.String(), m.Int32(), m.String()!, m.String()!, m.Array(t => t.String()!), m.String(),
                    Partitions(m, named: true), Partitions(m, named: true), version >= 1 ? m.Int8() : 1);
                m.Tags();
                return member;
            });
            Assert.Equal(int.MinValue, g.Int32());
            g.Tags();
            return new WireConsumerGroup(error, state, epoch, target, assignor, members);
        });
        r.End();
        return groups[0];
    }

    private static SortedSet<string> Partitions(WireReader r, bool named)
    {
        var topics = r.Array(t =>
        {
            var id = t.Uuid();
            if (named) t.String();
            var partitions = t.Array(p => $"{id}:{p.Int32()}");
            t.Tags();
            return partitions;
        });
        r.Tags();
        return new SortedSet<string>(topics.SelectMany(t => t), StringComparer.Ordinal);
    }
}
