using System.Buffers.Binary;
using Confluent.Kafka;
using Streams.Broker.Tests.Transactions;
using Xunit.Abstractions;

namespace Streams.Broker.Tests.Contract;

/// <summary>
/// librdkafka repeats an EndTxn that is not answered in time, with the same epoch, and goes on to the next transaction when the repetition is answered.
/// The first one may still be on its way. The embedded broker must not take it for the end of the next transaction; Apache Kafka cannot tell
/// (it needs clients of version 2 of the protocol), and what it does is printed, not judged.
/// </summary>
public abstract class DelayedEndTxnContract(IBrokerUnderTest broker, bool defends, ITestOutputHelper output) : BrokerContract(broker)
{
    private const short EndTxn = 26;

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_delayed_EndTxn_leaves_the_next_transaction_alone(bool commit)
    {
        var topic = await CreateTopicAsync(1);
        await using var proxy = new DelayProxy(BootstrapServers);
        using var producer = Producer(p => (p.BootstrapServers, p.TransactionalId, p.SocketTimeoutMs) = (proxy.Address, topic, 2000));
        producer.InitTransactions(Patience);
        Begin(producer, topic, "first");
        proxy.HoldNext(EndTxn);
        End(producer, commit);
        Assert.True(proxy.HasHeld);
        Begin(producer, topic, "second");
        var late = (ErrorCode)BinaryPrimitives.ReadInt16BigEndian((await proxy.ReleaseAsync()).AsSpan(4));
        var ended = Outcome(() => End(producer, !commit));
        var seen = ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => r.Message.Value).ToList();
        output.WriteLine($"the delayed {(commit ? "commit" : "abort")} was answered {late}; the next transaction's own end: {ended}; committed: {string.Join(", ", seen)}");
        if (!defends) return;
        Assert.Equal((ErrorCode.InvalidTxnState, "done"), (late, ended));
        Assert.Equal([commit ? "first" : "second"], seen);
    }

    private static void Begin(IProducer<string, string> producer, string topic, string value)
    {
        producer.BeginTransaction();
        producer.Produce(topic, new Message<string, string> { Key = "k", Value = value });
        producer.Flush(Patience);
    }

    private static void End(IProducer<string, string> producer, bool commit)
    {
        if (commit) producer.CommitTransaction(Patience);
        else producer.AbortTransaction(Patience);
    }

    private static string Outcome(Action end)
    {
        try
        {
            end();
            return "done";
        }
        catch (KafkaException e)
        {
            return $"{e.Error.Code}";
        }
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedDelayedEndTxn(Embedded broker, ITestOutputHelper output) : DelayedEndTxnContract(broker, defends: true, output);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheDelayedEndTxn(ApacheKafka broker, ITestOutputHelper output) : DelayedEndTxnContract(broker, defends: false, output);
