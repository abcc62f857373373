using System.Text;
using Streams.Streaming.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

public sealed class DuplicateFilterTests(ITestOutputHelper output)
{
    [Fact]
    public void A_duplicate_filter_agrees_with_a_list() => Sequences.Run(output, random => Check(random, f => new(f)));

    [Theory]
    [InlineData(typeof(ForgetsHalfACommit))]
    [InlineData(typeof(RefreshesDuplicates))]
    [InlineData(typeof(AddsWhatHasExpired))]
    public void The_check_catches(Type bug) => Sequences.Catches(random => Check(random, f => (FilterSubject)Activator.CreateInstance(bug, f)!));

    [Fact]
    public void The_check_catches_a_time_to_live_that_is_one_too_short() => Sequences.Catches(random => new FilterCheck(random, 50, () => new(new DuplicateFilter("s", 49))).Run());

    [Fact]
    public void An_identity_is_remembered_for_the_time_to_live_and_not_a_millisecond_more()
    {
        IDuplicateFilter filter = new DuplicateFilter("s", 100);
        Assert.True(filter.TryAdd("id"u8, 1000));

        filter.ObservedStreamTime = 1100;
        Assert.Equal(DuplicateVerdict.Duplicate, filter.Add("id"u8, 1100));
        filter.ObservedStreamTime = 1101;
        Assert.Equal(DuplicateVerdict.Added, filter.Add("id"u8, 1101));
        Assert.Equal(DuplicateVerdict.Duplicate, filter.Add("id"u8, 1101));
    }

    [Fact]
    public void What_is_older_than_the_time_to_live_is_neither_new_nor_a_duplicate()
    {
        IDuplicateFilter filter = new DuplicateFilter("s", 100);
        filter.ObservedStreamTime = 1000;

        Assert.Equal(DuplicateVerdict.Added, filter.Add("a"u8, 900));
        Assert.Equal(DuplicateVerdict.Expired, filter.Add("b"u8, 899));
        Assert.False(filter.TryAdd("b"u8, 899));
    }

    [Fact]
    public void Identities_are_packed_and_small_packs_are_filled_up()
    {
        var (filter, log) = (new DuplicateFilter("s", 8000), new RecordedChangelog());
        for (var i = 0; i < 5000; i++)
            filter.Add((UInt128)(uint)i, 500);
        Assert.Equal(3 + 1, log.Commit(filter.Flush));

        for (var commit = 0; commit < 10; commit++)
        {
            filter.Add((UInt128)(uint)(10_000 + commit), 1500);
            log.Commit(filter.Flush);
        }

        Assert.Equal(3 + 1 + 1, log.LiveKeys().Count);
    }

    [Fact]
    public void An_expired_bucket_leaves_the_changelog()
    {
        var (filter, log) = (new DuplicateFilter("s", 800), new RecordedChangelog());
        for (var i = 0; i < 10_000; i++)
            filter.Add((UInt128)(uint)i, 10);
        log.Commit(filter.Flush);
        filter.ObservedStreamTime = 5000;
        log.Commit(filter.Flush);

        Assert.True(RecordedChangelog.IsTime(Assert.Single(log.LiveKeys())));
    }

    [Fact]
    public void Judging_duplicates_allocates_nothing()
    {
        var filter = new DuplicateFilter("s", 1_000_000);
        void Work()
        {
            Span<byte> id = stackalloc byte[8];
            for (long i = 0; i < 20_000; i++)
            {
                BitConverter.TryWriteBytes(id, i % 5000);
                filter.Add(id, 1000 + i % 50);
            }
        }

        Assert.Equal(0, Allocation.Of(Work));
    }

