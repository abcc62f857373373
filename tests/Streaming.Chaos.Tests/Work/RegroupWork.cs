using System.Globalization;
using System.Text;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>
/// The DSL: another key, a repartition topic, a running count and sum by the new key. In which order the partitions of the input meet is free; all else is not:
/// each record once, the records of a partition in their order, each count and sum following from the one before.
/// </summary>
internal sealed class RegroupWork : IWork
{
    public const string Title = "regroup";

    private const string Groups = "groups";

    public string Name => Title;

    public IReadOnlyList<string> Outputs => ["out", "dead"];

    public Topology Build(Job job)
    {
        var text = new StringSerDes();
        var builder = new StreamBuilder();
        builder.AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore(Groups), text, text));
        builder.Stream(job.Input, text, text)
            .SelectKey((_, value) => Group(value), "group-of")
            .Repartition(Repartitioned<string, string>.As("by-group").With(text, text))
            .Process(() => new Summing(), "summing", Groups)
            .To(job.Topic("out"), text, text);
        return builder.Build();
    }

    public IEnumerable<Input> Generate(int seed)
    {
        var random = new Random(seed);
        for (var i = 0L; ; i++)
            yield return new Input(Encoding.UTF8.GetBytes($"k{random.Next(1000)}"), Encoding.UTF8.GetBytes($"{i}:{random.Next(1000)}"), 1_750_000_000_000 + i);
    }

    public IEnumerable<Input> Last(int partitions) => [];

    public void Check(Remains remains)
    {
        var partitions = Enumerable.Range(0, remains.Partitions).ToList();
        var sent = partitions.SelectMany(p => remains.Input(p).Select(r => (Partition: p, Text: Encoding.UTF8.GetString(r.Value!)))).ToLookup(r => Group(r.Text));
        var written = partitions.SelectMany(p => remains.Output("out", p).Select(r => (Partition: p, Key: Encoding.UTF8.GetString(r.Key!), Text: Encoding.UTF8.GetString(r.Value!)))).ToLookup(r => r.Key);
        foreach (var group in sent.Select(g => g.Key).Union(written.Select(g => g.Key)))
        {
            // "id:amount count sum", as it must be for the order in which the records were met.
            var (count, sum) = (0L, 0L);
            var expected = written[group].Select(r => r.Text.Split(' ')[0]).Select(r => $"{r} {++count} {sum += Amount(r)}").ToList();
            remains.Same($"{group}: running sums", expected, [.. written[group].Select(r => r.Text)]);
            var order = written[group].Select((r, i) => (Id: r.Text.Split(' ')[0], i)).GroupBy(r => r.Id).ToDictionary(r => r.Key, r => r.First().i);
            var met = sent[group].OrderBy(r => r.Partition).ThenBy(r => order.GetValueOrDefault(r.Text)).Select(r => r.Text).ToList();
            remains.Same($"{group}: order", [.. sent[group].Select(r => r.Text)], met);
            remains.Same($"{group}: records", [.. sent[group].Select(r => r.Text).Order(StringComparer.Ordinal)], [.. written[group].Select(r => r.Text.Split(' ')[0]).Order(StringComparer.Ordinal)]);
        }
        remains.SameSet("dead", [], r => r.Text);
    }

    private static string Group(string value) => $"g{Amount(value) % 40}";

    private static long Amount(string value) => long.Parse(value.AsSpan(value.IndexOf(':', StringComparison.Ordinal) + 1), CultureInfo.InvariantCulture);

    private sealed class Summing : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;
        private IKeyValueStore<string, string> groups = null!;

        public void Init(IProcessorContext<string, string> context)
        {
            this.context = context;
            groups = context.GetStateStore<IKeyValueStore<string, string>>(Groups);
        }

        public void Process(in Record<string, string> record)
        {
            var before = groups.Get(record.Key)?.Split(' ') ?? ["0", "0"];
            var count = long.Parse(before[0], CultureInfo.InvariantCulture) + 1;
            var sum = long.Parse(before[1], CultureInfo.InvariantCulture) + Amount(record.Value);
            groups.Put(record.Key, $"{count} {sum}");
            context.Forward(record.WithValue($"{record.Value} {count} {sum}"));
        }
    }
}
