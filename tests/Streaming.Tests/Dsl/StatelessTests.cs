using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Every stateless operator: records with and without keys and values, of types with and without null.</summary>
public sealed class StatelessTests
{
    private static readonly Int64SerDes Number = new();

    [Fact]
    public void Filter_keeps_what_matches_and_FilterNot_what_does_not()
    {
        using var d = new DslDriver(b =>
        {
            var s = b.Stream<string, string>("in");
            s.Filter((_, v) => v?.Length > 1).To("out");
            s.FilterNot((_, v) => v?.Length > 1).To("not");
        });
        d.In("a", "x", 1).In("a", "xx", 2).In(null, "yy", 3).In("t", (string?)null, 4);
        Assert.Equal("a=xx@2 -=yy@3", d.Out());
        Assert.Equal("a=x@1 t=-@4", d.Out("not"));
    }

    [Fact]
    public void Map_changes_key_and_value_and_keeps_time_and_headers()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").Map((k, v) => KeyValuePair.Create(v, (long)(k?.Length ?? -1))).To("out"));
        d.Driver.CreateInputTopic("in", new StringSerDes(), new StringSerDes()).PipeInput("abc", "v", 7, new Confluent.Kafka.Headers { { "h", [1] } });
        var record = Assert.Single(d.Driver.ReadOutput("out"));
        Assert.Equal([1], record.Headers!.GetLastBytes("h"));
        Assert.Equal(7, record.Timestamp);
        Assert.Equal(3, Number.Deserialize(record.Value));
        d.In(null, "w");
        Assert.Equal("w=-1@0", d.OutNumbers());
    }

    [Fact]
    public void MapValues_is_given_null_for_a_missing_value_and_may_return_null()
    {
        using var d = new DslDriver(b =>
        {
            b.Stream<string, string>("in").MapValues(v => v is null ? "none" : v == "x" ? null! : v + v).To("out");
            b.Stream<string, string>("in2").MapValues((k, v) => k + v).To("out2");
        });
        d.In("a", "b").In("a", "x").In("a", (string?)null).In("k", "v", topic: "in2").In(null, "v", topic: "in2");
        Assert.Equal("a=bb@0 a=-@0 a=none@0", d.Out());
        Assert.Equal("k=kv@0 -=v@0", d.Out("out2"));
    }

    [Fact]
    public void FlatMap_and_FlatMapValues_make_any_number_of_records_in_order()
    {
        using var d = new DslDriver(b =>
        {
            var s = b.Stream<string, string>("in");
            s.FlatMap((k, v) => v.Select(c => KeyValuePair.Create($"{c}", k))).To("out");
            s.FlatMapValues(v => v.Split(',')).To("values");
            s.FlatMapValues((k, v) => new[] { k, v }).To("both");
        });
        d.In("k", "ab", 1).In("k", "", 2).In("k", "x,y", 3);
        Assert.Equal("a=k@1 b=k@1 x=k@3 ,=k@3 y=k@3", d.Out());
        Assert.Equal("k=ab@1 k=@2 k=x@3 k=y@3", d.Out("values"));
        Assert.Equal("k=k@1 k=ab@1 k=k@2 k=@2 k=k@3 k=x,y@3", d.Out("both"));
    }

    [Fact]
    public void SelectKey_and_WithRecordTimestamp_change_that_alone()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").SelectKey((_, v) => v).WithRecordTimestamp((k, _) => k.Length - 2).To("out"));
        d.In("a", "long", 5).In("a", "s", 6);
        Assert.Equal("long=long@2", d.Out());
        Assert.Equal("NEGATIVE_TIMESTAMP", d.Dropped());
    }

    [Fact]
    public void Peek_passes_on_Foreach_ends_and_Print_writes_a_line_with_its_label()
    {
        var seen = new List<string>();
        var text = new StringWriter();
        using var d = new DslDriver(b =>
        {
            var s = b.Stream<string, string>("in");
            s.Peek((k, v) => seen.Add($"peek {k} {v}")).To("out");
            s.Foreach((k, v) => seen.Add($"each {k} {v}"));
            s.Print(Printed<string, string>.ToWriter(text));
            s.Print(Printed<string, string>.ToWriter(text).WithLabel("mine").WithKeyValueMapper((k, v) => $"{k}->{v}"));
        });
        d.In("a", "b").In(null, (string?)null);
        Assert.Equal(["peek a b", "each a b", "peek  ", "each  "], seen);
        Assert.Equal("a=b@0 -=-@0", d.Out());
        Assert.Equal(["[KSTREAM-SOURCE-0000000000]: a, b", "[mine]: a->b", "[KSTREAM-SOURCE-0000000000]: null, null", "[mine]: ->"], text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Functions_are_not_called_with_a_made_up_number_where_there_is_none()
    {
        using var d = new DslDriver(b =>
        {
            var s = b.Stream<string, long>("in");
            s.Filter((_, v) => v > 5).To("filtered");
            s.MapValues(v => v + 1).To("mapped");
            s.MapValues((k, v) => k + v).To("text");
            s.FlatMapValues(v => new[] { v, v }).To("flat");
            s.Peek((_, v) => Assert.NotEqual(0, v)).To("peeked");
            s.WithRecordTimestamp((_, v) => v).To("timed");
            s.SelectKey((_, v) => v).To("rekeyed");
        });
        d.In("a", (long?)null, 3);
        foreach (var topic in new[] { "filtered", "mapped", "text", "flat", "peeked", "timed" })
            Assert.Equal("a=-@3", d.Out(topic));
        Assert.Equal("", d.Out("rekeyed"));
        Assert.Equal("NULL_VALUE", d.Dropped());
        d.In("a", (long?)9, 4);
        Assert.Equal("a=9@4", d.OutNumbers("filtered"));
        Assert.Equal("a=10@4", d.OutNumbers("mapped"));
        Assert.Equal("a=9@4 a=9@4", d.OutNumbers("flat"));
        Assert.Equal("a=9@9", d.OutNumbers("timed"));
    }

    [Fact]
    public void A_missing_key_of_a_number_type_reaches_no_function_either()
    {
        using var d = new DslDriver(b =>
        {
            var s = b.Stream<long, string>("in");
            s.Filter((_, _) => false).To("filtered");
            s.MapValues((k, v) => $"{k}{v}").To("mapped");
            s.MapValues(v => v + v).To("values");
        });
        d.In(null, "v", 3);
        Assert.Equal(("-=v@3", "", "-=vv@3", "NULL_KEY"), (d.Out("filtered"), d.Out("mapped"), d.Out("values"), d.Dropped()));
    }

    [Fact]
    public void Nullable_numbers_are_given_as_null()
    {
        using var d = new DslDriver(b => b.Stream<string, long?>("in").MapValues(v => v is null ? -1L : v.Value).To("out"));
        d.In("a", (long?)null).In("a", (long?)4);
        Assert.Equal("a=-1@0 a=4@0", d.OutNumbers());
    }

    [Fact]
    public void Branch_sends_each_record_to_the_first_predicate_that_holds()
    {
        using var d = new DslDriver(b =>
        {
            var branches = b.Stream<string, string>("in").Branch((_, v) => v.StartsWith('a'), (_, v) => v.Length > 1);
            branches[0].To("as");
            branches[1].To("longs");
        });
        d.In("k", "ab").In("k", "bb").In("k", "b");
        Assert.Equal(("k=ab@0", "k=bb@0"), (d.Out("as"), d.Out("longs")));
    }

    [Fact]
    public void Split_names_its_branches_and_can_hand_them_on()
    {
        IReadOnlyDictionary<string, IKStream<string, string>> branches = null!;
        using var d = new DslDriver(b =>
        {
            branches = b.Stream<string, string>("in").Split("by-")
                .Branch((_, v) => v.StartsWith('a'), "a")
                .Branch((_, v) => v.StartsWith('b'))
                .Branch((_, v) => v.StartsWith('c'), s => s.To("cs"), "c")
                .DefaultBranch("rest");
            branches["by-a"].To("as");
            branches["by-2"].To("bs");
            branches["by-rest"].To("rest");
        });
        Assert.Equal(["by-2", "by-a", "by-rest"], branches.Keys.Order(StringComparer.Ordinal));
        d.In("k", "a").In("k", "b").In("k", "c").In("k", "d");
        Assert.Equal(("k=a@0", "k=b@0", "k=c@0", "k=d@0"), (d.Out("as"), d.Out("bs"), d.Out("cs"), d.Out("rest")));
    }

    [Fact]
    public void Without_a_default_branch_the_rest_ends_and_numbers_that_are_missing_match_nothing()
    {
        using var d = new DslDriver(b =>
        {
            b.Stream<string, long>("in").Split().Branch((_, v) => v == 0, s => s.To("out")).NoDefaultBranch();
            b.Stream<string, long>("in2").Split().Branch((_, v) => v == 0, s => s.To("out2")).DefaultBranch(s => s.To("rest2"));
        });
        d.In("k", (long?)null).In("k", (long?)null, topic: "in2").In("k", (long?)0);
        Assert.Equal(("k=0@0", "", "k=-@0"), (d.OutNumbers(), d.OutNumbers("out2"), d.OutNumbers("rest2")));
    }

    [Fact]
    public void Merge_takes_the_records_of_both()
    {
        using var d = new DslDriver(b => b.Stream<string, string>("in").Merge(b.Stream<string, string>("in2")).To("out"));
        d.In("a", "1").In("b", "2", topic: "in2").In("a", "3");
        Assert.Equal("a=1@0 b=2@0 a=3@0", d.Out());
        var other = new StreamBuilder().Stream<string, string>("x");
        Assert.Contains("two builders", Assert.Throws<TopologyException>(() => new StreamBuilder().Stream<string, string>("y").Merge(other)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void To_takes_topics_partitions_and_serializers_of_choice()
    {
        using var d = new DslDriver(
            b =>
            {
                var s = b.Stream<string, string>("in");
                s.To((in r) => "to-" + r.Value);
                s.To("fixed", Produced<string, string>.As("sink").WithPartitioner((in _, partitions) => partitions - 1));
                s.MapValues(v => (long)v.Length).To<StringSerDes, Int64SerDes>("lengths");
            },
            partitions: 3);
        d.In("k", "a").In("k", "bb");
        Assert.Equal(("k=a@0", "k=bb@0", "k=1@0 k=2@0"), (d.Out("to-a"), d.Out("to-bb"), d.OutNumbers("lengths")));
        Assert.All(d.Driver.ReadOutput("fixed"), o => Assert.Equal(2, o.Partition));
    }

    [Fact]
    public void Serializers_are_those_given_else_the_streams_else_the_builders()
    {
        var b = new StreamBuilder();
        Assert.Contains("needs a serializer of Version", Assert.Throws<TopologyException>(() => b.Stream<string, Version>("in")).Message, StringComparison.Ordinal);
        var s = b.Stream<string, string>("in").MapValues(v => new Version(v));
        Assert.Contains("serializer of values of type Version", Assert.Throws<TopologyException>(() => s.To("out")).Message, StringComparison.Ordinal);
        b.UseSerDes(new JsonSerDes<Version>());
        s.To("out");
        using var driver = new TopologyTestDriver(b.Build(), 1);
        driver.CreateInputTopic("in", new StringSerDes(), new StringSerDes()).PipeInput("k", "1.2", 0);
        Assert.Equal("\"1.2\"", System.Text.Encoding.UTF8.GetString(Assert.Single(driver.ReadOutput("out")).Value!));
    }
}