    /// <summary>The first vectors of the reference implementation for 128 bits: key 00..0f, messages of 0, 1 and 15 bytes 00, 01, 02 …</summary>
    [Theory]
    [InlineData(0, "a3817f04ba25a8e66df67214c7550293")]
    [InlineData(1, "da87c1d86b99af44347659119b22fc45")]
    [InlineData(15, "5493e99933b0a8117e08ec0f97cfc3d9")]
    public void SipHash_gives_the_reference_vectors(int length, string expected)
    {
        var message = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        var hash = SipHash128.Hash(message, 0x0706050403020100, 0x0f0e0d0c0b0a0908);
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128LittleEndian(bytes, hash);

        Assert.Equal(expected, Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void What_is_no_pack_is_refused()
    {
        var filter = new DuplicateFilter("s", 100);

        Assert.Throws<FormatException>(() => filter.Restore(new byte[11], new byte[20], false));
        Assert.Throws<FormatException>(() => filter.Restore(new byte[12], new byte[21], false));
    }

    private static void Check(Random random, Func<IDuplicateFilter, FilterSubject> wrap)
    {
        var ttl = random.Next(1, 120);
        new FilterCheck(random, ttl, () => wrap(new DuplicateFilter("s", ttl))).Run();
    }

    private sealed class ForgetsHalfACommit(IDuplicateFilter filter) : FilterSubject(filter)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new EverySecond(changelog));
    }

    private sealed class RefreshesDuplicates(IDuplicateFilter filter) : FilterSubject(filter)
    {
        public override DuplicateVerdict Add(byte[] id, long time)
        {
            var verdict = base.Add(id, time);
            if (verdict == DuplicateVerdict.Duplicate)
                base.Add([.. id, 0], time);
            return verdict == DuplicateVerdict.Added && Filter.Contains(SipHash128.Identity([.. id, 0])) ? DuplicateVerdict.Duplicate : verdict;
        }
    }

    private sealed class AddsWhatHasExpired(IDuplicateFilter filter) : FilterSubject(filter)
    {
        public override DuplicateVerdict Add(byte[] id, long time) => base.Add(id, time) == DuplicateVerdict.Duplicate ? DuplicateVerdict.Duplicate : DuplicateVerdict.Added;
    }
}

/// <summary>What the check does with a filter. Planted bugs override some of it.</summary>
internal class FilterSubject(IDuplicateFilter filter)
{
    public IDuplicateFilter Filter => filter;

    public virtual DuplicateVerdict Add(byte[] id, long time) => filter.Add(id, time);

    public virtual void Flush(IChangelog changelog) => filter.Flush(changelog);
}

/// <summary>Random sequences on a duplicate filter beside a list that is searched from end to end.</summary>
internal sealed class FilterCheck(Random random, long ttl, Func<FilterSubject> make)
{
    private readonly RecordedChangelog changelog = new();
    private List<(string Id, long Time)> model = [], committedModel = [];
    private long time = -1, committedTime = -1;
    private FilterSubject subject = make();

    public void Run()
    {
        var (steps, ids) = (random.Next(20, 400), random.Next(2, 100));
        for (var i = 0; i < steps; i++)
            Step($"id {random.Next(ids)}");
        time = Math.Max(time, 0) + 3 * ttl;
        subject.Filter.ObservedStreamTime = time;
        changelog.Commit(subject.Flush);
        Assert.True(RecordedChangelog.IsTime(Assert.Single(changelog.LiveKeys())));
    }

    private void Step(string id)
    {
        switch (random.Next(24))
        {
            case < 18:
                Add(id, Math.Max(0, time + random.Next(-(int)ttl - 5, 10)));
                break;
            case < 20:
                Assert.Equal(IsRemembered(id), subject.Filter.Contains(SipHash128.Identity(Encoding.UTF8.GetBytes(id))));
                break;
            case 20:
                time += random.Next((int)ttl);
                subject.Filter.ObservedStreamTime = time;
                break;
            case 21:
                subject = make();
                changelog.RestoreInto(random, subject.Filter.Restore);
                (model, time) = ([.. committedModel], committedTime);
                break;
            default:
                changelog.Commit(subject.Flush);
                Assert.Equal(0, changelog.Commit(subject.Flush));
                (committedModel, committedTime) = ([.. model], time);
                break;
        }
        Assert.Equal(time, subject.Filter.ObservedStreamTime);
    }

    private void Add(string id, long at)
    {
        var expected = time - at > ttl ? DuplicateVerdict.Expired : IsRemembered(id) ? DuplicateVerdict.Duplicate : DuplicateVerdict.Added;
        if (expected == DuplicateVerdict.Added)
            model.Add((id, at));
        Assert.Equal(expected, subject.Add(Encoding.UTF8.GetBytes(id), at));
        time = Math.Max(time, at);
    }

    private bool IsRemembered(string id) => model.Exists(e => e.Id == id && time - e.Time <= ttl);
}
