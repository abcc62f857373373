namespace Streams.Broker.Tests.Contract;

/// <summary>A topic as CreateTopics names it.</summary>
public sealed record WireTopic(string Name, int Partitions = 1, int Replicas = 1)
{
    public (int Partition, int[] Brokers)[] Assigned { get; init; } = [];

    public (string Name, string? Value)[] Configs { get; init; } = [];
}

public sealed record WireCreated(string Name, Guid Id, short Error, string? Message, int Partitions, short Replicas, List<(string Name, string? Value, sbyte Source)> Configs);

/// <summary>A configuration as DescribeConfigs 4 gives it.</summary>
public sealed record WireConfig(string Name, string? Value, bool IsReadOnly, sbyte Source, bool IsSensitive, List<(string Name, string? Value, sbyte Source)> Synonyms, sbyte Type, string? Documentation);

public sealed record WireDescribed(short Error, string? Message, List<WireConfig> Configs);

/// <summary>The administration requests of the protocol, each in the words of one test.</summary>
public static class WireAdmin
{
    public const sbyte TopicResource = 2;
    public const sbyte BrokerResource = 4;

    public static async Task<List<WireCreated>> CreateTopicsAsync(this WireClient client, int version, bool validateOnly, params WireTopic[] topics)
    {
        var reader = await client.CallAsync(19, (short)version, version >= 5, w =>
        {
            w.Array(topics, (t, topic) => t.String(topic.Name).Int32(topic.Partitions).Int16(topic.Replicas)
                .Array(topic.Assigned, (a, assigned) => a.Int32(assigned.Partition).Int32s(assigned.Brokers).Tags())
                .Array(topic.Configs, (c, config) => c.String(config.Name).String(config.Value).Tags()).Tags());
            w.Int32(10_000);
            if (version >= 1) w.Bool(validateOnly);
            w.Tags();
        });
        if (version >= 2) reader.Int32();
        var created = reader.Array(r =>
        {
            var name = r.String()!;
            var id = version >= 7 ? r.Uuid() : Guid.Empty;
            var error = r.Int16();
            var message = version >= 1 ? r.String() : null;
            var (partitions, replicas) = version >= 5 ? (r.Int32(), r.Int16()) : (0, (short)0);
            var configs = version < 5 ? [] : r.Array(c =>
            {
                var (key, value, _, source, _) = (c.String()!, c.String(), c.Bool(), c.Int8(), c.Bool());
                c.Tags();
                return (key, value, source);
            });
            r.Tags();
            return new WireCreated(name, id, error, message, partitions, replicas, configs);
        });
        reader.End();
        return created;
    }

    /// <summary>The error codes by name or id; version 6 alone knows ids.</summary>
    public static async Task<List<(string? Name, Guid Id, short Error)>> DeleteTopicsAsync(this WireClient client, int version, params (string? Name, Guid Id)[] topics)
    {
        var reader = await client.CallAsync(20, (short)version, version >= 4, w =>
        {
            if (version >= 6) w.Array(topics, (t, topic) => t.String(topic.Name).Uuid(topic.Id).Tags());
            else w.Array(topics, (t, topic) => t.String(topic.Name));
            w.Int32(10_000).Tags();
        });
        reader.Int32();
        var deleted = reader.Array(r =>
        {
            var name = r.String();
            var id = version >= 6 ? r.Uuid() : Guid.Empty;
            var error = r.Int16();
            if (version >= 5) r.String();
            r.Tags();
            return (name, id, error);
        });
        reader.End();
        return deleted;
    }

    public static async Task<List<(string Name, short Error)>> CreatePartitionsAsync(this WireClient client, int version, bool validateOnly, params (string Name, int Count, int[][]? Assigned)[] topics)
    {
        var reader = await client.CallAsync(37, (short)version, version >= 2, w => w
            .Array(topics, (t, topic) => t.String(topic.Name).Int32(topic.Count).Array(topic.Assigned, (a, brokers) => a.Int32s(brokers).Tags()).Tags())
            .Int32(10_000).Bool(validateOnly).Tags());
        reader.Int32();
        var results = reader.Array(r =>
        {
            var (name, error, _) = (r.String()!, r.Int16(), r.String());
            r.Tags();
            return (name, error);
        });
        reader.End();
        return results;
    }

    public static async Task<(long Start, short Error)> DeleteRecordsAsync(this WireClient client, string topic, int partition, long offset)
    {
        var reader = await client.CallAsync(21, 2, true, w => w.Count(1).String(topic).Count(1).Int32(partition).Int64(offset).Tags().Tags().Int32(10_000).Tags());
        reader.Int32();
        Assert.Equal((1, topic, 1, partition), (reader.Count(), reader.String(), reader.Count(), reader.Int32()));
        return (reader.Int64(), reader.Int16());
    }

    public static async Task<WireDescribed> DescribeConfigsAsync(this WireClient client, sbyte type, string name, params string[]? keys)
    {
        var reader = await client.CallAsync(32, 4, true, w => w.Count(1).Int8(type).String(name).Array(keys is null or [] ? null : keys, (k, key) => k.String(key)).Tags().Bool(true).Bool(true).Tags());
        reader.Int32();
        Assert.Equal(1, reader.Count());
        var (error, message, _, _) = (reader.Int16(), reader.String(), reader.Int8(), reader.String());
        var configs = reader.Array(r =>
        {
            var (key, value, readOnly, source, sensitive) = (r.String()!, r.String(), r.Bool(), r.Int8(), r.Bool());
            var synonyms = r.Array(s =>
            {
                var synonym = (s.String()!, s.String(), s.Int8());
                s.Tags();
                return synonym;
            });
            var config = new WireConfig(key, value, readOnly, source, sensitive, synonyms, r.Int8(), r.String());
            r.Tags();
            return config;
        });
        return new WireDescribed(error, message, configs);
    }

    /// <summary>IncrementalAlterConfigs of one resource: set 0, delete 1, append 2, subtract 3.</summary>
    public static Task<short> AlterAsync(this WireClient client, sbyte type, string name, params (string Name, int Operation, string? Value)[] changes) =>
        client.AlterAsync(type, name, validateOnly: false, changes);

    public static async Task<short> AlterAsync(this WireClient client, sbyte type, string name, bool validateOnly, params (string Name, int Operation, string? Value)[] changes)
    {
        var reader = await client.CallAsync(44, 1, true, w => w.Count(1).Int8(type).String(name)
            .Array(changes, (c, change) => c.String(change.Name).Int8(change.Operation).String(change.Value).Tags()).Tags().Bool(validateOnly).Tags());
        return ReadAltered(reader, name);
    }

    /// <summary>AlterConfigs of one resource: what is named stays alone.</summary>
    public static async Task<short> ReplaceConfigsAsync(this WireClient client, sbyte type, string name, bool validateOnly, params (string Name, string? Value)[] configs)
    {
        var reader = await client.CallAsync(33, 2, true, w => w.Count(1).Int8(type).String(name)
            .Array(configs, (c, config) => c.String(config.Name).String(config.Value).Tags()).Tags().Bool(validateOnly).Tags());
        return ReadAltered(reader, name);
    }

    private static short ReadAltered(WireReader reader, string name)
    {
        reader.Int32();
        Assert.Equal(1, reader.Count());
        var (error, _, _, answered) = (reader.Int16(), reader.String(), reader.Int8(), reader.String());
        Assert.Equal(name, answered);
        return error;
    }
}
