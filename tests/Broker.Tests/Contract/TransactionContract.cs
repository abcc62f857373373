using Confluent.Kafka;
using Streams.Broker.Tests.Transactions;

namespace Streams.Broker.Tests.Contract;

/// <summary>The transaction coordinator, frame by frame: what each state answers to each request.</summary>
public abstract class TransactionContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const long Foreign = 1L << 40;

    /// <summary>Every request, in the versions in which its answers differ.</summary>
    private static readonly (string Name, Func<Scene, Task<string>> Send)[] Requests =
    [
        ("Init", async s => $"{(await s.Wire.TryInitAsync(s.P.Id)).Error}"),
        ("Init as itself", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, s.P.ProducerId, s.P.Epoch)).Error}"),
        ("Init as another", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, Foreign, 0)).Error}"),
        ("Init as another v3", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, Foreign, 0, 3)).Error}"),
        ("Init with half a name", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, s.P.ProducerId, -1)).Error}"),
        ("Init too long", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 900_001)).Error}"),
        ("Init without time", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 0)).Error}"),
        ("AddPartitions", async s => $"{(await s.Wire.AddAsync(s.P, 3, (s.Topic, 1)))[0]}"),
        ("AddPartitions known", async s => $"{(await s.Wire.AddAsync(s.P, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions with an unknown one", async s => string.Join('+', await s.Wire.AddAsync(s.P, 3, (s.Topic, 0), (s.Topic, 9), ("no-such-topic", 0)))),
        ("AddPartitions older epoch", async s => $"{(await s.Wire.AddAsync(s.Older, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions older epoch v1", async s => $"{(await s.Wire.AddAsync(s.Older, 1, (s.Topic, 0)))[0]}"),
        ("AddPartitions newer epoch", async s => $"{(await s.Wire.AddAsync(s.Newer, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions foreign", async s => $"{(await s.Wire.AddAsync(s.P with { ProducerId = Foreign }, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions without id", async s => $"{(await s.Wire.AddAsync(s.P with { Id = "" }, 3, (s.Topic, 0)))[0]}"),
        ("AddOffsets", async s => $"{await s.Wire.TryAddGroupAsync(s.P, s.Group)}"),
        ("AddOffsets older epoch", async s => $"{await s.Wire.TryAddGroupAsync(s.Older, s.Group)}"),
        ("AddOffsets older epoch v1", async s => $"{await s.Wire.TryAddGroupAsync(s.Older, s.Group, 1)}"),
        ("AddOffsets foreign", async s => $"{await s.Wire.TryAddGroupAsync(s.P with { ProducerId = Foreign }, s.Group)}"),
        ("TxnOffsetCommit", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1)}"),
        ("TxnOffsetCommit v0", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, version: 0)}"),
        ("TxnOffsetCommit other group", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.OtherGroup, s.Topic, 1)}"),
        ("TxnOffsetCommit no group", async s => $"{await s.Wire.CommitOffsetAsync(s.P, "", s.Topic, 1)}"),
        ("TxnOffsetCommit unknown partition", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, partition: 9)}"),
        ("TxnOffsetCommit long metadata", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, metadata: new string('m', 4097))}"),
        ("TxnOffsetCommit unknown member", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, 3, "m")}"),
        ("TxnOffsetCommit unknown instance", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, 3, "m", "i")}"),
        ("TxnOffsetCommit older epoch", async s => $"{await s.Wire.CommitOffsetAsync(s.Older, s.Group, s.Topic, 1)}"),
        ("TxnOffsetCommit foreign", async s => $"{await s.Wire.CommitOffsetAsync(s.P with { ProducerId = Foreign }, s.Group, s.Topic, 1)}"),
        ("EndTxn commit", async s => $"{await s.Wire.EndAsync(s.P, true)}"),
        ("EndTxn abort", async s => $"{await s.Wire.EndAsync(s.P, false)}"),
        ("EndTxn older epoch", async s => $"{await s.Wire.EndAsync(s.Older, true)}"),
        ("EndTxn older epoch v1", async s => $"{await s.Wire.EndAsync(s.Older, true, 1)}"),
        ("EndTxn newer epoch", async s => $"{await s.Wire.EndAsync(s.Newer, true)}"),
        ("EndTxn foreign", async s => $"{await s.Wire.EndAsync(s.P with { ProducerId = Foreign }, true)}"),
        ("EndTxn without id", async s => $"{await s.Wire.EndAsync(s.P with { Id = "" }, true)}"),
        ("Produce", async s => $"{(await s.Wire.ProduceAsync(s.P, s.Topic, 0)).Error}"),
        ("Produce unnamed partition", async s => $"{(await s.Wire.ProduceAsync(s.P, s.Topic, 0, partition: 1)).Error}"),
        ("Produce older epoch", async s => $"{(await s.Wire.ProduceAsync(s.Older, s.Topic, 0)).Error}"),
        ("Produce newer epoch", async s => $"{(await s.Wire.ProduceAsync(s.Newer, s.Topic, 0)).Error}"),
        ("Produce foreign", async s => $"{(await s.Wire.ProduceAsync(s.P with { ProducerId = Foreign }, s.Topic, 0)).Error}"),
    ];

    [SkippableTheory]
    [InlineData("Unknown")]
    [InlineData("Empty")]
    [InlineData("Ongoing")]
    [InlineData("CompleteCommit")]
    [InlineData("CompleteAbort")]
    public async Task Every_state_answers_every_request(string state)
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(2);
        var answers = new List<string>();
        foreach (var (name, send) in Requests) answers.Add($"{name}: {await send(await SceneAsync(wire, topic, state))}");
        var differences = TransactionStates.Expected(state).Split('\n').Zip(answers).Where(a => a.First != a.Second).Select(a => $"{a.First}, not {a.Second}");
        Assert.Equal([], differences);
    }

    /// <summary>A transactional id brought into the state, with a partition and a group named in its last transaction.</summary>
    private static async Task<Scene> SceneAsync(TransactionWire wire, string topic, string state)
    {
        var id = $"x-{Guid.NewGuid():N}";
        var scene = new Scene(wire, new WireProducer(id, Foreign + 1, 1), topic, $"g-{id}", $"other-{id}");
        if (state == "Unknown") return scene;
        await wire.InitAsync(id);
        scene = scene with { P = await wire.InitAsync(id) };
        if (state == "Empty") return scene;
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(scene.P, topic));
        Assert.Equal(ErrorCode.NoError, await wire.AddGroupAsync(scene.P, scene.Group));
        if (state != "Ongoing") await wire.FinishAsync(scene.P, state == "CompleteCommit");
        return scene;
    }

    private sealed record Scene(TransactionWire Wire, WireProducer P, string Topic, string Group, string OtherGroup)
    {
        public WireProducer Older => P with { Epoch = (short)(P.Epoch - 1) };

        public WireProducer Newer => P with { Epoch = (short)(P.Epoch + 1) };
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedTransactions(Embedded broker) : TransactionContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheTransactions(ApacheKafka broker) : TransactionContract(broker);
