using System.Globalization;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Testing;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Tables and groups of tables over random updates, against a list of rows that is counted again each time.</summary>
public sealed class TableModelTests
{
    private const int Rows = 6;
    private static readonly StringSerDes Text = new();
    private static readonly NullableSerDes<long> Number = new(new Int64SerDes());

    [Fact]
    public void Groups_are_what_counting_all_rows_again_gives()
    {
        for (var seed = 0; seed < Tier.Of(500, 10_000); seed++)
        {
            var updates = Updates.Of(seed);
            using var driver = new TopologyTestDriver(Topology(cached: false), 3);
            var expected = new Model();
            foreach (var update in updates.All)
            {
                driver.CreateInputTopic("rows", Text, Number).PipeInput(update.Row, update.Value, update.Time);
                expected.Apply(update);
                updates.Checkpoint(driver);
            }
            Check(seed, expected.Sums, driver, "sums");
            Check(seed, expected.Counts, driver, "counts");
            Check(seed, expected.Evens, driver, "evens");
        }
    }

    [Fact]
    public void Cached_groups_end_each_commit_at_the_same_values_each_key_at_most_once()
    {
        for (var seed = 0; seed < Tier.Of(300, 3_000); seed++)
        {
            var updates = Updates.Of(seed);
            using var driver = new TopologyTestDriver(Topology(cached: true), 3);
            var model = new Model();
            var shown = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var batch in updates.All.Chunk(5))
            {
                foreach (var update in batch)
                {
                    driver.CreateInputTopic("rows", Text, Number).PipeInput(update.Row, update.Value, update.Time);
                    model.Apply(update);
                }
                driver.Commit();
                var written = Read(driver, "sums");
                foreach (var perPartition in written.GroupBy(w => w.Partition))
                    Assert.Equal(perPartition.Select(w => w.Key).Distinct().Order(StringComparer.Ordinal), perPartition.Select(w => w.Key));
                foreach (var (_, key, value, _) in written)
                    shown[key] = value;
                foreach (var (group, sum) in model.SumsNow())
                    Assert.True(shown.GetValueOrDefault(group, "0") == sum, $"seed {seed}, group {group}: {shown.GetValueOrDefault(group)} is not {sum}");
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Crashes_at_random_points_change_nothing_of_the_output(bool cached)
    {
        for (var seed = 0; seed < Tier.Of(150, 2_000); seed++)
        {
            var (calm, crashing) = (Outputs(seed, cached, crashes: false), Outputs(seed, cached, crashes: true));
            Assert.True(calm == crashing, $"seed {seed}:\n{calm}\nis not\n{crashing}");
        }
    }

    private static string Outputs(int seed, bool cached, bool crashes)
    {
        var updates = Updates.Of(seed);
        var random = new Random(seed);
        using var driver = new TopologyTestDriver(Topology(cached), 3);
        foreach (var update in updates.All)
        {
            driver.CreateInputTopic("rows", Text, Number).PipeInput(update.Row, update.Value, update.Time);
            var what = random.Next(10);
            if (what < 2)
                driver.Commit();
            else if (what < 4 && crashes)
                driver.Restart();
        }
        driver.Commit();
        var outputs = new[] { "sums", "counts", "evens", "once" }.Select(topic => $"{topic}: {string.Join(" ", Read(driver, topic).Select(w => $"{w.Partition}:{w.Key}={w.Value}@{w.Time}"))}");
        return $"{string.Join("\n", outputs)}\n{driver.ReadOutput("test-dead-letters").Count} dead letters";
    }

    private static Topology Topology(bool cached)
    {
        var b = new StreamBuilder();
        var rows = b.Table("rows", Text, Number, Kept<long?>("rows", cached));
        var groups = rows.MapValues(v => v.ToString()!).GroupBy((_, v) => KeyValuePair.Create(Group(long.Parse(v, CultureInfo.InvariantCulture)), long.Parse(v, CultureInfo.InvariantCulture)), named: "by-group");
        groups.Aggregate(() => 0L, (_, v, sum) => sum + v, (_, v, sum) => sum - v, Kept<long>("sums", cached)).ToStream().To("sums");
        rows.Filter((_, v) => v % 2 == 0).ToStream().To("evens");
        rows.Filter((_, v) => v > 3, Kept<long?>("over-three", cached)).GroupBy((_, v) => KeyValuePair.Create(Group(v!.Value), v)).Count(Kept<long>("counts", cached)).ToStream().To("counts");
        rows.ToStream().DropDuplicates((_, v) => v, TimeSpan.FromMilliseconds(20), "once").To("once");
        return b.Build();
    }

    private static Materialized<string, T, IKeyValueStore<string, T>> Kept<T>(string name, bool cached) =>
        cached ? InMemory.As<string, T>(name).WithCachingEnabled() : InMemory.As<string, T>(name);

    private static string Group(long value) => $"g{value % 3}";

    private static void Check(int seed, List<(string Key, string Value, long Time)> expected, TopologyTestDriver driver, string topic)
    {
        var written = Read(driver, topic).Select(w => (w.Key, w.Value, w.Time)).ToList();
        Assert.True(expected.SequenceEqual(written), $"seed {seed}, {topic}: expected\n{string.Join(" ", expected)}\nbut it is\n{string.Join(" ", written)}");
    }

    private static List<(int Partition, string Key, string Value, long Time)> Read(TopologyTestDriver driver, string topic) =>
        [.. driver.ReadOutput(topic).Select(o => (o.Partition, Text.Deserialize(o.Key!), o.Value is null ? "-" : Number.Deserialize(o.Value)!.Value.ToString(CultureInfo.InvariantCulture), o.Timestamp))];

    private sealed record Update(string Row, long? Value, long Time);

    private sealed record Updates(List<Update> All, Random Random)
    {
        public static Updates Of(int seed)
        {
            var random = new Random(seed);
            return new([.. Enumerable.Range(0, random.Next(1, 40)).Select(i => new Update($"r{random.Next(Rows)}", random.Next(4) == 0 ? null : random.Next(9), random.Next(30) + i))], random);
        }

        /// <summary>Now and then a commit, which must not show in tables that are not cached.</summary>
        public void Checkpoint(TopologyTestDriver driver)
        {
            if (Random.Next(8) == 0)
                driver.Commit();
        }
    }

    private sealed class Model
    {
        private readonly SortedDictionary<string, long> rows = new(StringComparer.Ordinal);
        private readonly Dictionary<string, long> sumTimes = [];
        private readonly Dictionary<string, long> countTimes = [];

        public List<(string Key, string Value, long Time)> Sums { get; } = [];

        public List<(string Key, string Value, long Time)> Counts { get; } = [];

        public List<(string Key, string Value, long Time)> Evens { get; } = [];

        public IEnumerable<(string Group, string Sum)> SumsNow() => rows.Values.GroupBy(Group).Select(g => (g.Key, g.Sum().ToString(CultureInfo.InvariantCulture)));

        public void Apply(Update update)
        {
            long? old = rows.TryGetValue(update.Row, out var was) ? was : null;
            var before = rows.Values.ToList();
            if (update.Value is { } value)
                rows[update.Row] = value;
            else
                rows.Remove(update.Row);
            if (update.Value % 2 == 0)
                Evens.Add((update.Row, Show(update.Value), update.Time));
            else if (old % 2 == 0)
                Evens.Add((update.Row, "-", update.Time));
            Tell(Sums, sumTimes, old, update.Value, update.Time, before, all => all.Sum());
            Tell(Counts, countTimes, old > 3 ? old : null, update.Value > 3 ? update.Value : null, update.Time, [.. before.Where(v => v > 3)], all => all.Count());
        }

        /// <summary>The groups that an update touches: that of the old value without it, then that of the new one.</summary>
        private static void Tell(
            List<(string Key, string Value, long Time)> told, Dictionary<string, long> times, long? old, long? value, long time, List<long> before, Func<IEnumerable<long>, long> total)
        {
            var after = before.ToList();
            if (old is { } gone)
                after.Remove(gone);
            if (old is not null && (value is null || Group(old.Value) != Group(value.Value)))
                Add(Group(old.Value));
            if (value is not { } come)
                return;
            after.Add(come);
            Add(Group(come));

            void Add(string group)
            {
                times[group] = Math.Max(times.GetValueOrDefault(group, -1), time);
                told.Add((group, Show(total(after.Where(v => Group(v) == group))), times[group]));
            }
        }

        private static string Show(long? value) => value is null ? "-" : value.Value.ToString(CultureInfo.InvariantCulture);
    }
}
