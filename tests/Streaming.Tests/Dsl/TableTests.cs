using System.Text;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Tables and their operators, with Kafka Streams' rules for tombstones and old values.</summary>
public sealed class TableTests
{
    [Fact]
    public void A_table_passes_on_each_update_and_drops_null_keys()
    {
        using var d = new DslDriver(b => b.Table("in", InMemory.As<string, string>("t")).ToStream().To("out"));
        d.In("a", "1", 5).In("a", "2", 3).In("a", (string?)null, 9).In(null, "x", 10);
        Assert.Equal("a=1@5 a=2@3 a=-@9", d.Out());
        Assert.Equal("NULL_KEY", d.Dropped());
        Assert.Equal(0, d.Driver.GetStateStore<ITimestampedKeyValueStore<string, string>>("t").ApproximateNumEntries);
    }

    [Fact]
    public void A_table_without_a_name_is_not_kept()
    {
        using var d = new DslDriver(b => b.Table<string, string>("in").MapValues(v => v + "!").ToStream((k, v) => v ?? k).To("out"));
        d.In("a", "1").In("a", (string?)null);
        Assert.Equal("1!=1!@0 a=-@0", d.Out());
        d.Driver.Commit();
        Assert.Equal(["out"], d.Driver.ProducedTopicNames);
    }

    [Fact]
    public void Filter_of_a_table_that_is_not_kept_deletes_whatever_does_not_match()
    {
        using var d = new DslDriver(b => b.Table<string, string>("in").Filter((_, v) => v.Length > 1).ToStream().To("out"));
        d.In("a", "x").In("a", "xx").In("a", "y").In("a", (string?)null);
        Assert.Equal("a=-@0 a=xx@0 a=-@0 a=-@0", d.Out());
    }

    [Fact]
    public void Filter_of_a_kept_table_deletes_only_what_matched_before()
    {
        using var d = new DslDriver(b =>
        {
            var table = b.Table("in", InMemory.As<string, string>("t"));
            table.Filter((_, v) => v.Length > 1).ToStream().To("out");
            table.FilterNot((_, v) => v.Length > 1, InMemory.As<string, string>("short")).ToStream().To("not");
        });
        d.In("a", "x", 1).In("a", "xx", 2).In("a", "y", 3).In("a", (string?)null, 4).In("a", "z", 5);
        Assert.Equal("a=xx@2 a=-@3", d.Out());
        Assert.Equal("a=x@1 a=-@2 a=y@3 a=-@4 a=z@5", d.Out("not"));
        Assert.Equal("z", d.Driver.GetStateStore<ITimestampedKeyValueStore<string, string>>("short").Get("a").Value);
    }

    [Fact]
    public void MapValues_is_never_called_for_deleted_values_and_may_delete()
    {
        using var d = new DslDriver(b => b.Table("in", InMemory.As<string, string>("t")).MapValues((k, v) => v == "x" ? null! : k + v, InMemory.As<string, string>("m"), "mapped").ToStream().To("out"));
        d.In("a", "1").In("a", "x").In("a", (string?)null);
        Assert.Equal("a=a1@0 a=-@0 a=-@0", d.Out());
        Assert.False(d.Driver.GetStateStore<ITimestampedKeyValueStore<string, string>>("m").TryGet("a", out _));
    }

