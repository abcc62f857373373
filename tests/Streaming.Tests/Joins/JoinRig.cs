using Streams.Streaming.Dsl;
using Streams.Streaming.Dsl.Internal;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Testing;

namespace Streams.Streaming.Tests.Joins;

/// <summary>What the joins' tests share.</summary>
internal static class JoinRig
{
    public static StringSerDes Text { get; } = new();

    /// <summary>Random sequences: hundreds daily, ten thousand in the full tier.</summary>
    public static int Sequences => Tier.Of(300, 10_000);

    public static string Join(string? left, string? right) => $"{left ?? "-"}+{right ?? "-"}";

    /// <summary>A table of a topic, kept in the store "&lt;topic&gt;-store".</summary>
    public static KTable<string, string> Table(StreamBuilder builder, string topic)
    {
        var store = $"{topic}-store";
        builder.Topology
            .AddSource($"{topic}-source", [topic], Text, Text)
            .AddProcessor($"{topic}-changes", () => new ToChange(), $"{topic}-source")
            .AddProcessor($"{topic}-table", () => new KeepTable<string, string>(store), $"{topic}-changes")
            .AddStateStore(InMemory.As<string, string>(store).TimestampedKeyValueStore(store, Text, Text), $"{topic}-table");
        return new KTable<string, string>(builder, $"{topic}-table", Text, Text, StoredValues<string, string>.In(store), store);
    }

    /// <summary>Writes a table's changes to a topic.</summary>
    public static void Out(StreamBuilder builder, IKTable<string, string> table, string topic = "out")
    {
        builder.Topology
            .AddProcessor($"{topic}-values", () => new FromChange(), ((KTable<string, string>)table).Node)
            .AddSink<string, string>($"{topic}-sink", topic, Text, Text, null, $"{topic}-values");
    }

    private sealed class ToChange : IProcessor<string, string, string, Change<string>>
    {
        private IProcessorContext<string, Change<string>> context = null!;

        public void Init(IProcessorContext<string, Change<string>> context) => this.context = context;

        public void Process(in Record<string, string> record)
        {
            if (record.HasKey)
                context.Forward(record.WithValue(new Change<string>(record.Value, record.HasValue, null, false)));
            else
                context.Drop("NULL_KEY", "no key");
        }
    }

    private sealed class FromChange : IProcessor<string, Change<string>, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> context) => this.context = context;

        public void Process(in Record<string, Change<string>> record) =>
            context.Forward(record.Value.HasNew ? record.WithValue(record.Value.New!) : record.WithoutValue<string>());
    }
}
