namespace Streams.Broker.Tests.Contract;

/// <summary>Metadata and ApiVersions in all their versions, and what becomes of requests that are not served.</summary>
public abstract class MetadataContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const short ApiVersions = 18;
    private const short UnknownTopic = 3;
    private const short InvalidTopic = 17;
    private const short InvalidRequest = 42;
    private const short UnknownTopicId = 100;
    private const int NotAsked = int.MinValue;

    private sealed record Topic(short Error, string? Name, Guid Id, bool IsInternal, List<int> Partitions, int Operations);

    private sealed record Answer(string Bootstrap, string? ClusterId, int Controller, List<Topic> Topics, int ClusterOperations);

    public static TheoryData<int> Versions => [.. Enumerable.Range(0, 13)];

    [SkippableTheory]
    [MemberData(nameof(Versions))]
    public async Task Topics_are_told_in_every_version(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (name, id) = await MadeAsync(client, 3);
        var answer = await AskAsync(client, version, [(name, Guid.Empty)]);
        Assert.Equal(BootstrapServers, answer.Bootstrap);
        if (version >= 1) Assert.Equal(1, answer.Controller);
        if (version >= 2) Assert.False(string.IsNullOrEmpty(answer.ClusterId));
        var topic = Assert.Single(answer.Topics);
        Assert.Equal((0, name), (topic.Error, topic.Name));
        Assert.Equal([0, 1, 2], topic.Partitions.Order());
        if (version >= 10) Assert.Equal(id, topic.Id);
        Assert.Equal(version >= 8 ? 3576 : 0, topic.Operations);
        Assert.Equal(version is >= 8 and <= 10 ? 8096 : 0, answer.ClusterOperations);
    }

    [SkippableFact]
    public async Task Operations_are_told_to_those_who_ask()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (name, _) = await MadeAsync(client, 1);
        var answer = await AskAsync(client, 8, [(name, Guid.Empty)], operations: false);
        Assert.Equal((NotAsked, NotAsked), (answer.ClusterOperations, answer.Topics[0].Operations));
    }

    [SkippableTheory]
    [InlineData(0, false, true)]
    [InlineData(1, true, true)]
    [InlineData(1, false, false)]
    [InlineData(9, true, true)]
    [InlineData(9, false, false)]
    [InlineData(12, true, true)]
    [InlineData(12, false, false)]
    public async Task All_topics_none_and_the_difference(int version, bool isNull, bool all)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (name, _) = await MadeAsync(client, 1);
        var answer = await AskAsync(client, version, isNull ? null : []);
        Assert.Equal(all, answer.Topics.Exists(t => t.Name == name));
        if (!all) Assert.Empty(answer.Topics);
    }

    [SkippableFact]
    public async Task What_does_not_exist_is_listed_with_its_error()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var (name, id) = await MadeAsync(client, 1);
        var unknown = $"m-{Guid.NewGuid():N}";
        var named = await AskAsync(client, 9, [(unknown, Guid.Empty), ("bad name", Guid.Empty), (name, Guid.Empty), (name, Guid.Empty)]);
        Assert.Equal([(UnknownTopic, unknown), (InvalidTopic, "bad name"), ((short)0, name)], named.Topics.OrderByDescending(t => t.Error == UnknownTopic).ThenByDescending(t => t.Error).Select(t => (t.Error, t.Name)));
        var nobody = Guid.NewGuid();
        var byId = await AskAsync(client, 12, [(null, id), (null, nobody)]);
        Assert.Contains(byId.Topics, t => t.Error == 0 && t.Name == name && t.Id == id);
        Assert.Contains(byId.Topics, t => t.Error == UnknownTopicId && t.Name is null && t.Id == nobody && t.Operations == NotAsked);
    }

    [SkippableFact]
    public async Task Internal_topics_are_marked()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        await client.CreateTopicsAsync(7, false, new WireTopic("__consumer_offsets"));
        await UntilAsync(async () => (await AskAsync(client, 9, [("__consumer_offsets", Guid.Empty)])).Topics[0] is { Error: 0, IsInternal: true });
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Versions_are_told_in_every_version_with_a_plain_header(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var reader = await AskVersionsAsync(client, version, "a-client.1", "1.0-x");
        Assert.Equal(0, reader.Int16());
        var served = ReadApis(reader);
        if (version >= 1) Assert.Equal(0, reader.Int32());
        reader.End();
        Assert.Equal(0, served[0].Min);
        foreach (short key in new short[] { 10, 11, 12, 13, 14 }) Assert.Equal(0, served[key].Min);
        Assert.True(served[8].Min <= 2 && served[9].Min <= 1 && served[2].Min <= 1 && served[18].Max >= 4);
        foreach (short key in new short[] { 1, 3, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 28, 32, 33, 35, 36, 37, 42, 44, 60 }) Assert.True(served.ContainsKey(key), $"{key}");
    }

    [SkippableTheory]
    [InlineData(5)]
    [InlineData(99)]
    public async Task An_unknown_version_of_ApiVersions_is_answered_with_the_known_ones_in_the_first_format(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        await client.SendRawAsync(Frame(ApiVersions, version, tags: true));
        // The client cannot know the format: it reads version 0.
        await client.SendAsync(ApiVersions, 0, false, _ => { });
        var unknown = await client.ReceiveAsync(expectCorrelation: 77);
        Assert.Equal(35, unknown.Int16());
        Assert.Equal([(18, 0, 4)], ReadApis(unknown).Select(a => ((int)a.Key, (int)a.Value.Min, (int)a.Value.Max)));
        unknown.End();
        Assert.Equal(0, (await client.ReceiveAsync()).Int16());
    }

    [SkippableTheory]
    [InlineData("", "1.0")]
    [InlineData("client", "")]
    [InlineData("-client", "1.0")]
    [InlineData("cli ent", "1.0")]
    [InlineData("client", "1.0.")]
    public async Task A_clients_name_and_version_must_be_fit_to_print(string name, string clientVersion)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var reader = await AskVersionsAsync(client, 3, name, clientVersion);
        Assert.Equal(InvalidRequest, reader.Int16());
        Assert.Empty(ReadApis(reader));
        Assert.Equal(0, (await AskVersionsAsync(client, 3, "right", "1")).Int16());
    }

    [SkippableTheory]
    [InlineData(0, 2)]
    [InlineData(3, 99)]
    [InlineData(3, -1)]
    [InlineData(99, 0)]
    [InlineData(-5, 0)]
    [InlineData(72, 9)]
    public async Task What_is_not_served_closes_the_connection(int key, int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        await client.SendRawAsync(Frame(key, version, tags: false));
        await Assert.ThrowsAnyAsync<Exception>(() => client.ReceiveAsync(expectCorrelation: 77));
        using var other = await WireClient.ConnectAsync(BootstrapServers);
        Assert.Equal(0, (await AskVersionsAsync(other, 0, "", "")).Int16());
    }

    private static byte[] Frame(int key, int version, bool tags)
    {
        var frame = new WireWriter(false).Int16(key).Int16(version).Int32(77).String("c");
        if (tags) frame.Int8(0);
        return new WireWriter(false).Bytes(frame.ToArray()).ToArray();
    }

    private static Task<WireReader> AskVersionsAsync(WireClient client, int version, string name, string clientVersion) =>
        client.CallAsync(ApiVersions, (short)version, version >= 3, w =>
        {
            if (version >= 3) w.String(name).String(clientVersion).Tags();
        });

    private static Dictionary<short, (short Min, short Max)> ReadApis(WireReader reader) => reader.Array(r =>
    {
        var api = (Key: r.Int16(), Min: r.Int16(), Max: r.Int16());
        r.Tags();
        return api;
    }).ToDictionary(a => a.Key, a => (a.Min, a.Max));

    private static async Task<Answer> AskAsync(WireClient client, int version, (string? Name, Guid Id)[]? topics, bool create = false, bool operations = true)
    {
        var reader = await client.CallAsync(3, (short)version, version >= 9, w =>
        {
            w.Array(topics, (t, topic) =>
            {
                if (version >= 10) t.Uuid(topic.Id);
                t.String(topic.Name).Tags();
            });
            if (version >= 4) w.Bool(create);
            if (version is >= 8 and <= 10) w.Bool(operations);
            if (version >= 8) w.Bool(operations);
            w.Tags();
        });
        if (version >= 3) Assert.Equal(0, reader.Int32());
        var bootstrap = Assert.Single(reader.Array(r =>
        {
            Assert.Equal(1, r.Int32());
            var address = $"{r.String()}:{r.Int32()}";
            if (version >= 1) Assert.Null(r.String());
            r.Tags();
            return address;
        }));
        var cluster = version >= 2 ? reader.String() : null;
        var controller = version >= 1 ? reader.Int32() : -1;
        var answered = reader.Array(r => ReadTopic(r, version));
        var answer = new Answer(bootstrap, cluster, controller, answered, version is >= 8 and <= 10 ? reader.Int32() : 0);
        reader.End();
        return answer;
    }

    private static Topic ReadTopic(WireReader reader, int version)
    {
        var (error, name) = (reader.Int16(), reader.String());
        var id = version >= 10 ? reader.Uuid() : Guid.Empty;
        var isInternal = version >= 1 && reader.Bool();
        var partitions = reader.Array(r =>
        {
            var (partitionError, index, leader) = (r.Int16(), r.Int32(), r.Int32());
            Assert.Equal((0, 1), (partitionError, leader));
            if (version >= 7) Assert.Equal(0, r.Int32());
            Assert.Equal([1], r.Array(b => b.Int32()));
            Assert.Equal([1], r.Array(b => b.Int32()));
            if (version >= 5) Assert.Empty(r.Array(b => b.Int32()));
            r.Tags();
            return index;
        });
        var topic = new Topic(error, name, id, isInternal, partitions, version >= 8 ? reader.Int32() : 0);
        reader.Tags();
        return topic;
    }

    private static async Task<(string Name, Guid Id)> MadeAsync(WireClient client, int partitions)
    {
        var name = $"m-{Guid.NewGuid():N}";
        var id = (await client.CreateTopicsAsync(7, false, new WireTopic(name, partitions)))[0].Id;
        await UntilAsync(async () => (await AskAsync(client, 9, [(name, Guid.Empty)])).Topics[0].Partitions.Count == partitions);
        return (name, id);
    }

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await reached()) Assert.True(DateTime.UtcNow < deadline, "not reached in time");
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedMetadata(Embedded broker) : MetadataContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheMetadata(ApacheKafka broker) : MetadataContract(broker);