    [Fact]
    public void TransformValues_looks_into_stores_and_is_asked_about_deleted_values_too()
    {
        using var d = new DslDriver(b =>
        {
            b.AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("seen"), new StringSerDes(), new Int64SerDes()));
            b.Table("in", InMemory.As<string, string>("t")).TransformValues(() => new Numbered(), InMemory.As<string, string>("n"), "numbered", "seen").ToStream().To("out");
        });
        d.In("a", "x").In("a", (string?)null).In("b", "y");
        Assert.Equal("a=x1@0 a=deleted2@0 b=y3@0", d.Out());
    }

    [Fact]
    public void Groups_gain_and_lose_rows_as_these_change()
    {
        using var d = new DslDriver(
            b =>
            {
                var groups = b.Table("in", InMemory.As<string, string>("t")).GroupBy((k, v) => KeyValuePair.Create(v[..1], v[1..]), named: "by-first");
                groups.Count(InMemory.As<string, long>("counts")).ToStream().To("counts");
            },
            partitions: 3);
        d.In("r1", "a1", 10).In("r2", "a2", 20).In("r1", "b1", 5).In("r2", "a3", 7).In("r2", (string?)null, 8);
        Assert.Equal("a=1@10 a=2@20 a=1@20 b=1@5 a=1@20 a=0@20", d.OutNumbers("counts"));
    }

    [Fact]
    public void Reduce_and_aggregate_take_out_the_old_value_before_they_add_the_new_one()
    {
        using var d = new DslDriver(b =>
        {
            b.Table("in", InMemory.As<string, string>("t")).GroupBy((_, v) => KeyValuePair.Create(v[..1], v[1..]))
                .Reduce((total, v) => $"{total}+{v}", (total, v) => $"{total}-{v}", InMemory.As<string, string>("reduced")).ToStream().To("reduced");
            b.Table("in2", InMemory.As<string, string>("t2")).GroupBy((_, v) => KeyValuePair.Create(v[..1], v[1..]))
                .Aggregate(() => "0", (k, v, total) => $"{total}+{k}{v}", (k, v, total) => v == "9" ? null! : $"{total}-{k}{v}", InMemory.As<string, string>("aggregated"))
                .ToStream().To("aggregated");
        });
        d.In("r", "a1").In("s", "a2").In("r", "a3").In("r", "b4");
        Assert.Equal("a=1@0 a=1+2@0 a=1+2-1+3@0 a=1+2-1+3-3@0 b=4@0", d.Out("reduced"));
        d.In("r", "a1", topic: "in2").In("s", "a9", topic: "in2").In("s", "a8", topic: "in2").In("s", (string?)null, topic: "in2");
        Assert.Equal("a=0+a1@0 a=0+a1+a9@0 a=0+a8@0 a=0+a8-a8@0", d.Out("aggregated"));
    }

    [Fact]
    public void Rows_without_a_group_belong_to_none()
    {
        using var d = new DslDriver(b => b.Table("in", InMemory.As<string, string>("t"))
            .GroupBy((_, v) => KeyValuePair.Create(v == "none" ? null! : v, "1")).Count(InMemory.As<string, long>("c")).ToStream().To("out"));
        d.In("r", "none").In("r", "g").In("r", "none");
        Assert.Equal("g=1@0 g=0@0", d.OutNumbers());
    }

    [Fact]
    public void With_caching_a_key_is_passed_on_once_a_commit_in_the_order_of_keys()
    {
        using var d = new DslDriver(b =>
        {
            var table = b.Table("in", InMemory.As<string, string>("t").WithCachingEnabled());
            table.ToStream().To("out");
            table.GroupBy((_, v) => KeyValuePair.Create(v, "1")).Count(InMemory.As<string, long>("c").WithCachingEnabled()).ToStream().To("counts");
        });
        d.In("b", "x", 1).In("a", "x", 2).In("b", "y", 3).In("gone", "x", 4).In("gone", (string?)null, 5);
        Assert.Equal("", d.Out());
        d.Driver.Commit();
        Assert.Equal("a=x@2 b=y@3", d.Out());
        Assert.Equal("x=1@2 y=1@3", d.OutNumbers("counts"));
        d.In("a", (string?)null, 6).In("b", "y", 7);
        d.Driver.Commit();
        Assert.Equal("a=-@6 b=y@7", d.Out());
        Assert.Equal("x=0@6 y=1@7", d.OutNumbers("counts"));
    }

    [Fact]
    public void A_null_key_that_comes_of_a_cached_table_at_commit_has_an_exit()
    {
        using var d = new DslDriver(b => b.Table("in", InMemory.As<string, string>("t").WithCachingEnabled()).ToStream((_, _) => (string)null!)
            .Repartition(Repartitioned<string, string>.As("r")).To("out"));
        d.In("a", "x", 1);
        d.Driver.Commit();
        Assert.Equal("NULL_KEY", d.Dropped());
    }

    [Fact]
    public void A_table_of_a_stream_is_that_of_its_records()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").SelectKey((_, v) => v[..1]).ToTable(InMemory.As<string, string>("t"), "table").ToStream().To("out"), partitions: 3);
        d.In("k", "a1", 1).In("l", "a2", 2);
        Assert.Equal("a=a1@1 a=a2@2", d.Out());
    }

    [Fact]
    public void A_global_table_shows_its_present_rows_in_the_order_of_keys()
    {
        IGlobalKTable<string, string> global = null!;
        using var d = new DslDriver(b =>
        {
            global = b.GlobalTable("g", InMemory.As<string, string>("gs"));
            b.Stream<string, string>("in").MapValues(v => global.Store.Get(v) ?? "?").To("out");
        });
        d.In("c", "3", topic: "g").In("a", "1", topic: "g").In("b", "2", topic: "g").In("b", (string?)null, topic: "g").In("k", "a").In("k", "b");
        Assert.Equal("k=1@0 k=?@0", d.Out());
        Assert.Equal([("a", "1"), ("c", "3")], global.Store.All().Select(r => (r.Key, r.Value)));
        Assert.Equal(["c"], global.Store.Range("b", "z").Select(r => r.Key));
        Assert.Equal(["c", "a"], global.Store.ReverseAll().Select(r => r.Key));
        Assert.Equal(["a"], global.Store.PrefixScan("a", new StringSerDes()).Select(r => r.Key));
    }

    [Fact]
    public void The_change_of_a_row_is_read_as_it_was_written_and_nothing_else_is()
    {
        var serDes = new Streaming.Dsl.Internal.ChangeSerDes<string>(new StringSerDes());
        foreach (var change in new Streaming.Dsl.Internal.Change<string>[] { new("new", true, "old", true), new("new", true, null, false), new(null, false, "", true), new(null, false, null, false) })
        {
            var buffer = new System.Buffers.ArrayBufferWriter<byte>();
            serDes.Serialize(change, buffer);
            Assert.Equal(change, serDes.Deserialize(buffer.WrittenSpan));
            if (change.HasNew)
                Assert.Throws<FormatException>(() => serDes.Deserialize(buffer.WrittenSpan[..^1]));
            Assert.Throws<FormatException>(() => serDes.Deserialize([.. buffer.WrittenSpan, 0]));
        }
        Assert.Throws<FormatException>(() => serDes.Deserialize([]));
        Assert.Throws<FormatException>(() => serDes.Deserialize([1, 255, 255, 255, 255]));
        Assert.Throws<FormatException>(() => serDes.Deserialize(Encoding.UTF8.GetBytes("x")));
    }

    private sealed class Numbered : IValueTransformerWithKey<string, string, string>
    {
        private IKeyValueStore<string, long> seen = null!;

        public void Init(IProcessingContext context) => seen = context.GetStateStore<IKeyValueStore<string, long>>("seen");

        public string Transform(string key, string value)
        {
            var number = seen.Get("n") + 1;
            seen.Put("n", number);
            return (value ?? "deleted") + number;
        }
    }
}
