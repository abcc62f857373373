using System.Buffers.Binary;
using System.Text;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The <see cref="Ledger"/> on the raw processor interface.</summary>
internal sealed class LedgerWork : IWork
{
    public const string Title = "ledger";

    private const int Keys = 300;

    public string Name => Title;

    public IReadOnlyList<string> Outputs => ["out", "duplicates", "dead"];

    public Topology Build(Job job)
    {
        var apart = job.Bug == Bug.OffsetsApart;
        var forgetful = job.Bug == Bug.SkipRestore;
        return new Topology()
            .AddSource("source", job.Input)
            .AddProcessor("ledger", () => new Ledger(apart ? new OffsetsApart(job) : null) { DeadTopic = job.Topic("dead") }, "source")
            .AddSink("sink", job.Topic("out"), "ledger")
            .AddSink("duplicates", job.Topic("duplicates"), "ledger")
            .AddStateStore(() => new BytesStore(Ledger.Totals, forgetful), Ledger.Totals, "ledger")
            .AddStateStore(() => new SeenStore(Ledger.Seen, forgetful), Ledger.Seen, "ledger");
    }

    public IEnumerable<Input> Generate(int seed)
    {
        var random = new Random(seed);
        var recent = new Queue<(byte[] Key, byte[] Value)>();
        for (var i = 0L; ; i++)
        {
            var timestamp = 1_750_000_000_000 + i;
            if (i % 97 == 50)
            {
                yield return new Input(null, Value(-i, 0, 16), timestamp);
                continue;
            }
            if (recent.Count == 400 && random.Next(20) == 0)
            {
                var (sameKey, sameValue) = recent.ElementAt(random.Next(recent.Count));
                yield return new Input(sameKey, sameValue, timestamp);
                continue;
            }
            var key = Encoding.UTF8.GetBytes($"k{random.Next(Keys)}");
            var value = Value(i, random.Next(1000), i % 4999 == 2500 ? 17 : 16);
            recent.Enqueue((key, value));
            if (recent.Count > 400) recent.Dequeue();
            yield return new Input(key, value, timestamp);
        }
    }

    public IEnumerable<Input> Last(int partitions) => [];

    public void Check(Remains remains)
    {
        var dead = new List<string>();
        for (var partition = 0; partition < remains.Partitions; partition++)
        {
            var expected = new LedgerModel(partition);
            foreach (var record in remains.Input(partition)) expected.Take(record);
            remains.Same("out", partition, expected.Output);
            remains.Same("duplicates", partition, expected.Duplicates);
            remains.SameState(Ledger.Totals, partition, expected.Totals);
            remains.SameState(Ledger.Seen, partition, expected.Seen);
            dead.AddRange(expected.Dead);
        }
        remains.SameSet("dead", dead, r => $"{r.Header("__streams.errors.partition")}/{r.Header("__streams.errors.offset")} {r.Header("streams.errors.code")}");
    }

    private static byte[] Value(long id, long amount, int length)
    {
        var value = new byte[length];
        BinaryPrimitives.WriteInt64BigEndian(value, id);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(8), amount);
        return value;
    }
}
