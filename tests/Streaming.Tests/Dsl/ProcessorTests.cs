using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Processors of one's own, transformers, and the duplicate filter.</summary>
public sealed class ProcessorTests
{
    [Fact]
    public void Process_gives_a_processor_its_stores()
    {
        using var d = new DslDriver(b =>
        {
            b.AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("counts"), new StringSerDes(), new Int64SerDes()));
            b.Stream<string, string>("in").Process(() => new Counting(), "count", "counts").To("out");
        });
        d.In("a", "x").In("b", "x").In("a", "y");
        Assert.Equal("a!=1@0 b!=1@0 a!=2@0", d.OutNumbers());
        d.Driver.Commit();
        d.Driver.Restart();
        d.In("a", "z");
        Assert.Equal("a!=3@0", d.OutNumbers());
    }

    [Fact]
    public void ProcessValues_keeps_the_key_whatever_the_processor_says()
    {
        using var d = new DslDriver(b =>
        {
            b.AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("counts"), new StringSerDes(), new Int64SerDes()));
            b.Stream<string, string>("in").ProcessValues(() => new Counting(), "count", "counts").To("out");
        });
        d.In("a", "x").In("a", "y");
        Assert.Equal("a=1@0 a=2@0", d.OutNumbers());
    }

    [Fact]
    public void A_transformer_returns_a_record_or_none_and_is_closed()
    {
        var transformers = new List<Twice>();
        using (var d = new DslDriver(b =>
        {
            b.Stream<string, string>("in").Transform(() => New(transformers)).To("out");
            b.Stream<string, string>("in2").TransformValues(() => New(transformers)).To("out2");
        }))
        {
            d.In("a", "x").In("a", "none").In("b", "y", topic: "in2");
            Assert.Equal(("x=xx@0", "b=yy@0"), (d.Out(), d.Out("out2")));
        }
        Assert.All(transformers, t => Assert.True(t.Closed));
    }

    [Fact]
    public void Duplicates_and_expired_records_and_such_without_identity_have_an_exit()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").DropDuplicates((_, v) => v?.Split(':')[0], TimeSpan.FromMilliseconds(100), "once").To("out"));
        d.In("a", "1:x", 50).In("a", "1:y", 60).In("b", "1:z", 150).In("a", "2:x", 1000).In("a", "1:again", 1000).In("a", "0:old", 10).In("a", (string?)null, 1000);
        Assert.Equal("a=1:x@50 a=2:x@1000 a=1:again@1000", d.Out());
        Assert.Equal("DUPLICATE DUPLICATE EXPIRED NULL_ID", d.Dropped());
    }

    [Fact]
    public void Identities_are_remembered_across_a_restart()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").DropDuplicates((_, v) => v, TimeSpan.FromMilliseconds(100), "once").To("out"));
        d.In("a", "1", 50);
        d.Driver.Commit();
        d.Driver.Restart();
        d.In("a", "1", 60);
        Assert.Equal(("a=1@50", "DUPLICATE"), (d.Out(), d.Dropped()));
    }

    private static Twice New(List<Twice> made)
    {
        made.Add(new Twice());
        return made[^1];
    }

    private sealed class Counting : IProcessor<string, string, string, long>
    {
        private IProcessorContext<string, long> context = null!;
        private IKeyValueStore<string, long> counts = null!;

        public void Init(IProcessorContext<string, long> context) => (this.context, counts) = (context, context.GetStateStore<IKeyValueStore<string, long>>("counts"));

        public void Process(in Record<string, string> record)
        {
            var count = counts.Get(record.Key) + 1;
            counts.Put(record.Key, count);
            context.Forward(record.WithKey(record.Key + "!").WithValue(count));
        }
    }

    private sealed class Twice : ITransformer<string, string, string, string>
    {
        public bool Closed { get; private set; }

        public void Init(IProcessorContext<string, string> context)
        {
        }

        public Record<string, string>? Process(in Record<string, string> record) => record.Value == "none" ? null : record.WithKey(record.Value).WithValue(record.Value + record.Value);

        public void Close() => Closed = true;
    }
}
